//! Erase: records that nobody can bring back, with a receipt.
//!
//! One entry deletes the records and marks that an erase is to be finished. Then everything that could hold them goes:
//! the table's files are written anew without them, a checkpoint names those and keeps no other, and older versions,
//! checkpoints, snapshots, dropped tables and log entries are removed. Log entries younger than the retention are
//! replaced by empty ones, for a writer that slept could create their keys anew. What is in memory of the records goes
//! as well: rows and what was built of them, past states, exports, caches. An erase that is cut short is finished by
//! the next fold. The history begins anew with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Namespace;
use super::branches;
use super::cleaning;
use super::draft::{PendingOp, Refused};
use super::errors::{FoldError, TimeError, WriteError};
use super::folding::{self, FoldMemory};
use super::history;
use super::shared::Shared;
use super::state::{Gone, Standing, State};
use super::types::{Commit, Committed, WriteMeta};
use crate::catalog::{Erasing, TableId};
use crate::image;
use crate::log::EraseOp;
use crate::schema::{check_id, limits};
use crate::search;
use crate::table::{self, CleanInput, Removed};

/// What an erase has removed for ever, by kind. One that is asked for again leaves out what was removed the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erasure {
    /// The commit of the erase. Nothing before it can be read any more.
    pub commit: Commit,
    /// Live records that were erased.
    pub records: u64,
    /// Files of tables: rows, deletions, indexes, older versions.
    pub table_files: Removed,
    /// Checkpoints.
    pub checkpoints: Removed,
    /// Log entries that were removed.
    pub log_entries: Removed,
    /// Log entries whose contents were removed.
    pub emptied_log_entries: Removed,
    /// Answers stored for idempotent requests that were emptied. The requests stay done.
    pub answers: u64,
    /// Snapshots that were deleted.
    pub snapshots: u64,
    /// Past states in memory and exports under way that were ended; their readers get [`crate::ReadError::Closed`].
    pub ended_reads: u64,
}

/// What erases took beside records when they were applied.
#[derive(Debug, Default)]
pub(super) struct Beside {
    answers: u64,
    snapshots: u64,
}

impl Namespace {
    /// Erases records by id, those that are there and those that ever were: at most 1,000. What the namespace was
    /// before can be read no more: snapshots are deleted, past states and exports end, and the answers stored for
    /// idempotent requests before it are emptied. When this fails after the records were deleted, the next fold finishes
    /// it; ask again for a receipt.
    ///
    /// # Errors
    /// [`TimeError::HasBranches`] while branches may hold the records; [`TimeError::IsBranch`] when this is one.
    pub async fn erase(&self, collection: &str, ids: Vec<String>, meta: WriteMeta) -> Result<Erasure, TimeError> {
        if ids.is_empty() || ids.len() > limits::MAX_BATCH {
            let why = format!("must hold 1 to {}, not {}", limits::MAX_BATCH, ids.len());
            return Err(WriteError::BadRequest { field: "ids", why }.into());
        }
        for id in &ids {
            check_id(id).map_err(|(_, why)| WriteError::BadRequest { field: "ids", why })?;
        }
        if let Some(done) = self.done_before(&meta)? {
            return self.finish_erase(done).await;
        }
        let (table, _) = self.target(collection).await?;
        let ids = ids.into_iter().map(Into::into).collect();
        self.erase_all(EraseOp { name: collection.to_owned(), table: Some(table), ids: Some(ids) }, meta).await
    }

    /// Erases a collection with all it holds and ever held; otherwise as [`Namespace::erase`].
    ///
    /// # Errors
    /// As for [`Namespace::erase`].
    pub async fn erase_collection(&self, collection: &str, meta: WriteMeta) -> Result<Erasure, TimeError> {
        if let Some(done) = self.done_before(&meta)? {
            return self.finish_erase(done).await;
        }
        self.erase_all(EraseOp { name: collection.to_owned(), table: None, ids: None }, meta).await
    }

    async fn erase_all(&self, op: EraseOp, meta: WriteMeta) -> Result<Erasure, TimeError> {
        let shared = &self.shared;
        let mut memory = shared.folding.lock().await;
        shared.may_answer()?;
        // While this one waited.
        if let Some(done) = self.done_before(&meta)? {
            let _rest = Rest(shared);
            return self.receipt(&mut memory, done).await;
        }
        {
            let state = shared.state.read();
            if state.marks.is_branch {
                return Err(TimeError::IsBranch);
            }
            if !state.marks.branches.is_empty() {
                return Err(TimeError::HasBranches { names: state.marks.branches.keys().cloned().collect() });
            }
        }
        let bytes = 128 + op.name.len() + op.ids.iter().flatten().map(|id| id.len() + 8).sum::<usize>();
        let _rest = Rest(shared);
        let done = self.submit(PendingOp::Erase(op), meta, bytes).await.map_err(Refused::into_error)?;
        self.receipt(&mut memory, done).await
    }

    /// The receipt of an erase that was written before: what has happened since, a branch or that the collection was
    /// dropped, does not undo it.
    async fn finish_erase(&self, done: Committed) -> Result<Erasure, TimeError> {
        let mut memory = self.shared.folding.lock().await;
        let _rest = Rest(&self.shared);
        self.receipt(&mut memory, done).await
    }

    async fn receipt(&self, memory: &mut FoldMemory, done: Committed) -> Result<Erasure, TimeError> {
        let shared = &self.shared;
        folding::fold_all(shared, memory).await?;
        let receipt = purge(shared, memory).await?;
        if shared.state.read().marks.erasing.iter().any(|one| one.commit == done.commit) {
            return Err(FoldError::Unavailable("what was deleted is not folded yet".to_owned()).into());
        }
        let done = self.acknowledge(done)?;
        Ok(Erasure { commit: done.commit, records: done.deleted, ..receipt })
    }
}

/// When it is dropped, has the background fold finish the erases that are not finished: whoever began them may have met
/// an error, or be gone.
struct Rest<'a>(&'a Shared);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        {
            let state = self.0.state.read();
            let in_root = state.root.as_ref().is_some_and(|root| root.erasing);
            if state.marks.erasing.is_empty() && !in_root {
                return;
            }
        }
        let (since, now) = (&self.0.unfolded.since_ms, self.0.monotonic_ms());
        let _ = since.compare_exchange(0, now, Ordering::AcqRel, Ordering::Relaxed);
        self.0.fold_wake.notify_one();
    }
}

/// Finishes the erases whose deletions are in the tables. Repeating it does no harm.
pub(super) async fn purge(shared: &Arc<Shared>, memory: &mut FoldMemory) -> Result<Erasure, FoldError> {
    let erasing = shared.state.read().folded_erases();
    let mut receipt = Erasure::default();
    if erasing.is_empty() {
        return Ok(receipt);
    }
    let _rest = Rest(shared);
    // What was in doubt came into the log before the erase or never will: what it would name is refused from then on.
    memory.pins.clear();
    // An index that is being built, or waits for a fold, is of the rows as they were.
    let no_builds = {
        let is_live = |table| shared.state.read().names.contains_key(&table);
        shared.builds.stop(erasing.iter().map(|one| one.table).collect(), is_live).await
    };
    shared.built.lock().retain(|built| erasing.iter().all(|one| one.table != built.table));
    for one in &erasing {
        rewrite(shared, memory, one.table).await?;
    }
    // The next checkpoint names the files written anew, and keeps none before it.
    {
        let mut state = shared.state.write();
        state.changed = true;
        if let Some(root) = &mut state.root {
            root.kept.clear();
        }
    }
    folding::fold_once(shared, memory).await?;
    {
        let mut pasts = shared.pasts.lock().await;
        receipt.ended_reads = shared.close_pasts(Standing::Closed) + shared.end_exports();
        pasts.clear();
    }
    if !shared.still_owner().await.map_err(unavailable)? {
        return Err(FoldError::Fenced);
    }
    let (root, folded) = {
        let state = shared.state.read();
        (state.root.as_ref().map_or(0, |root| root.sequence), state.folded_commit())
    };
    memory.gone.clear();
    receipt.checkpoints = shared.roots.remove_below(root).await.map_err(unavailable)?;
    let young = shared.now_ms().saturating_sub(i64::try_from(shared.config.retention.as_millis()).unwrap_or(i64::MAX));
    let erased = shared.log.erase(folded, young).await.map_err(unavailable)?;
    (receipt.log_entries, receipt.emptied_log_entries) = (erased.removed, erased.emptied);
    receipt.table_files = remove_files(shared, memory, &erasing).await?;
    // After the files: nothing brings them into a cache again.
    shared.store.forget_ranges(&shared.prefix);
    shared.store.forget_decoded().await;
    search::forget_words();
    drop(no_builds);
    branches::try_sweep(shared, memory).await.map_err(unavailable)?;
    let beside = std::mem::take(&mut shared.state.write().erased_beside);
    (receipt.answers, receipt.snapshots) = (beside.answers, beside.snapshots);
    finish(shared, memory, &erasing).await?;
    tracing::info!(?receipt, "records were erased");
    Ok(receipt)
}

/// Says durably that nothing is left to be done.
async fn finish(shared: &Arc<Shared>, memory: &mut FoldMemory, done: &[Erasing]) -> Result<(), FoldError> {
    {
        let mut state = shared.state.write();
        state.marks.erasing.retain(|one| !done.contains(one));
        state.changed = true;
    }
    folding::fold_once(shared, memory).await
}

/// Brings a live table to a version of this owner's without the files that hold deleted rows: what was put there and
/// never became part of the table is older than it, and goes with them.
async fn rewrite(shared: &Arc<Shared>, memory: &mut FoldMemory, table: TableId) -> Result<(), FoldError> {
    let Some(files) = shared.state.write().by_table(table).map(|live| live.in_files()) else { return Ok(()) };
    let still_owner = || shared.still_owner_of_tables();
    let mut same_files = false;
    let done = match &files {
        Some((_, version, ..)) => match table::rewrite(&shared.tables, table, *version, still_owner).await {
            Ok(next) if next == *version => {
                same_files = true;
                table::renew(&shared.tables, table, next, still_owner).await.map(Some)
            }
            done => done.map(Some),
        },
        None => table::take_over(&shared.tables, table, still_owner).await,
    };
    let Some(next) = done.map_err(folding::fold_error)? else { return Ok(()) };
    let image = match files {
        Some((schema, _, totals, true)) if !same_files => {
            let loaded =
                image::load(&shared.tables, &schema, (table, next, None), Some(totals), shared.store.budget()).await;
            Some(loaded.map_err(folding::fold_error)?)
        }
        _ => None,
    };
    if let Some(live) = shared.state.write().by_table(table) {
        live.rewritten(next, image);
    }
    memory.cleaning.committed(table, next);
    Ok(())
}

/// Removes every file that could hold an erased row: of dropped tables all, of live ones those that are not in use.
async fn remove_files(shared: &Shared, memory: &mut FoldMemory, erasing: &[Erasing]) -> Result<Removed, FoldError> {
    let mut removed = Removed::default();
    for table in history::removable(shared, memory, i64::MAX) {
        let gone = shared.tables.remove(table, || shared.still_owner_of_tables()).await;
        removed.add(gone.map_err(folding::fold_error)?);
        memory.removed.push(table);
    }
    removed.add(cleaning::remove_orphans(shared, memory).await.map_err(folding::fold_error)?);
    for one in erasing {
        let live = shared.state.write().by_table(one.table).map(|live| live.version);
        let Some(version) = live else {
            if shared.state.read().dropped.iter().any(|gone| gone.table == one.table) {
                // Since the fold; the checkpoint still names what it held.
                return Err(FoldError::Unavailable("the collection was dropped while records were erased".to_owned()));
            }
            continue;
        };
        let Some(committed) = version else {
            // It has no version; what is there was left by a fold that was cut short.
            let left = shared.tables.remove(one.table, || shared.still_owner_of_tables()).await;
            removed.add(left.map_err(folding::fold_error)?);
            continue;
        };
        let keep = Default::default();
        let input = CleanInput { table: one.table, keep: &keep, committed, grace: Duration::ZERO };
        loop {
            let cleaned = table::clean(&shared.tables, &input, || shared.still_owner_of_tables())
                .await
                .map_err(folding::fold_error)?;
            removed.add(cleaned.removed);
            if cleaned.footprint.is_none() {
                return Err(FoldError::Unavailable("a table was changed while it was cleaned".to_owned()));
            }
            if !cleaned.unfinished {
                break;
            }
        }
    }
    Ok(removed)
}

fn unavailable(error: impl std::fmt::Display) -> FoldError {
    FoldError::Unavailable(error.to_string())
}

impl State {
    /// The erases whose deletions are in the tables.
    fn folded_erases(&self) -> Vec<Erasing> {
        let aside = |table| self.collection(table).is_some_and(|collection| collection.is_set_aside().is_some());
        let folded = |one: &&Erasing| one.commit <= self.folded_commit() && !aside(one.table);
        self.marks.erasing.iter().filter(folded).cloned().collect()
    }

    /// Deletes what is erased, and remembers that its traces are to be removed.
    pub(super) fn erase(&mut self, commit: Commit, op: EraseOp) {
        let table = op.table.or_else(|| self.collections.get(&op.name).map(|c| c.table));
        match (op.ids, table) {
            (Some(ids), Some(table)) => {
                if let Some(collection) = self.by_table(table) {
                    ids.iter().for_each(|id| collection.delete(id));
                }
            }
            (None, _) => {
                if let Some(gone) = self.collections.remove(&op.name) {
                    self.names.remove(&gone.table);
                    self.dropped.push(Gone { table: gone.table, created_commit: gone.created_commit });
                }
            }
            (Some(_), None) => {}
        }
        self.marks.erased = commit;
        self.erased_beside.snapshots += self.marks.snapshots.len() as u64;
        self.marks.snapshots.clear();
        self.marks.rewinds.clear();
        let erasing = table.map(|table| Erasing { name: op.name, table, commit });
        self.marks.erasing.extend(erasing);
        self.erased_beside.answers += self.empty_answers();
    }
}
