//! What a checkpoint says of a table's files, so that a version is opened without looking around in the store.

use serde::{Deserialize, Serialize};

/// Where the files of a version are. Of no use but to be quick: the manifest itself says all of it, too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// The version that this is of.
    pub(crate) version: u64,
    /// The size of the manifest.
    pub(crate) manifest_bytes: u64,
    /// Parts of files that are read before anything else of them can be.
    pub(crate) ends: Vec<FileEnd>,
    pub(crate) indexes: Vec<VectorIndex>,
}

/// The end of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileEnd {
    /// Below the table's own path.
    pub(crate) path: String,
    pub(crate) size: u64,
    /// How much of it, from the end.
    pub(crate) bytes: u64,
}

/// The index of a vector column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VectorIndex {
    pub(crate) column: String,
    /// Rows in the fragments that it covers, dead ones included.
    pub(crate) covered: u64,
    /// Of them, rows that are dead.
    pub(crate) dead: u64,
    /// Rows that it does not cover; queries look at each of them.
    pub(crate) uncovered: u64,
}
