//! What a namespace keeps of its past: checkpoints, and the marks that its log sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::TableId;
use crate::namespace::Commit;

/// A checkpoint that is kept. Together with the log after it, it gives any commit up to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The checkpoint's place in their sequence; 0 is the empty namespace before its first commit, which has no object.
    pub(crate) sequence: u64,
    pub(crate) folded_commit: Commit,
    /// When the checkpoint was made.
    pub(crate) at_ms: i64,
    /// When the entry of `folded_commit` was written.
    pub(crate) commit_ms: i64,
    /// [`Marks::written`] at that commit.
    pub(crate) written: u64,
    /// Logical bytes of the live rows at that commit.
    pub(crate) live: u64,
    /// Kept for a snapshot alone: what comes after it is not all there.
    pub(crate) pinned: bool,
}

impl Kept {
    /// The namespace before its first commit.
    pub(crate) const EMPTY: Self = Self {
        sequence: 0,
        folded_commit: 0,
        at_ms: i64::MIN,
        commit_ms: i64::MIN,
        written: 0,
        live: 0,
        pinned: false,
    };
}

/// What log entries say beside rows and collections. A rewind does not take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The time of the last entry. Times of entries never go back, whatever the clocks do.
    pub(crate) last_ms: i64,
    /// Logical bytes of all rows ever written.
    pub(crate) written: u64,
    /// The rewinds of the history, oldest first.
    pub(crate) rewinds: Vec<Commit>,
    /// Commits that stay readable, by name.
    pub(crate) snapshots: BTreeMap<String, SnapshotMark>,
    /// Namespaces that began from this one, by name.
    pub(crate) branches: BTreeMap<String, BranchMark>,
    /// The commit of the last erase: nothing before it can be read.
    pub(crate) erased: Commit,
    /// Erases that are in the log, and whose traces are not all removed.
    pub(crate) erasing: Vec<Erasing>,
    /// Whether this namespace is itself a branch.
    pub(crate) is_branch: bool,
}

/// A collection that records were erased from, or that was erased itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Erasing {
    pub(crate) name: String,
    pub(crate) table: TableId,
    /// Of the erase.
    pub(crate) commit: Commit,
}

/// A namespace that began from this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BranchMark {
    /// The last part of its prefix. Never used again.
    pub(crate) id: Uuid,
    pub(crate) commit: Commit,
    /// When the branch was made.
    pub(crate) at_ms: i64,
    /// The versions of tables whose files it shares.
    pub(crate) tables: Vec<(TableId, u64)>,
}

/// A commit that stays readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotMark {
    pub(crate) commit: Commit,
    /// When the snapshot was made.
    pub(crate) at_ms: i64,
}

/// A change of the marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// Without a commit it is that of the entry.
    Snapshot {
        name: String,
        commit: Option<Commit>,
        at_ms: i64,
    },
    DropSnapshot {
        name: String,
    },
    Branch {
        name: String,
        branch: BranchMark,
    },
    DropBranch {
        name: String,
    },
}

impl Mark {
    /// About what it takes in an entry.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Snapshot { name, .. } | Self::DropSnapshot { name } | Self::DropBranch { name } => 64 + name.len(),
            Self::Branch { name, branch } => 64 + name.len() + 32 * branch.tables.len(),
        }
    }
}

impl Marks {
    /// Applies a mark of entry `commit`.
    pub(crate) fn apply(&mut self, mark: Mark, commit: Commit) {
        match mark {
            Mark::Snapshot { name, commit: of, at_ms } => {
                self.snapshots.insert(name, SnapshotMark { commit: of.unwrap_or(commit), at_ms });
            }
            Mark::DropSnapshot { name } => {
                self.snapshots.remove(&name);
            }
            Mark::Branch { name, branch } => {
                self.branches.insert(name, branch);
            }
            Mark::DropBranch { name } => {
                self.branches.remove(&name);
            }
        }
    }
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            last_ms: i64::MIN,
            written: 0,
            rewinds: Vec::new(),
            snapshots: BTreeMap::new(),
            branches: BTreeMap::new(),
            erased: 0,
            erasing: Vec::new(),
            is_branch: false,
        }
    }
}
