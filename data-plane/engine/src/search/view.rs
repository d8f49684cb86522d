//! A collection at one moment, and where a row of it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lance::Dataset;

use super::cold::ColdTable;
use crate::catalog::Totals;
use crate::filter::Filter;
use crate::image::{Part, Segment, VectorIndex};
use crate::memtable::{Bits, MemRow, MemView};
use crate::schema::Schema;
use crate::store::Store;
use crate::table::TableError;

/// Everything a read needs; nothing in it changes.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) schema: Arc<Schema>,
    pub(crate) mems: Vec<MemView>,
    pub(crate) parts: Vec<Part>,
    /// Set when `parts` hold keys only.
    pub(crate) remote: Option<Arc<Dataset>>,
    /// Over the vector columns of `parts`.
    pub(crate) indexes: Vec<Arc<VectorIndex>>,
    /// Set when the folded rows are asked for in the table, by its vector index.
    pub(crate) cold: Option<ColdTable>,
    pub(crate) totals: Totals,
    /// Set when nobody waits for the answer any more.
    pub(crate) abandoned: Abandoned,
}

/// Tells work on other threads that its answer is not wanted any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub(super) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// To be kept by who waits.
    pub(super) fn on_drop(&self) -> AbandonOnDrop {
        AbandonOnDrop(self.clone())
    }
}

pub(super) struct AbandonOnDrop(Abandoned);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Where a live row is.
#[derive(Debug, Clone)]
pub(crate) enum At {
    Mem(Arc<MemRow>),
    Segment(Arc<Segment>, u32),
    /// The position in the remote table's ordered scan.
    Remote(u64),
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchError {
    #[error("{0}")]
    Table(#[from] TableError),
    #[error("a search task did not finish: {0}")]
    Task(String),
    #[error("the records found are more than one answer may hold")]
    TooLarge,
}

impl View {
    /// The same rows, read through `store`.
    pub(crate) fn through(self, store: &Store) -> Self {
        let through = |remote: &Arc<Dataset>| Arc::new(remote.with_object_store_wrappers([store.in_place()]));
        Self { remote: self.remote.as_ref().map(through), ..self }
    }

    /// The parts that are in memory with all their columns.
    pub(crate) fn local_parts(&self) -> &[Part] {
        if self.remote.is_some() { &[] } else { &self.parts }
    }

    /// Which rows of each part of [`Self::local_parts`] are live and pass: as many as there are set bits.
    pub(crate) fn passing(&self, filter: Option<&Filter>) -> Vec<Bits> {
        let passing = |part: &Part| match filter.filter(|filter| filter.is_dear()) {
            Some(filter) => {
                let passing = part.segment.passing(filter, || self.abandoned.is());
                passing.map_or_else(Bits::default, |passing| passing.and(&part.live()))
            }
            None => self.select(filter, &part.segment, part.live()),
        };
        self.local_parts().iter().map(passing).collect()
    }

    /// Those of the `open` rows of a segment that pass.
    pub(super) fn select(&self, filter: Option<&Filter>, segment: &Segment, open: Bits) -> Bits {
        match filter {
            Some(filter) => filter.select(&segment.columns(), &open, || self.abandoned.is()),
            None => open,
        }
    }

    /// The live rows of the memtables that pass.
    pub(super) fn passing_mems<'a>(&'a self, filter: Option<&'a Filter>) -> impl Iterator<Item = &'a Arc<MemRow>> {
        let rows = self.mems.iter().flat_map(MemView::rows).take_while(|_| !self.abandoned.is());
        rows.filter(move |row| filter.is_none_or(|filter| filter.passes(row.as_ref())))
    }

    /// Whether the row at a position of the remote table's ordered scan is shadowed.
    pub(super) fn is_dead_remote(&self, position: u64) -> bool {
        self.remote_row(position).is_some_and(|(part, row)| part.dead.get(row))
    }

    /// Logical bytes of rows.
    pub(crate) fn bytes_of<'a>(&self, places: impl IntoIterator<Item = &'a At>) -> usize {
        let bytes = places.into_iter().map(|at| match at {
            At::Mem(row) => row.bytes as usize,
            At::Segment(segment, row) => segment.bytes(*row) as usize,
            At::Remote(position) => self.remote_bytes(*position),
        });
        bytes.sum()
    }

    /// Logical bytes of the row at a position of the remote table's ordered scan.
    pub(super) fn remote_bytes(&self, position: u64) -> usize {
        self.remote_row(position).map_or(0, |(part, row)| part.segment.bytes(row) as usize)
    }

    fn remote_row(&self, mut position: u64) -> Option<(&Part, u32)> {
        for part in &self.parts {
            let length = u64::from(part.segment.len());
            if position < length {
                return u32::try_from(position).ok().map(|row| (part, row));
            }
            position -= length;
        }
        None
    }
}
