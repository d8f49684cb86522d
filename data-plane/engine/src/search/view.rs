//! A collection at one moment, and where a row of it is.

use std::sync::Arc;

use lance::Dataset;

use crate::catalog::Totals;
use crate::filter::{Filter, RowView};
use crate::image::{Part, Segment};
use crate::memtable::{MemRow, MemView};
use crate::schema::Schema;
use crate::table::TableError;

/// Everything a read needs; nothing in it changes.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) schema: Arc<Schema>,
    pub(crate) mems: Vec<MemView>,
    pub(crate) parts: Vec<Part>,
    /// Set when `parts` hold keys only.
    pub(crate) remote: Option<Arc<Dataset>>,
    pub(crate) totals: Totals,
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
}

impl View {
    /// Offers every live row that is in memory with all its columns.
    pub(super) fn each_local<'a>(&'a self, mut visit: impl FnMut(&dyn RowView, Local<'a>)) {
        for mem in &self.mems {
            mem.rows().for_each(|row| visit(row.as_ref(), Local::Mem(row)));
        }
        if self.remote.is_some() {
            return;
        }
        for part in &self.parts {
            for row in (0..part.segment.len()).filter(|row| !part.dead.get(*row)) {
                visit(&part.segment.view(row), Local::Segment(&part.segment, row));
            }
        }
    }

    /// Whether the row at a position of the remote table's ordered scan is shadowed.
    pub(super) fn is_dead_remote(&self, mut position: u64) -> bool {
        for part in &self.parts {
            let length = u64::from(part.segment.len());
            if position < length {
                return u32::try_from(position).is_ok_and(|row| part.dead.get(row));
            }
            position -= length;
        }
        false
    }
}

/// A row in memory.
#[derive(Clone, Copy)]
pub(super) enum Local<'a> {
    Mem(&'a Arc<MemRow>),
    Segment(&'a Arc<Segment>, u32),
}

impl Local<'_> {
    pub(super) fn at(self) -> At {
        match self {
            Self::Mem(row) => At::Mem(Arc::clone(row)),
            Self::Segment(segment, row) => At::Segment(Arc::clone(segment), row),
        }
    }
}

/// Whether a row passes an optional filter.
pub(super) fn passes(filter: Option<&Filter>, row: &dyn RowView) -> bool {
    filter.is_none_or(|f| f.passes(row))
}
