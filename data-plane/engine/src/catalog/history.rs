//! What a namespace keeps of its past: checkpoints, and the marks that its log sets.

use serde::{Deserialize, Serialize};

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
}

impl Default for Marks {
    fn default() -> Self {
        Self { last_ms: i64::MIN, written: 0 }
    }
}
