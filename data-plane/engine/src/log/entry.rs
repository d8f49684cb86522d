//! What a log entry holds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::{FoldedTable, Mark, TableId};
use crate::config::Writer;
use crate::memtable::Row;
use crate::namespace::{Commit, UsageDelta};
use crate::schema::Schema;

/// One entry. `R` is [`Row`] when read and a reference to one when written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry<R = Row> {
    pub(crate) commit: Commit,
    pub(crate) writer_id: Uuid,
    pub(crate) generation: u64,
    /// Tells this very attempt from any other, also of the same writer.
    pub(crate) nonce: [u8; 16],
    /// Milliseconds since the Unix epoch by the writer's clock.
    pub(crate) at_ms: i64,
    pub(crate) body: Body<R>,
}

impl<R> Entry<R> {
    pub(crate) fn by(&self, writer: Writer) -> bool {
        self.writer_id == writer.writer_id
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Body<R = Row> {
    /// A writer takes the namespace over.
    Generation,
    /// Writes in their order.
    Writes(Vec<LoggedWrite<R>>),
    /// What was here was erased. A checkpoint is beyond it, so it is never replayed.
    Erased,
}

impl<R> Body<R> {
    pub(crate) fn is_erased(&self) -> bool {
        matches!(self, Self::Erased)
    }

    /// The table versions that a rewind names.
    pub(crate) fn rewound(&self) -> Vec<(TableId, u64)> {
        let Self::Writes(writes) = self else { return Vec::new() };
        let rewinds = writes.iter().flat_map(|write| &write.ops).filter_map(|op| match op {
            Op::Rewind { tables, .. } => Some(tables),
            _ => None,
        });
        rewinds.flatten().filter_map(|t| Some((t.table, t.version?))).collect()
    }
}

impl Body {
    /// The changes, in their order.
    pub(crate) fn into_ops(self) -> impl Iterator<Item = Op> {
        let writes = match self {
            Self::Generation | Self::Erased => Vec::new(),
            Self::Writes(writes) => writes,
        };
        writes.into_iter().flat_map(|write| write.ops)
    }
}

/// One caller's write.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoggedWrite<R = Row> {
    /// In their order; none when the request changed nothing but is counted or remembered.
    pub(crate) ops: Vec<Op<R>>,
    pub(crate) usage: Vec<UsageDelta>,
    pub(crate) answer: Option<Answer>,
}

/// A change of the namespace.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Op<R = Row> {
    Create {
        name: String,
        table: TableId,
        schema: Schema,
    },
    Drop {
        name: String,
    },
    Upsert {
        table: TableId,
        rows: Vec<R>,
    },
    Delete {
        table: TableId,
        ids: Vec<Box<str>>,
    },
    Mark(Mark),
    Erase(EraseOp),
    /// The collections are again what they were at `to`, and the tables hold that.
    Rewind {
        to: Commit,
        tables: Vec<FoldedTable>,
    },
}

/// Records of a collection, or all of it, that are to leave no trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EraseOp {
    pub(crate) name: String,
    /// The table of the records.
    pub(crate) table: Option<TableId>,
    /// `None` for the collection itself.
    pub(crate) ids: Option<Vec<Box<str>>>,
}

/// The answer of an idempotent request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) scope_key: [u8; 32],
    pub(crate) request_hash: [u8; 32],
    pub(crate) body: Vec<u8>,
    /// The commit of the request this answers.
    pub(crate) commit: Commit,
    pub(crate) deleted: u64,
    pub(crate) patched: u64,
    pub(crate) missing: u64,
    pub(crate) more: bool,
    pub(crate) metered: u64,
    pub(crate) created: bool,
    pub(crate) at_ms: i64,
}
