//! How wide a graph must be searched to reach the recall, measured on its own rows.

use agentdb_data_plane_graph::Search;

use super::{VectorIndex, live_rows, spread};
use crate::image::Part;
use crate::memtable::Bits;
use crate::schema::VectorSpec;
use crate::search::Probe;

/// Queries asked.
const QUERIES: usize = 120;
/// The recall is that of so many nearest rows.
const RECALL_DEPTH: usize = 10;
/// What must be reached: more than what is promised, as other queries may be harder.
const RECALL: f64 = 0.97;
/// A query lies at a row that is left out of the graph, this far towards another: what is asked is not quite like what is
/// there.
const AWAY: f32 = 0.1;
const WIDTHS: [usize; 16] = [24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];

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
    let live: Vec<Bits> = parts.iter().map(|part| Bits::all_but(part.segment.len(), &part.dead)).collect();
    let mut truths = Vec::with_capacity(queries.len());
    for query in &queries {
        let probe = Probe::new(&query.vector, spec.metric);
        truths.push(truth((parts, &live), index, query.without, &probe, stop)?);
    }
    for width in WIDTHS {
        let (mut hits, mut wanted) = (0, 0);
        for (query, (worst, many)) in queries.iter().zip(&truths) {
            if stop() {
                return None;
            }
            let probe = Probe::new(&query.vector, spec.metric);
            hits += found(parts, index, query.without, &probe, (width, *worst)).min(*many);
            wanted += many;
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

/// The distance of the farthest of the nearest live rows in the graph, and how many these are. `None` when told to stop.
fn truth(
    (parts, live): (&[Part], &[Bits]),
    index: &VectorIndex,
    without: u32,
    probe: &Probe<'_>,
    stop: &dyn Fn() -> bool,
) -> Option<(f32, usize)> {
    let labels = parts.iter().zip(live).flat_map(|(part, live)| index.labels(part, live));
    let near = index.graph.scan(probe.vector(), RECALL_DEPTH, &mut labels.filter(|label| *label != without), stop)?;
    let mut distances: Vec<f32> = near.into_iter().filter_map(|label| distance(parts, index, probe, label)).collect();
    distances.sort_unstable_by(f32::total_cmp);
    distances.truncate(RECALL_DEPTH);
    Some((distances.last().copied().unwrap_or(f32::INFINITY), distances.len()))
}

/// The row of a label, if it is live.
fn row<'a>(parts: &'a [Part], index: &VectorIndex, label: u32) -> Option<(&'a Part, u32)> {
    let spot = index.spot(label);
    let part = parts.iter().find(|part| part.id == spot.part)?;
    (!part.dead.get(spot.row)).then_some((part, spot.row))
}

fn distance(parts: &[Part], index: &VectorIndex, probe: &Probe<'_>, label: u32) -> Option<f32> {
    let (part, row) = row(parts, index, label)?;
    part.segment.vector(index.column, row).map(|(vector, norm)| probe.distance(vector, norm))
}

/// How many rows a search finds that are as near as `worst`.
fn found(parts: &[Part], index: &VectorIndex, without: u32, probe: &Probe<'_>, (width, worst): (usize, f32)) -> usize {
    let search = Search { width, enough: usize::MAX, visits: usize::MAX };
    let mut is_live = |label| row(parts, index, label).is_some();
    let found = index.graph.search_without(without, probe.vector(), search, &mut is_live);
    let distances = found.near.iter().filter_map(|(label, _)| distance(parts, index, probe, *label));
    distances.filter(|distance| *distance <= worst).count()
}
