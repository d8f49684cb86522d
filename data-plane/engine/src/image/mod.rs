//! Folded rows in memory, for search and for look-ups by id.
//!
//! An image holds the live rows of a table at its checkpoint's version in segments. A row that a newer write
//! shadows is marked dead the moment that write is applied, so readers never rank it. A fold appends a
//! segment made from the memtable; nothing is read back. When the rows do not fit the memory budget, the
//! image keeps only keys, and queries stream the columns they need from Lance.

mod index;
mod load;
mod merge;
mod segment;

use std::sync::Arc;

use lance::Dataset;

pub(crate) use index::{Done, VectorIndex, cost, live_rows, next_job, spread};
pub(crate) use load::{load, memory_for, stream};
pub(crate) use merge::{Merged, merge};
pub(crate) use segment::Segment;

use crate::catalog::Totals;
use crate::memtable::Bits;

/// A segment and its dead rows.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Never used again in the same image; parts are in the order of their ids.
    pub(crate) id: u32,
    pub(crate) segment: Arc<Segment>,
    pub(crate) dead: Arc<Bits>,
}

impl Part {
    /// The rows that are not dead.
    pub(crate) fn live(&self) -> Bits {
        Bits::all_but(self.segment.len(), &self.dead)
    }
}

/// The folded rows of one collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub(crate) parts: Vec<Part>,
    /// Set when the segments hold keys only: where the other columns are. Rows of the parts, one part after
    /// the other, are then in the order of an ordered scan.
    pub(crate) remote: Option<Arc<Dataset>>,
    /// Over vector columns. Of two over one column the first is searched and the other takes its place when it is built.
    pub(crate) indexes: Vec<Arc<VectorIndex>>,
    next_part: u32,
}

/// A row of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) part: usize,
    pub(crate) row: u32,
}

impl Image {
    /// Rows that were loaded.
    pub(crate) fn of(segments: Vec<Segment>, remote: Option<Arc<Dataset>>) -> Self {
        let mut image = Self { remote, ..Self::default() };
        segments.into_iter().for_each(|segment| image.push(Arc::new(segment), Bits::default()));
        image
    }

    /// Appends a part.
    fn push(&mut self, segment: Arc<Segment>, dead: Bits) {
        self.parts.push(Part { id: self.next_part, segment, dead: Arc::new(dead) });
        self.next_part += 1;
    }

    /// Bytes of memory that its rows have reserved.
    pub(crate) fn memory(&self) -> usize {
        self.parts.iter().map(|part| part.segment.memory()).sum()
    }

    /// The live row of `id`.
    pub(crate) fn find(&self, id: &str) -> Option<Place> {
        self.parts.iter().enumerate().rev().find_map(|(part, p)| {
            let row = p.segment.find(id)?;
            (!p.dead.get(row)).then_some(Place { part, row })
        })
    }

    /// The position of a row in the ordered scan of the remote table.
    pub(crate) fn position(&self, place: Place) -> u64 {
        let before: u64 = self.parts[..place.part].iter().map(|p| u64::from(p.segment.len())).sum();
        before + u64::from(place.row)
    }

    /// Marks the row of `id` dead and counts it out. Says whether there was a live one.
    pub(crate) fn kill(&mut self, id: &str, totals: &mut Totals) -> bool {
        let Some(place) = self.find(id) else { return false };
        let part = &mut self.parts[place.part];
        Arc::make_mut(&mut part.dead).set(place.row);
        totals.remove(part.segment.bytes(place.row), part.segment.tokens(place.row));
        true
    }
}
