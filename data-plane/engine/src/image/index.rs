//! The graph over one vector column of an image, and which of its rows are where.
//!
//! The graph knows rows by labels. Folds move rows from segment to segment, so a table tells where the row of each label
//! is, and each part has the labels of its rows. A row without a label is not in the graph yet, and is looked at one by
//! one; so is every row until the graph's recall has been measured.

mod calibrate;
mod job;

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_data_plane_graph::Graph;

use calibrate::width_for;
pub(crate) use job::{Done, cost, next_job};

use super::{Image, Part};
use crate::memtable::Bits;
use crate::store::Reservation;

/// Labels a block of the table.
const BLOCK: usize = 4_096;
/// The label of a row that is not in the graph.
const NO_LABEL: u32 = u32::MAX;
/// The label of a row without a vector: there is nothing to find.
const NO_VECTOR: u32 = u32::MAX - 1;
/// Where no row is.
const NOWHERE: Spot = Spot { part: u32::MAX, row: u32::MAX };

/// A row by its part's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) part: u32,
    pub(crate) row: u32,
}

/// The labels of a part's rows.
#[derive(Debug, Clone)]
struct Labels {
    of: Arc<Vec<u32>>,
    /// Rows that are not in the graph.
    outside: u32,
}

/// An index of one vector column.
#[derive(Debug, Clone)]
pub(crate) struct VectorIndex {
    column: usize,
    graph: Arc<Graph>,
    /// By label, in blocks that clones share.
    spots: Vec<Arc<Vec<Spot>>>,
    next_label: u32,
    /// By the id of the part.
    labels: BTreeMap<u32, Labels>,
    /// What was found to reach the recall; `None` before it was looked for.
    calibration: Option<Calibration>,
    /// Rows that memory was reserved for.
    room: usize,
    memory: Vec<Arc<Reservation>>,
}

/// How a graph of some size is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calibration {
    /// The width that reaches the recall; `None` when none did.
    width: Option<usize>,
    /// Rows in the graph then.
    rows: usize,
}

impl VectorIndex {
    fn new(column: usize, graph: Graph, room: usize, memory: Reservation) -> Self {
        Self {
            column,
            graph: Arc::new(graph),
            spots: Vec::new(),
            next_label: 0,
            labels: BTreeMap::new(),
            calibration: None,
            room,
            memory: vec![Arc::new(memory)],
        }
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether a column is to be searched with it.
    pub(crate) fn is_usable_for(&self, column: usize) -> bool {
        self.column == column && self.calibration.is_some()
    }

    /// The width to search with; `None` when none is enough: then the codes of all rows are looked at.
    pub(crate) fn width(&self) -> Option<usize> {
        self.calibration?.width
    }

    /// Where the row of a label is. It may be dead, or in a part that a view has not got.
    pub(crate) fn spot(&self, label: u32) -> Spot {
        let block = self.spots.get(label as usize / BLOCK);
        block.and_then(|block| block.get(label as usize % BLOCK)).copied().unwrap_or(NOWHERE)
    }

    /// The labels of rows of a part, of those that have one.
    pub(crate) fn labels<'a>(&'a self, part: &Part, rows: &'a Bits) -> impl Iterator<Item = u32> + 'a {
        let labels = self.labels.get(&part.id).into_iter();
        labels
            .flat_map(|labels| rows.iter().filter_map(|row| labels.of.get(row as usize)))
            .copied()
            .filter(|label| *label < NO_VECTOR)
    }

    /// Rows of a part that are not in the graph, dead ones included.
    pub(crate) fn outside<'a>(&'a self, part: &'a Part) -> Box<dyn Iterator<Item = u32> + 'a> {
        match self.labels.get(&part.id) {
            None => Box::new(0..part.segment.len()),
            Some(labels) if labels.outside == 0 => Box::new(std::iter::empty()),
            Some(labels) => {
                Box::new((0_u32..).zip(labels.of.iter()).filter(|(_, label)| **label == NO_LABEL).map(|(row, _)| row))
            }
        }
    }

    /// How many those of a part are.
    pub(crate) fn count_outside(&self, part: &Part) -> usize {
        self.labels.get(&part.id).map_or(part.segment.len(), |labels| labels.outside) as usize
    }

    /// Live rows of the parts that are in the graph.
    fn live(&self, parts: &[Part]) -> usize {
        let in_part = |part: &Part| {
            let labels = self.labels.get(&part.id)?;
            let rows =
                (0_u32..).zip(labels.of.iter()).filter(|(row, label)| **label < NO_VECTOR && !part.dead.get(*row));
            Some(rows.count())
        };
        parts.iter().filter_map(in_part).sum()
    }

    fn set_spot(&mut self, label: u32, spot: Spot) {
        let (block, at) = (label as usize / BLOCK, label as usize % BLOCK);
        while self.spots.len() <= block {
            self.spots.push(Arc::new(vec![NOWHERE; BLOCK]));
        }
        Arc::make_mut(&mut self.spots[block])[at] = spot;
    }

    /// Rows were copied from older parts into a new one, in the order of `from`; more rows come after them.
    pub(super) fn moved(&mut self, from: &[Spot], to: u32, rows: u32, replaced: &[u32]) {
        let mut labels = vec![NO_LABEL; rows as usize];
        for ((row, label), spot) in (0_u32..).zip(&mut labels).zip(from) {
            let old = self.labels.get(&spot.part).and_then(|labels| labels.of.get(spot.row as usize));
            *label = old.copied().unwrap_or(NO_LABEL);
            if *label < NO_VECTOR {
                self.set_spot(*label, Spot { part: to, row });
            }
        }
        for part in replaced {
            self.labels.remove(part);
        }
        self.set_labels(to, labels);
    }

    fn set_labels(&mut self, part: u32, labels: Vec<u32>) {
        let outside = labels.iter().filter(|label| **label == NO_LABEL).count();
        let outside = u32::try_from(outside).unwrap_or(u32::MAX);
        self.labels.insert(part, Labels { of: Arc::new(labels), outside });
    }
}

impl Image {
    /// Brings in what a job did, as far as the image still has the rows it was done for.
    pub(crate) fn finish(&mut self, done: Done) {
        match done {
            Done::Started(index) => self.indexes.push(Arc::new(*index)),
            Done::Added { graph, rows, without, next_label, memory } => {
                let Some(index) = self.indexes.iter_mut().find(|index| Arc::ptr_eq(&index.graph, &graph)) else {
                    return;
                };
                Arc::make_mut(index).added(&self.parts, &rows, &without, next_label, memory);
            }
            Done::Calibrated { graph, calibration } => {
                let Some(at) = self.indexes.iter().position(|index| Arc::ptr_eq(&index.graph, &graph)) else { return };
                let index = Arc::make_mut(&mut self.indexes[at]);
                index.calibration = Some(calibration);
                let column = index.column;
                // It takes the place of the one that was searched until now.
                let mut place = 0;
                self.indexes.retain(|index| {
                    place += 1;
                    index.column != column || place > at
                });
            }
        }
    }
}

impl VectorIndex {
    fn added(
        &mut self,
        parts: &[Part],
        rows: &[(u32, Spot)],
        without: &[Spot],
        next_label: u32,
        memory: Option<(usize, Arc<Reservation>)>,
    ) {
        self.next_label = next_label;
        if let Some((room, memory)) = memory {
            self.room += room;
            self.memory.push(memory);
        }
        let marks = rows.iter().copied().chain(without.iter().map(|spot| (NO_VECTOR, *spot)));
        let mut by_part: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        marks.for_each(|(label, spot)| by_part.entry(spot.part).or_default().push((label, spot.row)));
        for (id, marks) in by_part {
            // A fold may have moved its rows meanwhile. They are added again; what was added is as good as dead.
            let Some(part) = parts.iter().find(|part| part.id == id) else { continue };
            let known = self.labels.get(&id).map(|labels| labels.of.to_vec());
            let mut labels = known.unwrap_or_else(|| vec![NO_LABEL; part.segment.len() as usize]);
            for (label, row) in marks {
                labels[row as usize] = label;
                if label < NO_VECTOR {
                    self.set_spot(label, Spot { part: id, row });
                }
            }
            self.set_labels(id, labels);
        }
    }
}

/// Rows that are not dead.
pub(crate) fn live_rows(parts: &[Part]) -> usize {
    parts.iter().map(|part| (part.segment.len() - part.dead.ones()) as usize).sum()
}

/// Some of the live rows, evenly over all parts.
pub(crate) fn spread(parts: &[Part], wanted: usize) -> Vec<(usize, u32)> {
    let total: usize = parts.iter().map(|part| part.segment.len() as usize).sum();
    let mut rows = Vec::with_capacity(wanted);
    let (mut part, mut before) = (0, 0);
    for i in 0..wanted.min(total) {
        let at = i * total / wanted.min(total);
        while at >= before + parts[part].segment.len() as usize {
            before += parts[part].segment.len() as usize;
            part += 1;
        }
        if let Ok(row) = u32::try_from(at - before)
            && !parts[part].dead.get(row)
        {
            rows.push((part, row));
        }
    }
    rows
}
