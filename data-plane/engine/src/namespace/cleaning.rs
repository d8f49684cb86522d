//! When the tables are cleaned, and which of their versions must stay.
//!
//! Only what this owner has committed to is cleaned. Mostly that is what is written. A table that is not written since
//! the namespace was opened may hold what could still be read when an owner before had it, or what that one has left:
//! it is looked at now and then, and when there is something to remove, a fold makes a version of it with the same rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use super::branches;
use super::folding::FoldMemory;
use super::shared::{OwnerError, Shared};
use super::state::State;
use super::types::Commit;
use crate::catalog::{Kept, TableId};
use crate::table::{self, CleanInput, Removed, TableError};

/// Tables cleaned in one run at most; the next run goes on.
const TABLES_A_RUN: usize = 16;
/// A table is cleaned so many times in a retention at most,
const A_RETENTION: u32 = 4;
/// and after so many kept versions for each new one at most, for all of them are looked at.
const KEPT_A_COMMIT: usize = 8;

/// What one run leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Cleaning {
    /// The Lance versions that each checkpoint in the store names.
    named: BTreeMap<u64, Vec<(TableId, u64)>>,
    /// Those that each rewind of the history names.
    rewound: BTreeMap<Commit, Vec<(TableId, u64)>>,
    /// Tables that this owner has committed to, and those that it has looked at.
    tables: HashMap<TableId, Table>,
    /// Whether there is no table that nothing names.
    no_orphans: bool,
    /// The number of the last clean-up of all tables, which takes one run or more; and whether it has ended.
    round: u64,
    round_ended: bool,
}

#[derive(Debug, Default)]
struct Table {
    /// The version that this owner committed last. Without one the table may not be cleaned.
    committed: Option<u64>,
    /// Whether it is to commit one, for there is something to remove.
    wanted: bool,
    /// Commits since it was cleaned last, and the versions that were kept then.
    commits: usize,
    kept: usize,
    /// When it was cleaned last, by the monotonic clock.
    cleaned: Option<Duration>,
    /// The last clean-up of all tables that it was cleaned or looked at in.
    round: u64,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    pub(super) removed: Removed,
    /// Whether there is more than one run may do.
    pub(super) unfinished: bool,
}

impl Cleaning {
    /// This owner has committed `version`.
    pub(super) fn committed(&mut self, table: TableId, version: u64) {
        let own = self.tables.entry(table).or_default();
        (own.committed, own.wanted) = (Some(version), false);
        own.commits += 1;
    }

    /// Whether this owner is to commit a version of a table, so that it can be cleaned.
    pub(super) fn wants_version(&self, table: TableId) -> bool {
        self.tables.get(&table).is_some_and(|own| own.wanted)
    }

    /// Whether there is any such table.
    pub(super) fn wants_versions(&self) -> bool {
        self.tables.values().any(|own| own.wanted)
    }

    /// That version could not be made; the next clean-up of all tables looks again.
    pub(super) fn give_up_version(&mut self, table: TableId) {
        if let Some(own) = self.tables.get_mut(&table) {
            (own.wanted, own.round) = (false, self.round);
        }
    }

    /// Whether there are tables that this owner has neither committed to nor looked at.
    pub(super) fn leaves_out(&self, state: &State) -> bool {
        folded_tables(state).any(|table| !self.tables.contains_key(&table))
    }

    /// A table may be made that nothing is going to name.
    pub(super) fn look_for_orphans(&mut self) {
        self.no_orphans = false;
    }

    /// The tables to be cleaned, the one that waits longest first; with `all`, those not cleaned in this round.
    /// Of those that wait as long, owners begin with different ones: none may live long enough for all.
    fn due(&self, now: Duration, all: bool, (interval, history): (Duration, Duration), owner: Uuid) -> Vec<TableId> {
        let waits = |own: &Table| {
            if all {
                return own.round < self.round;
            }
            if own.committed.is_none() {
                return false;
            }
            let Some(at) = own.cleaned else { return true };
            let age = now.saturating_sub(at);
            let pays = own.commits * KEPT_A_COMMIT >= own.kept;
            // What was kept beside the newest version is past the history by now, though nothing was committed since.
            let aged = own.kept > 1 && age >= history;
            age >= interval && (pays || aged)
        };
        let mut due: Vec<_> = self.tables.iter().filter(|(_, own)| waits(own)).collect();
        due.sort_unstable_by_key(|(table, own)| (own.cleaned, table.0.as_u128() ^ owner.as_u128()));
        due.into_iter().map(|(table, _)| *table).collect()
    }

    /// The versions of a table that checkpoints, rewinds, `others` name.
    fn keep(&self, table: TableId, others: &[(TableId, u64)]) -> BTreeSet<u64> {
        let named = self.named.values().chain(self.rewound.values()).flatten().chain(others);
        named.filter(|(named, _)| *named == table).map(|(_, version)| *version).collect()
    }

    /// Reads what it does not know yet of the checkpoints in the store and the rewinds in the log.
    async fn look(&mut self, shared: &Shared) -> Result<(), OwnerError> {
        let rewinds = shared.state.read().marks.rewinds.clone();
        self.rewound.retain(|commit, _| rewinds.contains(commit));
        for commit in rewinds {
            if !self.rewound.contains_key(&commit)
                && let Some(entry) = shared.log.read(commit).await?
            {
                self.rewound.insert(commit, entry.body.rewound());
            }
        }
        let roots = &shared.roots;
        let sequences: BTreeSet<u64> = roots.sequences().await?.into_iter().collect();
        self.named.retain(|sequence, _| sequences.contains(sequence));
        for sequence in sequences {
            if !self.named.contains_key(&sequence)
                && let Some(checkpoint) = roots.read(sequence).await?
            {
                let versions = checkpoint.tables.iter().filter_map(|t| Some((t.table, t.version?)));
                self.named.insert(sequence, versions.collect());
            }
        }
        Ok(())
    }
}

/// Removes the files of tables that nothing names: a rewind that was cut short has made them. Call it only while no fold
/// runs.
pub(super) async fn remove_orphans(shared: &Shared, memory: &mut FoldMemory) -> Result<Removed, TableError> {
    let FoldMemory { cleaning, pins, .. } = memory;
    let unavailable = |error: OwnerError| TableError::Unavailable(error.to_string());
    let found = shared.tables.all().await?;
    cleaning.look(shared).await.map_err(unavailable)?;
    let mut known: HashSet<TableId> = shared.versions_in_use().into_iter().map(|(table, _)| table).collect();
    known.extend(cleaning.named.values().chain(cleaning.rewound.values()).flatten().map(|(table, _)| *table));
    known.extend(pins.iter().flat_map(|pin| &pin.tables).map(|(table, _)| *table));
    {
        let state = shared.state.read();
        known.extend(state.names.keys());
        known.extend(state.dropped.iter().map(|gone| gone.table));
        known.extend(state.root.iter().flat_map(|root| &root.dropped).map(|gone| gone.table));
        known.extend(state.marks.branches.values().flat_map(|branch| &branch.tables).map(|(table, _)| *table));
        if let Some(frozen) = &state.frozen {
            known.extend(frozen.collections.iter().map(|collection| collection.table));
            known.extend(frozen.dropped.iter().map(|gone| gone.table));
        }
    }
    let mut removed = Removed::default();
    for table in found.into_iter().filter(|table| !known.contains(table)) {
        removed.add(shared.tables.remove(table, || shared.still_owner_of_tables()).await?);
    }
    cleaning.no_orphans = true;
    Ok(removed)
}

/// The tables of the collections that have been folded.
fn folded_tables(state: &State) -> impl Iterator<Item = TableId> {
    state.collections.values().filter(|collection| collection.version.is_some()).map(|collection| collection.table)
}

/// Removes what no checkpoint needs from the tables that are due; with `all`, from all of them that this owner has
/// committed to, and looks at the others. Call it only while no fold runs.
pub(super) async fn run(shared: &Shared, memory: &mut FoldMemory, all: bool) -> Result<Done, OwnerError> {
    let now = shared.monotonic();
    {
        let state = shared.state.read();
        let tables = &mut memory.cleaning.tables;
        tables.retain(|table, _| state.names.contains_key(table));
        if all {
            for table in folded_tables(&state) {
                tables.entry(table).or_default();
            }
        }
    }
    let retention = shared.config.retention;
    if all && (memory.cleaning.round_ended || memory.cleaning.round == 0) {
        memory.cleaning.round += 1;
        memory.cleaning.round_ended = false;
    }
    let ages = (retention / A_RETENTION, shared.history().max(retention));
    let mut due = memory.cleaning.due(now, all, ages, shared.writer.writer_id);
    let mut done = Done { unfinished: due.len() > TABLES_A_RUN, ..Done::default() };
    due.truncate(TABLES_A_RUN);
    if due.is_empty() {
        memory.cleaning.round_ended |= all;
        return Ok(done);
    }
    tracing::debug!(tables = due.len(), "a clean-up begins");
    if !memory.cleaning.no_orphans {
        match remove_orphans(shared, memory).await {
            Ok(removed) => done.removed.add(removed),
            Err(error) => {
                tracing::warn!(%error, "tables that nothing names could not be removed; a later run tries again");
            }
        }
        branches::sweep(shared, memory).await;
    }
    let FoldMemory { cleaning, pins, .. } = memory;
    cleaning.look(shared).await?;
    let mut others = shared.versions_in_use();
    others.extend(pins.iter().flat_map(|pin| &pin.tables));
    others.extend(shared.state.read().marks.branches.values().flat_map(|branch| &branch.tables));
    let round = cleaning.round;
    for table in due {
        let keep = cleaning.keep(table, &others);
        let Some(own) = cleaning.tables.get_mut(&table) else { continue };
        let finished = match own.committed {
            Some(committed) => {
                (own.cleaned, own.commits, own.kept) = (Some(now), 0, keep.len());
                clean(shared, (table, committed), own, &keep, &mut done).await
            }
            None => look_at(shared, table, own, &keep).await,
        };
        done.unfinished |= own.wanted;
        if all && finished {
            own.round = round;
        }
    }
    cleaning.round_ended |= all && !done.unfinished;
    tracing::debug!("a clean-up ended");
    Ok(done)
}

/// Cleans a table whose newest version is `committed`. Whether there is no more to remove from it.
async fn clean(
    shared: &Shared,
    (table, committed): (TableId, u64),
    own: &mut Table,
    keep: &BTreeSet<u64>,
    done: &mut Done,
) -> bool {
    let input = CleanInput { table, keep, committed, grace: shared.config.orphan_grace };
    match table::clean(&shared.tables, &input, || shared.still_owner_of_tables()).await {
        Ok(cleaned) => {
            shared.storage.cleaned(table, cleaned.footprint, cleaned.removed);
            done.removed.add(cleaned.removed);
            done.unfinished |= cleaned.unfinished;
            own.cleaned = own.cleaned.filter(|_| !cleaned.unfinished);
            // Something else has the newest one: a rewind, or what an owner before has sent late.
            own.committed = own.committed.filter(|_| cleaned.footprint.is_some());
            !cleaned.unfinished
        }
        Err(error) => {
            tracing::warn!(%table, %error, "a table could not be cleaned; a later run tries again");
            true
        }
    }
}

/// Finds out whether a table that this owner has not committed to holds something to remove. Whether it does not.
async fn look_at(shared: &Shared, table: TableId, own: &mut Table, keep: &BTreeSet<u64>) -> bool {
    match table::is_worth_cleaning(&shared.tables, table, keep).await {
        Ok(wanted) => own.wanted = wanted,
        Err(error) => tracing::warn!(%table, %error, "a table could not be looked at; a later run tries again"),
    }
    !own.wanted
}

/// Removes once what a process that owned the namespace before has left of PUTs that it did not live to finish.
pub(super) async fn remove_staged(shared: &Shared, memory: &mut FoldMemory) {
    if memory.swept || !matches!(shared.still_owner().await, Ok(true)) {
        return;
    }
    match shared.store.remove_staged(&shared.prefix).await {
        Ok(_) => memory.swept = true,
        Err(error) => tracing::warn!(%error, "what is left of PUTs could not be removed; the next fold tries again"),
    }
}

impl State {
    /// When the root was made, if it keeps an older one with other rows: when nobody can read that any more, there is
    /// something to remove. What differs by takeovers alone is not worth writing for.
    fn keeps_other_rows_since(&self) -> Option<i64> {
        let (root, older) = self.kept().split_last()?;
        let differs = |kept: &Kept| !kept.pinned && (kept.written, kept.live) != (root.written, root.live);
        older.iter().any(differs).then_some(root.at_ms)
    }
}

impl Shared {
    /// Has a clean-up begin when what the root keeps of older rows can go, though nothing may be written until then; but
    /// not before long, for who opens the namespace may only look something up. Asks the store nothing.
    pub(super) fn clean_up_when_aged(&self, state: &State) {
        let Some(since_ms) = state.keeps_other_rows_since() else { return };
        let age = Duration::from_millis(u64::try_from(self.now_ms().saturating_sub(since_ms)).unwrap_or(0));
        let ages = self.history().max(self.config.retention);
        // Both ages are whole milliseconds, of different clocks.
        let wait = ages.saturating_sub(age).saturating_add(Duration::from_millis(1));
        self.clean_up_in(wait.max(self.config.retention));
    }

    /// The versions that collections are at: those of the present, and of past states and exports that somebody reads.
    pub(super) fn versions_in_use(&self) -> Vec<(TableId, u64)> {
        let pasts: Vec<_> = self.past_shared.lock().iter().filter_map(std::sync::Weak::upgrade).collect();
        let mut versions = self.state.read().versions();
        versions.extend(pasts.iter().flat_map(|past| past.state.read().versions()));
        let exported = self.exported.lock();
        let exported = exported.iter().filter_map(std::sync::Weak::upgrade);
        versions.extend(exported.filter_map(|of| of.in_use()));
        versions
    }
}
