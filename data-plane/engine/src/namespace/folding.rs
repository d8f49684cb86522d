//! The fold: memtables into tables, compaction, checkpoint, trim, clean-up.
//!
//! Steps, each harmless to repeat: freeze; one strict commit a table, and its compaction; the checkpoint; publish in
//! memory; trim; clean-up.
//! A fold that is cut short anywhere leaves the log, from which the next one does the same again. One that only tries
//! again what is set aside ends after its commits when these came to nothing: the root says all there is.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use uuid::Uuid;

use super::cleaning::{self, Cleaning};
use super::collection::{FrozenCollection, NextImage};
use super::erase;
use super::errors::{FoldError, ReadError};
use super::history::{self, Plan};
use super::shared::{LoadError, Shared, refuse_unless_serving};
use super::state::{Freeze, RootInfo};
use super::table_index;
use super::types::Commit;
use crate::catalog::{Checkpoint, DroppedTable, FoldedTable, Kept, Layout, Moved, TableId};
use crate::image;
use crate::table::{self, Piece, Removed, TableError};

/// The shortest sleep before age is looked at again.
const MIN_SLEEP: Duration = Duration::from_millis(50);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// When a clean-up that did not end goes on.
const AGAIN: Duration = Duration::from_secs(30);

/// Folds that wait for a table which fails; the next one sets its writes aside.
const ATTEMPTS: u32 = 3;

/// What one fold leaves to the next.
#[derive(Debug, Default)]
pub(super) struct FoldMemory {
    /// Dropped tables whose files are gone.
    pub(super) removed: Vec<TableId>,
    /// What the last checkpoint keeps, or the next one will.
    pub(super) plan: Option<Plan>,
    /// Whether a checkpoint says so.
    pub(super) plan_is_durable: bool,
    /// Checkpoints that are not kept and not removed yet.
    pub(super) gone: Vec<u64>,
    /// Whether those that an earlier owner has left are among them.
    pub(super) looked: bool,
    /// What the log was last trimmed to.
    pub(super) trimmed: Option<(Commit, Vec<(Commit, Commit)>)>,
    pub(super) cleaning: Cleaning,
    /// What the folds have removed from the tables since somebody asked.
    removed_beside: Removed,
    /// Whether what an earlier process left of its PUTs was removed.
    pub(super) swept: bool,
    /// What an entry that is on its way, or in doubt, will name.
    pub(super) pins: Vec<Pin>,
    /// How often in a row each table failed for a reason of its own.
    failures: HashMap<TableId, u32>,
}

/// What may not go, though nothing in the log or a checkpoint names it yet.
#[derive(Debug)]
pub(super) struct Pin {
    pub(super) commit: Option<Commit>,
    /// Versions of tables.
    pub(super) tables: Vec<(TableId, u64)>,
    pub(super) branch: Option<Uuid>,
}

impl FoldMemory {
    fn failed(&mut self, table: TableId, error: &TableError) {
        if error.is_own() {
            *self.failures.entry(table).or_default() += 1;
        }
    }

    /// Whether a table failed too often to hold up the others for it.
    fn given_up(&self, table: TableId) -> bool {
        self.failures.get(&table).is_some_and(|failures| *failures >= ATTEMPTS)
    }
}

/// Folds in the background when rows, bytes or age call for it, until the namespace is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut backoff = FIRST_BACKOFF;
    loop {
        // An idle namespace has no timer.
        let aged = async {
            match shared.fold_due_in().into_iter().chain(shared.clean_up_due_in()).min() {
                Some(wait) => tokio::time::sleep(wait.max(MIN_SLEEP)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = shared.fold_wake.notified() => {}
            () = aged => {}
        }
        if !shared.fold_is_due() {
            if shared.clean_up_due_in() == Some(Duration::ZERO) {
                tokio::select! {
                    () = shared.cancel.cancelled() => return,
                    _ = clean_up(&shared) => {}
                }
            }
            continue;
        }
        let done = tokio::select! {
            () = shared.cancel.cancelled() => return,
            done = fold(&shared) => done,
        };
        match done {
            Ok(()) => backoff = FIRST_BACKOFF,
            Err(FoldError::Fenced | FoldError::Closed) => return,
            Err(FoldError::Unavailable(error)) => {
                tracing::warn!(error, "a fold failed; the log keeps everything");
                tokio::select! {
                    () = shared.cancel.cancelled() => return,
                    () = tokio::time::sleep(backoff) => {}
                }
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

/// Folds everything written so far. Nothing to fold is a success.
pub(super) async fn fold(shared: &Arc<Shared>) -> Result<(), FoldError> {
    let mut memory = shared.folding.lock().await;
    fold_all(shared, &mut memory).await?;
    // Those that were cut short.
    erase::purge(shared, &mut memory).await.map(drop)
}

/// As [`fold`], by who holds the lock.
pub(super) async fn fold_all(shared: &Arc<Shared>, memory: &mut FoldMemory) -> Result<(), FoldError> {
    // What an earlier fold could not finish is as it was frozen then; what came after it takes another one.
    let left_over = shared.state.read().frozen.is_some();
    fold_once(shared, memory).await?;
    if left_over { fold_once(shared, memory).await } else { Ok(()) }
}

/// Removes what is past its retention, in the log and in the tables, as a fold does; for a namespace that has had no
/// write since.
pub(super) async fn clean_up(shared: &Arc<Shared>) -> Result<Removed, FoldError> {
    let mut memory = shared.folding.lock().await;
    refuse_unless_serving(&shared.state.read()).map_err(refused)?;
    memory.removed_beside = Removed::default();
    let done = async {
        if history::is_behind(shared, &memory) {
            shared.state.write().changed = true;
            fold_once(shared, &mut memory).await.map_err(|e| e.to_string())?;
        } else {
            history::trim(shared, &mut memory).await?;
        }
        let mut done = cleaning::run(shared, &mut memory, true).await.map_err(|e| e.to_string())?;
        if memory.cleaning.wants_versions() {
            shared.state.write().changed = true;
            fold_once(shared, &mut memory).await.map_err(|e| e.to_string())?;
            let rest = cleaning::run(shared, &mut memory, true).await.map_err(|e| e.to_string())?;
            done.unfinished = rest.unfinished;
            done.removed.add(rest.removed);
        }
        Ok::<_, String>(done)
    };
    let done = done.await.inspect_err(|error| tracing::warn!(error, "what is not needed could not be removed"));
    shared.no_clean_up();
    match &done {
        Ok(done) if !done.unfinished && keeps_for_a_while(shared) => {
            shared.clean_up_in(shared.history().max(shared.config.retention));
        }
        Ok(done) if !done.unfinished => {}
        _ => shared.clean_up_in(AGAIN),
    }
    let mut removed = memory.removed_beside;
    removed.add(done.map_err(FoldError::Unavailable)?.removed);
    Ok(removed)
}

/// Whether the root keeps what its age alone will let go: an older checkpoint, with the log behind it and the versions
/// that it names.
fn keeps_for_a_while(shared: &Shared) -> bool {
    let state = shared.state.read();
    let folded = state.folded_commit();
    state.kept().iter().any(|kept| !kept.pinned && kept.folded_commit < folded)
}

pub(super) async fn fold_once(shared: &Arc<Shared>, memory: &mut FoldMemory) -> Result<(), FoldError> {
    load_images(shared, memory).await?;
    // What is decided has its effect by a checkpoint, which a mere try may not make.
    if !shared.state.read().only_tries_again() {
        history::decide(shared, memory);
    }
    let Some((frozen, root)) = freeze(shared)? else { return Ok(()) };
    cleaning::remove_staged(shared, memory).await;
    tracing::debug!(commit = frozen.commit, "a fold begins");
    // All of Lance is below this: too deep for a future inside the futures of callers.
    let folded = Box::pin(fold_frozen(shared, &frozen, root.as_ref(), memory)).await;
    tracing::debug!("a fold ended");
    match folded {
        Ok(Moving::Stayed) => Ok(()),
        Ok(Moving::Moved) => {
            shared.counters.folds.fetch_add(1, Ordering::Relaxed);
            memory.plan_is_durable = true;
            if let Err(error) = history::trim(shared, memory).await {
                tracing::warn!(error, "the log could not be trimmed; the next fold tries again");
            }
            match Box::pin(cleaning::run(shared, memory, false)).await {
                Ok(done) => memory.removed_beside.add(done.removed),
                Err(error) => tracing::warn!(%error, "the tables could not be cleaned; the next fold tries again"),
            }
            // What this fold has put in the place of something else can go when that is past its retention. But what
            // owners before have left in other tables may be past it now.
            let wait = if memory.cleaning.leaves_out(&shared.state.read()) { Duration::ZERO } else { shared.history() };
            shared.clean_up_in(wait.max(shared.config.retention));
            Ok(())
        }
        Err(error) => {
            shared.counters.failed_folds.fetch_add(1, Ordering::Relaxed);
            // What is frozen is old enough to be due again at once.
            shared.unfolded.since_ms.store(1, Ordering::Release);
            if matches!(error, FoldError::Fenced) {
                shared.fence();
            }
            Err(error)
        }
    }
}

/// The sums over live rows, which the checkpoint holds, are exact only beside the folded rows. A table that can not
/// be read again and again is left to its fold.
async fn load_images(shared: &Arc<Shared>, memory: &mut FoldMemory) -> Result<(), FoldError> {
    for (name, table) in shared.unfolded_collections() {
        match shared.load_keys(&name, &Arc::default()).await {
            Ok(()) | Err(LoadError::Read(ReadError::NoSuchCollection)) => {}
            Err(LoadError::Table(error)) => {
                memory.failed(table, &error);
                if !memory.given_up(table) {
                    return Err(FoldError::Unavailable(format!("collection {name}: {error}")));
                }
            }
            Err(LoadError::Read(error)) => return Err(refused(error)),
        }
    }
    Ok(())
}

fn refused(error: ReadError) -> FoldError {
    match error {
        ReadError::Fenced => FoldError::Fenced,
        ReadError::Closed => FoldError::Closed,
        other => FoldError::Unavailable(other.to_string()),
    }
}

type Frozen = (Arc<Freeze>, Option<RootInfo>);

fn freeze(shared: &Shared) -> Result<Option<Frozen>, FoldError> {
    let oldest = super::draft::oldest_answer(&shared.config, shared.now_ms());
    let mut state = shared.state.write();
    refuse_unless_serving(&state).map_err(refused)?;
    if state.frozen.is_none() {
        let since = shared.unfolded.since_ms.swap(0, Ordering::AcqRel);
        state.forget_answers(oldest);
        // What is set aside is tried again, also when nothing else calls for a fold.
        if !state.changed && state.aside().0 == 0 {
            return Ok(None);
        }
        shared.unfolded.frozen_since_ms.store(since, Ordering::Release);
    }
    Ok(Some((state.freeze(), state.root.clone())))
}

/// What a fold has done with the root.
enum Moving {
    Moved,
    /// It says the same already.
    Stayed,
}

async fn fold_frozen(
    shared: &Arc<Shared>,
    frozen: &Arc<Freeze>,
    root: Option<&RootInfo>,
    memory: &mut FoldMemory,
) -> Result<Moving, FoldError> {
    #[cfg(feature = "planted-bugs")]
    let early = planted_early_checkpoint(shared, frozen, root, memory).await?;
    #[cfg(feature = "planted-bugs")]
    let root = early.as_ref().or(root);
    let mut folded = Vec::with_capacity(frozen.collections.len());
    let mut budget = shared.config.compaction_bytes;
    for collection in &frozen.collections {
        folded.push(fold_or_set_aside(shared, collection, memory, &mut budget).await?);
    }
    let news = frozen.changed || frozen.collections.iter().zip(&folded).any(|(before, done)| done.differs(before));
    // Without news each try would write anew all that is set aside.
    let moved = if news {
        let tables = frozen.collections.iter().zip(&folded).map(|(collection, done)| in_checkpoint(collection, done));
        Some(move_root(shared, frozen, root, tables.collect(), memory).await?)
    } else {
        None
    };
    let mut state = shared.state.write();
    for (collection, done) in frozen.collections.iter().zip(folded) {
        // It may have been dropped or rewound since.
        if let Some(live) = state.by_table(collection.table).filter(|live| live.since == collection.since) {
            match &done.aside {
                None => live.publish((done.version, done.layout), done.next, collection),
                Some(why) => live.set_aside(why, collection),
            }
            shared.settle_in(live);
        }
        if let Some(version) = done.version.filter(|_| done.committed) {
            memory.cleaning.committed(collection.table, version);
        }
    }
    state.frozen = None;
    shared.unfolded.frozen_since_ms.store(0, Ordering::Release);
    let moving = if let Some(moved) = moved {
        shared.storage.folded(moved.folded_commit);
        state.root = Some(moved);
        Moving::Moved
    } else {
        Moving::Stayed
    };
    shared.note_unfolded(&state);
    if state.aside().0 > 0 {
        // Tried again when a fold is due by age.
        let now = shared.monotonic_ms();
        let _ = shared.unfolded.since_ms.compare_exchange(0, now, Ordering::AcqRel, Ordering::Relaxed);
    }
    drop(state);
    // They look for what is to be done in what was published.
    shared.index_wake.notify_one();
    shared.table_index_wake.notify_one();
    memory.failures.retain(|table, _| frozen.collections.iter().any(|c| c.table == *table));
    Ok(moving)
}

/// A collection whose frozen rows are in its table.
struct FoldedCollection {
    version: Option<u64>,
    layout: Option<Arc<Layout>>,
    /// Whether this fold made the version.
    committed: bool,
    next: NextImage,
    /// Why the table did not take them, when it did not: then the checkpoint holds them.
    aside: Option<String>,
}

impl FoldedCollection {
    /// Whether a checkpoint is to say something else of it than one before the fold, with nothing written since.
    fn differs(&self, before: &FrozenCollection) -> bool {
        self.committed || self.version != before.version || self.aside.is_some() != before.set_aside
    }
}

/// Folds a collection. When its table fails again and again, what would be folded goes into the checkpoint instead,
/// so that the other collections go on and the log behind it can go. That the checkpoint can be written shows that
/// it is not the store that fails.
async fn fold_or_set_aside(
    shared: &Arc<Shared>,
    frozen: &FrozenCollection,
    memory: &mut FoldMemory,
    budget: &mut u64,
) -> Result<FoldedCollection, FoldError> {
    let renew = memory.cleaning.wants_version(frozen.table);
    let error = match fold_collection(shared, frozen, budget, renew).await {
        Ok(done) => {
            memory.failures.remove(&frozen.table);
            if renew && !done.committed {
                memory.cleaning.give_up_version(frozen.table);
            }
            if frozen.set_aside {
                tracing::warn!(collection = frozen.name, "what was set aside is in its table");
            }
            return Ok(done);
        }
        Err(TableError::Fenced) => return Err(FoldError::Fenced),
        Err(error) => error,
    };
    memory.failed(frozen.table, &error);
    let why = error.to_string();
    if !frozen.set_aside && !memory.given_up(frozen.table) {
        return Err(FoldError::Unavailable(format!("collection {}: {why}", frozen.name)));
    }
    memory.cleaning.give_up_version(frozen.table);
    tracing::error!(
        collection = frozen.name,
        error = why,
        rows = frozen.rows.len(),
        "a table does not take what was written; it is set aside, and the collection takes no writes"
    );
    Ok(FoldedCollection { aside: Some(why), ..unfolded(frozen) })
}

/// The collection as it is, without its frozen rows.
fn unfolded(frozen: &FrozenCollection) -> FoldedCollection {
    FoldedCollection {
        version: frozen.version,
        layout: frozen.layout.clone(),
        committed: false,
        next: NextImage::Same,
        aside: None,
    }
}

/// The rows first; with `renew`, a version of this owner's when they make none; then the indexes that wait. Without an
/// index, a clean-up, or a description of the files, reads are slower and no less right: so what fails there holds
/// nothing up.
async fn fold_collection(
    shared: &Arc<Shared>,
    frozen: &FrozenCollection,
    budget: &mut u64,
    renew: bool,
) -> Result<FoldedCollection, TableError> {
    let mut folded = fold_rows(shared, frozen, budget).await?;
    if let Some(version) = folded.version.filter(|_| renew && !folded.committed) {
        match table::renew(&shared.tables, frozen.table, version, || shared.still_owner_of_tables()).await {
            Ok(next) => (folded.version, folded.committed) = (Some(next), true),
            Err(TableError::Fenced) => return Err(TableError::Fenced),
            Err(error) => tracing::warn!(collection = frozen.name, %error, "a table could not be made ready to clean"),
        }
    }
    match table_index::commit(shared, (frozen.table, frozen.since), folded.version).await {
        Ok(version) => {
            folded.committed |= version != folded.version;
            folded.version = version;
        }
        Err(error) => tracing::warn!(collection = frozen.name, %error, "a vector index could not be committed"),
    }
    if let Some(version) = folded.version
        && (folded.version != frozen.version || folded.layout.is_none())
    {
        let layout = shared.tables.layout(frozen.table, version).await;
        let layout = layout.inspect_err(|error| tracing::warn!(%error, "the files of a table could not be described"));
        folded.layout = layout.ok().map(Arc::new);
    }
    Ok(folded)
}

/// The frozen rows, and a compaction as far as `budget` goes, in bytes of data files.
async fn fold_rows(
    shared: &Arc<Shared>,
    frozen: &FrozenCollection,
    budget: &mut u64,
) -> Result<FoldedCollection, TableError> {
    if frozen.memtable.is_empty() {
        return Ok(unfolded(frozen));
    }
    if !frozen.counted_twice.is_empty() {
        return Err(TableError::Unread);
    }
    let done = table::fold(&shared.tables, &frozen.input(), || shared.still_owner_of_tables()).await?;
    let mut version = done.version;
    if let Some(folded) = version.filter(|_| done.committed) {
        shared.storage.committed(frozen.table, &done.pieces, done.bytes);
        shared.storage.wrote(done.bytes);
        version = Some(compact(shared, frozen.table, folded, &done.pieces, budget).await);
        #[cfg(feature = "planted-bugs")]
        if version != Some(folded) {
            version = planted_compaction(shared, frozen, version).await?;
        }
    }
    let next = next_image(shared, frozen, version).await?;
    Ok(FoldedCollection { version, committed: done.committed, next, ..unfolded(frozen) })
}

/// The version after a compaction, or the same one. Compaction may fail: a version of it that was committed all the
/// same is not in a checkpoint, and the next fold restores the one that is.
async fn compact(shared: &Shared, table: TableId, version: u64, pieces: &[Piece], budget: &mut u64) -> u64 {
    match table::compact(&shared.tables, table, version, pieces, *budget).await {
        Ok(None) => version,
        Ok(Some(compacted)) => {
            *budget = budget.saturating_sub(compacted.bytes);
            shared.storage.committed(table, &compacted.pieces, compacted.bytes);
            shared.storage.compacted(compacted.bytes);
            compacted.version
        }
        Err(error) => {
            tracing::warn!(%table, %error, "a table could not be compacted; a later fold tries again");
            version
        }
    }
}

async fn next_image(
    shared: &Arc<Shared>,
    frozen: &FrozenCollection,
    version: Option<u64>,
) -> Result<NextImage, TableError> {
    let image = shared.state.write().by_table(frozen.table).and_then(|live| live.image());
    let Some(image) = image else { return Ok(NextImage::Same) };
    if image.remote.is_none() {
        let (schema, rows, budget) =
            (Arc::clone(&frozen.schema), frozen.rows.clone(), Arc::clone(shared.store.budget()));
        let work = tokio::task::spawn_blocking(move || image::merge(&schema, &image, &rows, &budget));
        match work.await.map_err(|e| TableError::Damaged(e.to_string()))? {
            Ok(Some(merged)) => return Ok(NextImage::Merged(merged)),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "folded rows could not be joined in memory; they are read again"),
        }
    }
    let Some(version) = version else { return Ok(NextImage::Same) };
    let of = (frozen.table, version, None);
    let image = image::load(&shared.tables, &frozen.schema, of, Some(frozen.totals), shared.store.budget()).await?;
    Ok(NextImage::Loaded(image))
}

/// Creates the next checkpoint. The number may be taken by an earlier attempt of ours whose reply was lost,
/// or by a late one of the owner before us; both hold less than ours, which goes after them.
async fn move_root(
    shared: &Shared,
    frozen: &Freeze,
    root: Option<&RootInfo>,
    tables: Vec<FoldedTable>,
    memory: &FoldMemory,
) -> Result<RootInfo, FoldError> {
    let at_ms = shared.now_ms();
    let mut checkpoint = Checkpoint {
        sequence: root.map_or(1, |r| r.sequence + 1),
        writer_id: shared.writer.writer_id,
        generation: shared.writer.generation,
        nonce: shared.environment.entropy.nonce(),
        at_ms,
        folded_commit: frozen.commit,
        tables,
        usage: frozen.usage.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        answers: frozen.answers.clone(),
        dropped: Vec::new(),
        marks: frozen.marks.clone(),
        kept: root.map_or_else(|| vec![Kept::EMPTY], |r| r.kept.clone()),
    };
    #[cfg(feature = "planted-bugs")]
    planted_contents(shared, &mut checkpoint);
    let earlier = root.map_or(&[][..], |r| &r.dropped);
    loop {
        checkpoint.dropped = dropped(earlier, frozen, memory, (checkpoint.sequence, at_ms));
        checkpoint.kept.push(checkpoint.as_kept());
        match shared.roots.create(&checkpoint).await {
            Ok(Moved::Ours) => {
                return Ok(RootInfo {
                    sequence: checkpoint.sequence,
                    folded_commit: checkpoint.folded_commit,
                    dropped: checkpoint.dropped,
                    kept: checkpoint.kept,
                    erasing: !checkpoint.marks.erasing.is_empty(),
                });
            }
            Ok(Moved::Taken(other)) if shared.overtaken(&other, frozen.commit) => return Err(FoldError::Fenced),
            Ok(Moved::Taken(other)) => {
                checkpoint.kept.pop();
                checkpoint.kept.push(other.as_kept());
                checkpoint.sequence += 1;
            }
            Err(error) => return Err(FoldError::Unavailable(format!("checkpoint: {error}"))),
        }
    }
}

/// The tables that no collection names, and whose files are there.
fn dropped(
    earlier: &[DroppedTable],
    frozen: &Freeze,
    memory: &FoldMemory,
    (sequence, at_ms): (u64, i64),
) -> Vec<DroppedTable> {
    // One that a rewind brought back is not dropped, or is dropped again.
    let again = |table: TableId| {
        frozen.collections.iter().any(|c| c.table == table) || frozen.dropped.iter().any(|gone| gone.table == table)
    };
    let kept = earlier.iter().filter(|d| !memory.removed.contains(&d.table) && !again(d.table)).cloned();
    let fresh = frozen.dropped.iter().map(|gone| DroppedTable {
        table: gone.table,
        created_commit: gone.created_commit,
        sequence,
        at_ms,
    });
    kept.chain(fresh).collect()
}

fn in_checkpoint(collection: &FrozenCollection, done: &FoldedCollection) -> FoldedTable {
    FoldedTable {
        layout: done.layout.as_deref().cloned(),
        aside: done.aside.as_ref().map(|why| collection.aside(why.clone())),
        ..collection.in_table(done.version)
    }
}

#[cfg(feature = "planted-bugs")]
async fn planted_early_checkpoint(
    shared: &Shared,
    frozen: &Freeze,
    root: Option<&RootInfo>,
    memory: &FoldMemory,
) -> Result<Option<RootInfo>, FoldError> {
    if !crate::planted::is(crate::planted::Bug::CheckpointBeforeFold) {
        return Ok(None);
    }
    let tables = frozen.collections.iter().map(|collection| in_checkpoint(collection, &unfolded(collection)));
    move_root(shared, frozen, root, tables.collect(), memory).await.map(Some)
}

#[cfg(feature = "planted-bugs")]
async fn planted_compaction(
    shared: &Shared,
    frozen: &FrozenCollection,
    compacted: Option<u64>,
) -> Result<Option<u64>, TableError> {
    match frozen.version {
        Some(before) if crate::planted::is(crate::planted::Bug::CompactionBesideFold) => {
            table::planted_beside_fold(&shared.tables, frozen.table, before).await
        }
        _ => Ok(compacted),
    }
}

#[cfg(feature = "planted-bugs")]
fn planted_contents(shared: &Shared, checkpoint: &mut Checkpoint) {
    if crate::planted::is(crate::planted::Bug::ReplayCountsUsageTwice) {
        checkpoint.usage = shared.state.read().usage.iter().map(|(k, v)| (k.clone(), *v)).collect();
    }
    if crate::planted::is(crate::planted::Bug::AnswersForgottenByFold) {
        checkpoint.answers.clear();
    }
}

pub(super) fn fold_error(error: TableError) -> FoldError {
    match error {
        TableError::Fenced => FoldError::Fenced,
        other => FoldError::Unavailable(other.to_string()),
    }
}
