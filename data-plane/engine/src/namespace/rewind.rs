//! Rewind: the collections become again what they were at an older commit, by an entry of the log.
//!
//! The entry names the Lance versions that hold the older commit, so its replay reads nothing of the past. Rows that
//! were in the log and not in a table at that commit are brought into the tables first, as new versions that nothing
//! else names. What comes before the entry stays readable: a rewind can itself be rewound.

use std::collections::HashMap;
use std::sync::Arc;

use super::Namespace;
use super::collection::Collection;
use super::draft::{PendingOp, Refused};
use super::errors::{ReadError, TimeError, WriteError};
use super::folding::Pin;
use super::past::PastState;
use super::shared::Shared;
use super::snapshots::Moment;
use super::state::{Freeze, Gone, State};
use super::types::{Commit, Committed, WriteMeta};
use super::writer::new_table;
use crate::catalog::{FoldedTable, TableId};
use crate::image::{self, Image};
use crate::table::{self, FoldInput, TableError, TableFiles};

/// A namespace as it was at a commit.
#[derive(Debug)]
pub(super) struct Rewound {
    /// The commit.
    pub(super) to: Commit,
    pub(super) tables: Vec<FoldedTable>,
    /// The rows of those tables that were in memory before the rewind. Empty when it is replayed.
    pub(super) images: HashMap<TableId, Image>,
}

impl Namespace {
    /// Takes all collections back to what they were at `to`. Usage, answers of idempotent requests, snapshots and
    /// branches are not taken back. A write that is made meanwhile is ordered before or after; readers see all of
    /// what was before, or all of what is after.
    ///
    /// # Errors
    /// When the moment cannot be read, or as for any write.
    pub async fn rewind(&self, to: &Moment, meta: WriteMeta) -> Result<Committed, TimeError> {
        if let Some(done) = self.done_before(&meta)? {
            return Ok(done);
        }
        let shared = &self.shared;
        // Folds change the same tables, and trims could remove what is gone back to.
        let mut memory = shared.folding.lock().await;
        let to = self.commit_of(to).await?;
        let past = self.at_commit(to).await?;
        // What this makes and then does not name is found by the next clean-up.
        memory.cleaning.look_for_orphans();
        let tables = materialize(shared, &past).await?;
        let images = images(shared, &past, &tables).await?;
        let pinned = tables.iter().filter_map(|t| Some((t.table, t.version?))).collect();
        let bytes = tables.iter().map(|t| 128 + t.name.len() + 64 * t.schema.attributes.len()).sum();
        memory.pins.push(Pin { commit: None, tables: pinned, branch: None });
        let written = self.submit(PendingOp::Rewind(Rewound { to, tables, images }), meta, bytes).await;
        let written = written.map_err(Refused::into_error);
        // One that is in doubt stays pinned as long as the namespace is open.
        if !matches!(written, Err(WriteError::Unavailable(_))) {
            memory.pins.pop();
        }
        Ok(written?)
    }
}

/// A past state as what is to be brought into tables.
pub(super) async fn freeze(past: &PastState) -> Result<Arc<Freeze>, TimeError> {
    let state = past.shared();
    for (name, _) in state.unfolded_collections() {
        // Sums over the live rows are exact only beside the folded rows.
        state.ensure_image(&name).await?;
    }
    // It reads the same afterwards.
    Ok(state.state.write().freeze())
}

/// The collections at a past state, with all of their rows in the tables.
async fn materialize(shared: &Shared, past: &PastState) -> Result<Vec<FoldedTable>, TimeError> {
    let frozen = freeze(past).await?;
    let mut tables = Vec::with_capacity(frozen.collections.len());
    for collection in &frozen.collections {
        if collection.memtable.is_empty() {
            tables.push(collection.in_table(collection.version));
            continue;
        }
        // The files of a table that was dropped since, and had none at that commit, may be gone or going. In its place
        // nothing may be made that has a number that was used before.
        let is_gone = !shared.state.read().names.contains_key(&collection.table);
        let table = if is_gone && collection.version.is_none() { new_table(shared) } else { collection.table };
        let version = in_table(shared, &shared.tables, &FoldInput { table, ..collection.input() }).await?;
        tables.push(FoldedTable { table, ..collection.in_table(version) });
    }
    Ok(tables)
}

/// Brings rows of a past state into a table, and gives the version that holds them.
pub(super) async fn in_table(
    shared: &Shared,
    files: &TableFiles,
    input: &FoldInput<'_>,
) -> Result<Option<u64>, TimeError> {
    match table::fold(files, input, || shared.still_owner_of_tables()).await {
        Ok(done) => Ok(done.version),
        Err(TableError::Fenced) => {
            shared.fence();
            Err(ReadError::Fenced.into())
        }
        Err(error) => Err(TimeError::Unavailable(error.to_string())),
    }
}

/// The rows of collections that are in memory: the same ones at the past state, as far as there is room beside them.
/// What has no room is loaded by the first who needs it.
async fn images(
    shared: &Shared,
    past: &PastState,
    tables: &[FoldedTable],
) -> Result<HashMap<TableId, Image>, TimeError> {
    let mut images = HashMap::new();
    for folded in tables {
        let Some(version) = folded.version else { continue };
        let in_use = shared.state.write().by_table(folded.table).is_some_and(|live| live.has_image());
        if !in_use {
            continue;
        }
        let same = past.shared().state.write().by_table(folded.table).and_then(|old| old.untouched_image(version));
        if let Some(image) = same {
            images.insert(folded.table, image);
            continue;
        }
        let bytes = usize::try_from(folded.totals.bytes).unwrap_or(usize::MAX);
        if shared.store.budget().reserve(bytes.saturating_mul(2)).is_none() {
            continue;
        }
        let schema = Arc::new(folded.schema.clone());
        let (files, budget) = (&shared.tables, shared.store.budget());
        let image = image::load(files, &schema, (folded.table, version, None), Some(folded.totals), budget).await;
        images.insert(folded.table, image.map_err(|e| TimeError::Unavailable(e.to_string()))?);
    }
    Ok(images)
}

impl State {
    /// Puts the collections of a past state in the place of those there are.
    pub(super) fn rewind(&mut self, commit: Commit, mut rewound: Rewound) {
        let before = std::mem::take(&mut self.collections);
        self.names.clear();
        for folded in rewound.tables {
            self.names.insert(folded.table, folded.name.clone());
            let image = rewound.images.remove(&folded.table);
            let name = folded.name.clone();
            self.collections.insert(name, Collection::rewound(folded, image, commit));
        }
        let gone = before.into_values().filter(|c| !self.names.contains_key(&c.table));
        let gone: Vec<Gone> = gone.map(|c| Gone { table: c.table, created_commit: c.created_commit }).collect();
        self.dropped.extend(gone);
        self.dropped.retain(|gone| !self.names.contains_key(&gone.table));
        self.marks.rewinds.push(commit);
    }
}
