//! When the tables are cleaned, and which of their versions must stay.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::branches;
use super::folding::FoldMemory;
use super::shared::{OwnerError, Shared};
use super::types::Commit;
use crate::catalog::TableId;
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
    /// Tables that this owner has committed to: no other may be cleaned.
    tables: HashMap<TableId, Own>,
    /// Whether there is no table that nothing names.
    no_orphans: bool,
    /// The number of the last clean-up of all tables, which takes one run or more; and whether it has ended.
    round: u64,
    round_ended: bool,
}

#[derive(Debug, Default)]
struct Own {
    committed: u64,
    /// Commits since it was cleaned last, and the versions that were kept then.
    commits: usize,
    kept: usize,
    /// When it was cleaned last, by the monotonic clock.
    cleaned: Option<Duration>,
    /// The last clean-up of all tables that it was cleaned in.
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
        own.committed = version;
        own.commits += 1;
    }

    /// A table may be made that nothing is going to name.
    pub(super) fn look_for_orphans(&mut self) {
        self.no_orphans = false;
    }

    /// The tables to be cleaned, the one that waits longest first; with `all`, those not cleaned in this round.
    fn due(&self, now: Duration, all: bool, (interval, history): (Duration, Duration)) -> Vec<TableId> {
        let waits = |own: &Own| {
            if all {
                return own.round < self.round;
            }
            let Some(at) = own.cleaned else { return true };
            let age = now.saturating_sub(at);
            let pays = own.commits * KEPT_A_COMMIT >= own.kept;
            // What was kept beside the newest version is past the history by now, though nothing was committed since.
            let aged = own.kept > 1 && age >= history;
            age >= interval && (pays || aged)
        };
        let mut due: Vec<_> = self.tables.iter().filter(|(_, own)| waits(own)).collect();
        due.sort_unstable_by_key(|(table, own)| (own.cleaned, **table));
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

/// Removes what no checkpoint needs from the tables that are due; with `all`, from all of them. Call it only while no
/// fold runs.
pub(super) async fn run(shared: &Shared, memory: &mut FoldMemory, all: bool) -> Result<Done, OwnerError> {
    let now = shared.monotonic();
    {
        let state = shared.state.read();
        memory.cleaning.tables.retain(|table, _| state.names.contains_key(table));
    }
    let retention = shared.config.retention;
    if all && (memory.cleaning.round_ended || memory.cleaning.round == 0) {
        memory.cleaning.round += 1;
        memory.cleaning.round_ended = false;
    }
    let ages = (retention / A_RETENTION, shared.history().max(retention));
    let mut due = memory.cleaning.due(now, all, ages);
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
                tracing::warn!(%error, "tables that nothing names could not be removed; a later run tries again")
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
        (own.cleaned, own.commits, own.kept) = (Some(now), 0, keep.len());
        let input = CleanInput { table, keep: &keep, committed: own.committed, grace: shared.config.orphan_grace };
        let mut finished = true;
        match table::clean(&shared.tables, &input, || shared.still_owner_of_tables()).await {
            Ok(cleaned) => {
                shared.storage.cleaned(table, cleaned.footprint, cleaned.removed);
                done.removed.add(cleaned.removed);
                done.unfinished |= cleaned.unfinished;
                finished = !cleaned.unfinished;
                own.cleaned = own.cleaned.filter(|_| finished);
            }
            Err(error) => tracing::warn!(%table, %error, "a table could not be cleaned; a later run tries again"),
        }
        if all && finished {
            own.round = round;
        }
    }
    cleaning.round_ended |= all && !done.unfinished;
    tracing::debug!("a clean-up ended");
    Ok(done)
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

impl Shared {
    /// The versions that collections are at: those of the present, and of past states and exports that somebody reads.
    pub(super) fn versions_in_use(&self) -> Vec<(TableId, u64)> {
        let pasts: Vec<_> = self.past_shared.lock().iter().filter_map(std::sync::Weak::upgrade).collect();
        let mut versions = self.state.read().versions();
        versions.extend(pasts.iter().flat_map(|past| past.state.read().versions()));
        let exported = self.exported.lock();
        let exported = exported.iter().filter_map(std::sync::Weak::upgrade);
        versions.extend(exported.filter_map(|of| Some((of.0, of.1?))));
        versions
    }
}
