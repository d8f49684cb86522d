//! How wide a graph must be searched to reach the recall, measured on its own rows.

use agentdb_data_plane_graph::Search;

use super::{VectorIndex, live_rows, spread};
use crate::image::Part;
use crate::schema::VectorSpec;
use crate::search::Probe;

/// Queries asked.
const QUERIES: usize = 40;
/// The recall is that of so many nearest rows.
const RECALL_DEPTH: usize = 10;
/// What must be reached: more than what is promised, as other queries may be harder.
const RECALL: f64 = 0.97;
/// A query lies at a row that is left out of the graph, this far towards another: what is asked is not quite like what is
/// there.
const AWAY: f32 = 0.1;
const WIDTHS: [usize; 12] = [24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512];

/// The smallest width that reaches the recall, or `None` when none does: then every row is looked at. The outer `None`
/// is a stop.
#[expect(clippy::option_option, reason = "stopped is not the same as not reached")]
pub(crate) fn width_for(
    parts: &[Part],
    index: &VectorIndex,
    spec: VectorSpec,
    stop: &dyn Fn() -> bool,
) -> Option<Option<usize>> {
    let queries = queries(parts, index);
    let mut truths = Vec::with_capacity(queries.len());
    for query in &queries {
        if stop() {
            return None;
        }
        truths.push(truth(parts, index, query.without, &Probe::new(&query.vector, spec.metric)));
    }
    for width in WIDTHS {
        let (mut hits, mut wanted) = (0, 0);
        for (query, truth) in queries.iter().zip(&truths) {
            if stop() {
                return None;
            }
            let Some(worst) = truth.last() else { continue };
            let probe = Probe::new(&query.vector, spec.metric);
            hits += found(parts, index, query.without, &probe, (width, *worst)).min(truth.len());
            wanted += truth.len();
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        if hits as f64 >= wanted as f64 * RECALL {
            return Some(Some(width));
        }
    }
    tracing::warn!(rows = live_rows(parts), "no width of search reaches the recall; every row is looked at");
    Some(None)
}

struct LikeRows {
    vector: Vec<f32>,
    /// The label of the row that it is made from, which is not to be found: it would lead to all that are near.
    without: u32,
}

fn queries(parts: &[Part], index: &VectorIndex) -> Vec<LikeRows> {
    let rows = spread(parts, 2 * QUERIES);
    let vector = |(part, row): &(usize, u32)| parts[*part].segment.vector(index.column, *row).map(|(v, _)| v);
    let label = |(part, row): &(usize, u32)| index.labels.get(&parts[*part].id)?.of.get(*row as usize).copied();
    let (near, far) = rows.split_at(rows.len() / 2);
    let queries = near.iter().zip(far).filter_map(|(row, other)| {
        let (one, other) = (vector(row)?, vector(other)?);
        let vector = one.iter().zip(other).map(|(a, b)| a + AWAY * (b - a)).collect();
        Some(LikeRows { vector, without: label(row)? })
    });
    queries.collect()
}

/// The distances of the nearest rows in the graph, nearest first.
fn truth(parts: &[Part], index: &VectorIndex, without: u32, probe: &Probe<'_>) -> Vec<f32> {
    let mut nearest: Vec<f32> = Vec::with_capacity(RECALL_DEPTH + 1);
    for part in parts {
        let Some(labels) = index.labels.get(&part.id) else { continue };
        for (row, label) in (0_u32..).zip(labels.of.iter()) {
            if *label >= super::NO_VECTOR || *label == without || part.dead.get(row) {
                continue;
            }
            let Some((vector, norm)) = part.segment.vector(index.column, row) else { continue };
            let distance = probe.distance(vector, norm);
            if nearest.len() < RECALL_DEPTH || nearest.last().is_some_and(|worst| distance < *worst) {
                let at = nearest.partition_point(|near| *near <= distance);
                nearest.insert(at, distance);
                nearest.truncate(RECALL_DEPTH);
            }
        }
    }
    nearest
}

/// How many rows a search finds that are as near as `worst`.
fn found(parts: &[Part], index: &VectorIndex, without: u32, probe: &Probe<'_>, (width, worst): (usize, f32)) -> usize {
    let row = |label: u32| {
        let spot = index.spot(label);
        let part = parts.iter().find(|part| part.id == spot.part)?;
        (!part.dead.get(spot.row)).then_some((part, spot.row))
    };
    let search = Search { width, visits: usize::MAX };
    let found = index.graph.search_without(without, probe.vector(), search, &mut |label| row(label).is_some());
    let distances = found.near.iter().filter_map(|(label, _)| {
        let (part, row) = row(*label)?;
        part.segment.vector(index.column, row).map(|(vector, norm)| probe.distance(vector, norm))
    });
    distances.filter(|distance| *distance <= worst).count()
}
