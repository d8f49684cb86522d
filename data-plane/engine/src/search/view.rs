//! A collection at one moment, and where a row of it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lance::Dataset;
use lance_io::object_store::WrappingObjectStore;

use crate::catalog::Totals;
use crate::filter::{Filter, RowView};
use crate::image::{Part, Segment};
use crate::memtable::{MemRow, MemView};
use crate::schema::Schema;
use crate::store::{CountedBy, IoScope};
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
    /// The same rows, with every call to the store noted in `scope`.
    pub(crate) fn counted(self, scope: &Arc<IoScope>) -> Self {
        let counted = |remote: &Arc<Dataset>| {
            let counter: Arc<dyn WrappingObjectStore> = Arc::new(CountedBy(Arc::clone(scope)));
            Arc::new(remote.with_object_store_wrappers([counter]))
        };
        Self { remote: self.remote.as_ref().map(counted), ..self }
    }

    /// Offers every live row that is in memory with all its columns, unless the answer is abandoned.
    pub(super) fn each_local<'a>(&'a self, mut visit: impl FnMut(&dyn RowView, Local<'a>)) {
        for row in self.mems.iter().flat_map(MemView::rows) {
            if self.abandoned.is() {
                return;
            }
            visit(row.as_ref(), Local::Mem(row));
        }
        if self.remote.is_some() {
            return;
        }
        for part in &self.parts {
            for row in (0..part.segment.len()).filter(|row| !part.dead.get(*row)) {
                if self.abandoned.is() {
                    return;
                }
                visit(&part.segment.view(row), Local::Segment(&part.segment, row));
            }
        }
    }

    /// Whether the row at a position of the remote table's ordered scan is shadowed.
    pub(super) fn is_dead_remote(&self, position: u64) -> bool {
        self.remote_row(position).is_some_and(|(part, row)| part.dead.get(row))
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
