//! Whole rows, for writes that change parts of them.

use std::sync::Arc;

use super::query::Include;
use super::remote;
use super::view::{At, SearchError, View};
use crate::image::Segment;
use crate::memtable::MemRow;

/// The rows at `places`, in their order. Together they may hold `limit` logical bytes.
pub(crate) async fn whole_rows(view: &View, places: &[At], limit: usize) -> Result<Vec<Arc<MemRow>>, SearchError> {
    if view.bytes_of(places) > limit {
        return Err(SearchError::TooLarge);
    }
    let positions: Vec<u64> =
        places.iter().filter_map(|at| if let At::Remote(p) = at { Some(*p) } else { None }).collect();
    let columns = remote::include_columns(&view.schema, Include::ALL);
    let remote = remote::rows(view, &positions, &columns).await?;
    let (schema, places) = (Arc::clone(&view.schema), places.to_vec());
    let build = move || {
        let whole = |segment: &Segment, row| Arc::new(MemRow::new(segment.row(row), &schema));
        let mut next_remote = 0..;
        let rows = places.iter().map(|at| match at {
            At::Mem(row) => Some(Arc::clone(row)),
            At::Segment(segment, row) => Some(whole(segment, *row)),
            At::Remote(_) => remote.as_deref().zip(next_remote.next()).map(|(segment, row)| whole(segment, row)),
        });
        rows.flatten().collect()
    };
    // Texts are analysed again.
    tokio::task::spawn_blocking(build).await.map_err(|e| SearchError::Task(e.to_string()))
}
