//! How much of the exact answer the fast one gives.

use std::sync::Arc;

use super::collect::{Keep, Kept};
use super::distance::Probe;
use super::rank;
use super::remote::Wanted;
use super::run::off_thread;
use super::view::{SearchError, View};
use crate::image::spread;
use crate::memtable::Bits;
use crate::schema::Metric;

/// What a recall probe found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// The mean share of the nearest rows that a query finds, 0..=1. 1 when there was nothing to ask.
    pub recall: f64,
    /// Queries asked.
    pub samples: usize,
    /// Whether queries of this column use an index; without one they are exact.
    pub indexed: bool,
}

/// Asks with up to `samples` rows' own vectors for the `top_k` nearest of the other rows, both ways. The row that is
/// asked with is in neither answer, and the graph is searched as if it were not there, since its links lead to all that
/// are near: what is measured holds for queries that are like the rows, but none of them. A row as near as the last of
/// the exact answer is as good.
pub(crate) async fn recall(
    view: Arc<View>,
    column: usize,
    samples: usize,
    top_k: usize,
) -> Result<Recall, SearchError> {
    let _waiting = view.abandoned.on_drop();
    if view.index_of(column).is_none() {
        return Ok(Recall { recall: 1.0, samples: 0, indexed: false });
    }
    let shared = Arc::clone(&view);
    off_thread(false, move || measure(&shared, column, samples, top_k)).await
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn measure(view: &View, column: usize, samples: usize, top_k: usize) -> Recall {
    let metric = view.schema.vectors.values().nth(column).map_or(Metric::Cosine, |spec| spec.metric);
    let mut passing = view.passing(None);
    let (mut shares, mut asked) = (0.0, 0);
    for (part, row) in spread(view.local_parts(), samples) {
        let segment = &view.parts[part].segment;
        let Some((vector, _)) = segment.vector(column, row) else { continue };
        let mut own = Bits::default();
        own.set(row);
        let others = passing[part].and(&Bits::all_but(segment.len(), &own));
        let with_own = std::mem::replace(&mut passing[part], others);
        let ask = |exact| {
            let keep = Keep::Best(top_k);
            let kept = Kept::new(&keep);
            let (vector, probe) = (Some(vector.to_vec()), Probe::new(vector, metric));
            let wanted = Wanted { vector, column, terms: None, filter: None, keep, max_distance: None, exact };
            let near = wanted.index(view).and_then(|(index, limit)| {
                let without = (part, row);
                view.candidates_without(index, &probe, &passing, limit, without)
            });
            rank::by_vector(view, &wanted, &probe, &passing, (kept, near))
        };
        let (exact, found) = (ask(true), ask(false));
        passing[part] = with_own;
        let Some(worst) = exact.last().map(|last| last.key) else { continue };
        let hits = found.iter().filter(|hit| hit.key <= worst).count();
        shares += hits as f64 / exact.len() as f64;
        asked += 1;
    }
    let recall = if asked == 0 { 1.0 } else { shares / f64::from(asked) };
    Recall { recall, samples: asked as usize, indexed: true }
}
