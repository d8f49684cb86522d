//! The next thing to do for the indexes of an image, done off its lock: start one, add rows to it, measure it.
//!
//! A job takes a snapshot and gives back what to change. Running one twice, or on an image that has changed since, does
//! no harm: rows that are gone by then are left out.

use std::sync::Arc;

use agentdb_data_plane_graph::{Graph, Metric as GraphMetric, Params};

use super::{Calibration, NO_LABEL, Spot, VectorIndex, live_rows, spread, width_for};
use crate::image::{Image, Part};
use crate::schema::{Metric, Schema, VectorSpec};
use crate::store::{MemoryBudget, Reservation};

/// Rows added at once: the graph's block.
const BATCH: usize = 4_096;
/// Fewer rows than this, or than a sixteenth of all, wait for more: blocks of a few rows waste room.
const WORTH_ADDING: usize = 1_024;
const WORTH_ADDING_SHARE: usize = 16;
/// Vectors that a graph's codes are made to fit.
const SAMPLE: usize = 1_000;
/// A graph of which this share is dead, in per cent, is built anew.
const MAX_DEAD_PERCENT: usize = 40;
/// Numbers that cost as much to look at as finding and judging a row does.
const ROW_COST: usize = 64;
/// Memory of a row in the tables of an index.
const ROW_OVERHEAD: usize = size_of::<u32>() + size_of::<Spot>();

/// Something to be done for an index.
pub(crate) struct Job {
    image: Image,
    schema: Arc<Schema>,
    budget: Arc<MemoryBudget>,
    step: Step,
}

enum Step {
    Start { column: usize, spec: VectorSpec },
    Add { index: Arc<VectorIndex> },
    Calibrate { index: Arc<VectorIndex>, spec: VectorSpec },
}

/// What a job did.
pub(crate) enum Done {
    Started(Box<VectorIndex>),
    Added {
        graph: Arc<Graph>,
        rows: Vec<(u32, Spot)>,
        without: Vec<Spot>,
        next_label: u32,
        memory: Option<(usize, Arc<Reservation>)>,
    },
    Calibrated {
        graph: Arc<Graph>,
        calibration: Calibration,
    },
}

/// What is to be done next for an image; nothing when its columns are small, streamed, or well indexed. `above` is the
/// cost of looking at all rows above which a column is indexed, in numbers looked at. Columns that `skip` names are left out.
pub(crate) fn next_job(
    image: &Image,
    schema: &Arc<Schema>,
    above: usize,
    budget: &Arc<MemoryBudget>,
    skip: &dyn Fn(usize) -> bool,
) -> Option<Job> {
    if image.remote.is_some() {
        return None;
    }
    let rows = live_rows(&image.parts);
    let step = schema.vectors.values().enumerate().find_map(|(column, spec)| {
        if skip(column) || cost(rows, *spec) <= above {
            return None;
        }
        let latest = image.indexes.iter().rev().find(|index| index.column == column);
        let Some(index) = latest else { return Some(Step::Start { column, spec: *spec }) };
        next_step(image, index, *spec, rows)
    })?;
    Some(Job { image: image.clone(), schema: Arc::clone(schema), budget: Arc::clone(budget), step })
}

/// The cost of looking at all rows of a column, in numbers looked at.
pub(crate) fn cost(rows: usize, spec: VectorSpec) -> usize {
    rows.saturating_mul(spec.dimension as usize + ROW_COST)
}

fn next_step(image: &Image, index: &Arc<VectorIndex>, spec: VectorSpec, rows: usize) -> Option<Step> {
    let outside: usize = image.parts.iter().map(|part| live_outside(index, part).count()).sum();
    let building = index.calibration.is_none();
    if outside > 0 && (building || outside >= WORTH_ADDING.min(rows / WORTH_ADDING_SHARE)) {
        return Some(Step::Add { index: Arc::clone(index) });
    }
    let there = index.graph.len();
    if index.calibration.is_none_or(|c| there >= c.rows.saturating_mul(2).max(1)) {
        return Some(Step::Calibrate { index: Arc::clone(index), spec });
    }
    let dead = there.saturating_sub(index.live(&image.parts));
    (dead * 100 > there * MAX_DEAD_PERCENT).then_some(Step::Start { column: index.column, spec })
}

fn live_outside<'a>(index: &'a VectorIndex, part: &'a Part) -> impl Iterator<Item = u32> + 'a {
    index.outside(part).filter(|row| !part.dead.get(*row))
}

impl Job {
    /// The vector column that it is for.
    pub(crate) fn column(&self) -> usize {
        match &self.step {
            Step::Start { column, .. } => *column,
            Step::Add { index } | Step::Calibrate { index, .. } => index.column,
        }
    }

    /// Does it. `None` when it was told to stop, or when there is no memory for it.
    pub(crate) fn run(self, stop: &dyn Fn() -> bool) -> Option<Done> {
        match &self.step {
            Step::Start { column, spec } => self.start(*column, *spec),
            Step::Add { index } => self.add(index, stop),
            Step::Calibrate { index, spec } => {
                let rows = index.graph.len();
                let width = width_for(&self.image.parts, index, *spec, stop)?;
                tracing::info!(rows, width, "how wide an index is searched was measured");
                let calibration = Calibration { width, rows };
                Some(Done::Calibrated { graph: Arc::clone(&index.graph), calibration })
            }
        }
    }

    fn start(&self, column: usize, spec: VectorSpec) -> Option<Done> {
        debug_assert!(column < self.schema.vectors.len());
        let parts = &self.image.parts;
        let rows = spread(parts, SAMPLE);
        let sample: Vec<&[f32]> =
            rows.iter().filter_map(|(part, row)| parts[*part].segment.vector(column, *row)).map(|(v, _)| v).collect();
        let metric = match spec.metric {
            Metric::Cosine => GraphMetric::Cosine,
            Metric::Dot => GraphMetric::Dot,
            Metric::Euclidean => GraphMetric::Euclidean,
        };
        let graph = Graph::new(spec.dimension as usize, metric, Params::default(), &sample);
        // All of it or nothing: half an index is of no use.
        let room = live_rows(parts);
        let memory = self.budget.reserve(memory_of(&graph, room))?;
        Some(Done::Started(Box::new(VectorIndex::new(column, graph, room, memory))))
    }

    fn add(&self, index: &Arc<VectorIndex>, stop: &dyn Fn() -> bool) -> Option<Done> {
        let mut vectors: Vec<(u32, &[f32])> = Vec::with_capacity(BATCH);
        let (mut rows, mut without) = (Vec::new(), Vec::new());
        let mut next_label = index.next_label;
        let parts = self.image.parts.iter();
        let spots = parts.flat_map(|part| live_outside(index, part).map(move |row| (part, row)));
        for (part, row) in spots.take(BATCH) {
            let spot = Spot { part: part.id, row };
            match part.segment.vector(index.column, row) {
                None => without.push(spot),
                Some((vector, _)) => {
                    vectors.push((next_label, vector));
                    rows.push((next_label, spot));
                    next_label += 1;
                }
            }
        }
        let memory = self.room_for(index, rows.len())?;
        let added = index.graph.add(&vectors, stop);
        rows.truncate(added);
        if added < vectors.len() {
            debug_assert!(stop() || next_label >= NO_LABEL / 2, "only a full graph refuses rows");
            return None;
        }
        Some(Done::Added { graph: Arc::clone(&index.graph), rows, without, next_label, memory })
    }

    /// Reserves memory when what was reserved is used up: for more rows than are added, so that it is seldom.
    #[expect(clippy::option_option, reason = "nothing to reserve is not the same as no room")]
    fn room_for(&self, index: &VectorIndex, rows: usize) -> Option<Option<(usize, Arc<Reservation>)>> {
        if index.graph.len() + rows <= index.room {
            return Some(None);
        }
        let more = rows.max(index.room / 8);
        let memory = self.budget.reserve(memory_of(&index.graph, more))?;
        Some(Some((more, Arc::new(memory))))
    }
}

fn memory_of(graph: &Graph, rows: usize) -> usize {
    graph.memory_for(rows) + rows * ROW_OVERHEAD
}
