//! The root of a namespace: checkpoints, and the tables they name.

mod checkpoint;
mod history;
mod layout;
mod roots;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use checkpoint::{Aside, Checkpoint, DroppedTable, FoldedTable, Totals};
pub(crate) use history::{BranchMark, Erasing, Kept, Mark, Marks, SnapshotMark};
pub(crate) use layout::{FileEnd, Layout, VectorIndex};
pub(crate) use roots::{Moved, RootError, Roots};

/// A table's identity. A collection that is dropped and created again is another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct TableId(pub(crate) Uuid);

impl std::fmt::Display for TableId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}
