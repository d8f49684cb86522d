//! Indexes of vector columns, built beside everything else.
//!
//! Work is cut into jobs of a second or so. Of all namespaces of a store one job runs at a time, on a thread of its own;
//! it works on a snapshot and takes the lock only to bring in what it did. Rows that are not in an index yet are looked
//! at one by one, so nothing waits for it.

use std::sync::Arc;

use super::shared::Shared;
use super::state::Standing;
use crate::catalog::TableId;
use crate::image::{Done, Image, next_job};
use crate::schema::Schema;

/// Indexes in the background whenever folded rows came or went, until the namespace is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = shared.index_wake.notified() => {}
        }
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = index(&shared) => {}
        }
    }
}

/// What a job is looked for in.
struct Candidate {
    table: TableId,
    schema: Arc<Schema>,
    image: Image,
}

/// Does all there is to do. What does not fit the memory is left out, and tried again when called again.
pub(super) async fn index(shared: &Arc<Shared>) {
    let _one_at_a_time = shared.indexing.lock().await;
    let mut refused: Vec<(TableId, usize)> = Vec::new();
    while !shared.cancel.is_cancelled() {
        let Ok(turn) = Arc::clone(shared.store.index_turn()).acquire_owned().await else { return };
        let candidates = candidates(shared);
        let (above, budget) = (shared.config.index_above, Arc::clone(shared.store.budget()));
        let (cancel, skipped) = (shared.cancel.clone(), refused.clone());
        let work = move || {
            // Held by the work itself: it goes on when nobody waits for it any more, until it notices.
            let _turn = turn;
            candidates.into_iter().find_map(|Candidate { table, schema, image }| {
                let skip = |column| skipped.contains(&(table, column));
                let job = next_job(&image, &schema, above, &budget, &skip)?;
                let column = job.column();
                drop(image);
                Some((table, column, job.run(&|| cancel.is_cancelled())))
            })
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Some((table, _, Some(done)))) => finish(shared, table, done),
            Ok(Some((table, column, None))) => refused.push((table, column)),
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "an index could not be built");
                return;
            }
        }
    }
}

fn candidates(shared: &Shared) -> Vec<Candidate> {
    let state = shared.state.read();
    if state.standing != Standing::Serving {
        return Vec::new();
    }
    let large = state.collections.values().filter(|c| c.may_be_indexed(shared.config.index_above));
    let with_image = large.filter_map(|c| Some((c, c.image()?)));
    with_image.map(|(c, image)| Candidate { table: c.table, schema: Arc::clone(&c.schema), image }).collect()
}

fn finish(shared: &Shared, table: TableId, done: Done) {
    // It may have been dropped since.
    if let Some(collection) = shared.state.write().by_table(table) {
        collection.indexed(done);
    }
}
