//! Vector indexes of the tables: when one is due, building it beside everything else, handing it to the next fold.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::errors::FoldError;
use super::shared::Shared;
use super::state::Standing;
use super::types::Commit;
use crate::catalog::{Layout, TableId};
use crate::schema::VectorSpec;
use crate::table::{self, Built, TableError};

/// An index is built anew when it does not cover one row in so many, or so many of its rows are dead.
const ONE_IN: u64 = 4;

/// A column that is to have an index over the rows of a version.
#[derive(Debug)]
struct Due {
    table: TableId,
    since: Commit,
    version: u64,
    layout: Arc<Layout>,
    column: String,
    spec: VectorSpec,
}

/// Builds indexes after folds, until the namespace is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = shared.table_index_wake.notified() => {}
        }
        let built = tokio::select! {
            () = shared.cancel.cancelled() => return,
            built = build_due(&shared) => built,
        };
        match built {
            Ok(()) => {}
            // The next fold asks again.
            Err(error) => tracing::warn!(%error, "a vector index could not be built; queries do without"),
        }
    }
}

/// Builds what is due and folds it in.
pub(super) async fn index(shared: &Arc<Shared>) -> Result<(), FoldError> {
    build_due(shared).await.map_err(|e| FoldError::Unavailable(e.to_string()))?;
    super::folding::fold(shared).await
}

async fn build_due(shared: &Arc<Shared>) -> Result<(), TableError> {
    let stops = shared.builds.stops();
    let mut failed = Ok(());
    for due in due(shared) {
        // One at a time on a store handle: each takes all the processor it can get.
        let Ok(_turn) = shared.store.index_turn().acquire().await else { return Ok(()) };
        // Not beside an erase, and not what was due before it; the fold that ends it asks again.
        let Some(building) = shared.builds.begin(due.table, stops) else { return Ok(()) };
        let of = (due.table, due.version, Arc::clone(&due.layout));
        tracing::debug!(table = %due.table, "an index build begins");
        let (column, steps) = ((due.column.as_str(), due.spec), building.steps());
        let built = table::build_index(&shared.tables, of, column, due.since, steps).await;
        tracing::debug!("an index build ended");
        if building.is_stopped() {
            tracing::info!(table = %due.table, "the build of a vector index was given up for an erase");
            return Ok(());
        }
        let built = match built {
            Ok(built) => built,
            // Others may be built all the same.
            Err(error) => {
                failed = Err(error);
                continue;
            }
        };
        tracing::info!(table = %due.table, column = due.column, "a vector index is built");
        let mut state = shared.state.write();
        if state.standing != Standing::Serving {
            return Ok(());
        }
        let mut waiting = shared.built.lock();
        waiting.push(built);
        // That of a collection which was dropped or rewound meanwhile is of other rows.
        waiting.retain(|built| state.collection(built.table).is_some_and(|live| live.since == built.since));
        drop(waiting);
        state.changed = true;
        shared.unfolded.since_ms.store(1, Ordering::Release);
        drop(state);
        shared.fold_wake.notify_one();
    }
    failed
}

fn due(shared: &Shared) -> Vec<Due> {
    let least = shared.config.index_rows as u64;
    let state = shared.state.read();
    let mut due = Vec::new();
    for collection in state.collections.values() {
        let (Some(version), Some(layout)) = (collection.version, &collection.layout) else { continue };
        if collection.totals.rows < least {
            continue;
        }
        let waiting = shared.built_for(collection.table);
        for (column, spec) in &collection.schema.vectors {
            if waiting.iter().any(|built| built.column == *column && built.since == collection.since) {
                continue;
            }
            let index = layout.indexes.iter().find(|index| index.column == *column);
            let enough = |rows: u64, of: u64| rows >= least.max(of / ONE_IN);
            if index.is_none_or(|i| enough(i.uncovered, i.covered) || enough(i.dead * 2, i.covered * 2)) {
                let layout = Arc::clone(layout);
                let (table, since, column) = (collection.table, collection.since, column.clone());
                due.push(Due { table, since, version, layout, column, spec: *spec });
            }
        }
    }
    due
}

impl Shared {
    /// The built indexes of a table that no fold has brought into it.
    pub(super) fn built_for(&self, table: TableId) -> Vec<Built> {
        self.built.lock().iter().filter(|built| built.table == table).cloned().collect()
    }
}

/// Commits the built indexes of a table on top of `version`; the version after that. Those from before `since`, when a
/// rewind put the collection there, would hide the rows that it brought back.
pub(super) async fn commit(
    shared: &Shared,
    (table, since): (TableId, Commit),
    version: Option<u64>,
) -> Result<Option<u64>, TableError> {
    let Some(mut version) = version else { return Ok(None) };
    for built in shared.built_for(table) {
        // Of rows that were put there after what is folded now: for the next fold.
        if built.since > since {
            continue;
        }
        if built.since == since
            && let Some(next) = table::commit_index(&shared.tables, &built, version).await?
        {
            version = next;
        }
        shared.built.lock().retain(|other| !other.is(&built));
    }
    Ok(Some(version))
}
