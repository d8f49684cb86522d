//! What a checkpoint says.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Kept, Layout, Marks, TableId};
use crate::log::Answer;
use crate::memtable::Row;
use crate::namespace::{Commit, UsageKey};
use crate::schema::Schema;

/// The whole namespace at one commit: the effects of the log up to it, and nothing after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The place in the sequence of checkpoints; the highest is the root.
    pub(crate) sequence: u64,
    pub(crate) writer_id: Uuid,
    pub(crate) generation: u64,
    pub(crate) nonce: [u8; 16],
    /// Milliseconds since the Unix epoch by the writer's clock.
    pub(crate) at_ms: i64,
    pub(crate) folded_commit: Commit,
    pub(crate) tables: Vec<FoldedTable>,
    /// Cumulative, never reset.
    pub(crate) usage: Vec<(UsageKey, u64)>,
    pub(crate) answers: Vec<Answer>,
    /// Tables whose files are not removed yet.
    pub(crate) dropped: Vec<DroppedTable>,
    pub(crate) marks: Marks,
    /// The checkpoints that are kept, this one last, oldest first.
    pub(crate) kept: Vec<Kept>,
}

impl Checkpoint {
    /// What later checkpoints say of this one.
    pub(crate) fn as_kept(&self) -> Kept {
        Kept {
            sequence: self.sequence,
            folded_commit: self.folded_commit,
            at_ms: self.at_ms,
            commit_ms: self.marks.last_ms,
            written: self.marks.written,
            live: self.tables.iter().map(|t| t.totals.bytes).sum(),
            pinned: false,
        }
    }
}

/// A collection at a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FoldedTable {
    pub(crate) name: String,
    pub(crate) table: TableId,
    pub(crate) schema: Schema,
    pub(crate) created_commit: Commit,
    /// The Lance version; `None` while nothing was ever folded.
    pub(crate) version: Option<u64>,
    /// What opens that version without looking around.
    pub(crate) layout: Option<Layout>,
    pub(crate) totals: Totals,
    /// Writes up to this checkpoint that are not in the version, for the table does not take them.
    pub(crate) aside: Option<Aside>,
}

/// What could not be brought into a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aside {
    /// Why not.
    pub(crate) why: String,
    /// The newest rows of their ids, by commit.
    pub(crate) rows: Vec<(Commit, Row)>,
    /// Ids that were removed.
    pub(crate) removed: Vec<Box<str>>,
    /// Ids among these whose rows in the table are still in the totals.
    pub(crate) counted_twice: Vec<Box<str>>,
}

/// A table that no collection names any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DroppedTable {
    pub(crate) table: TableId,
    /// The commit that created it; earlier checkpoints do not name it.
    pub(crate) created_commit: Commit,
    /// The first checkpoint that leaves it out.
    pub(crate) sequence: u64,
    /// When that checkpoint was made.
    pub(crate) at_ms: i64,
}

/// Sums over the live rows of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    /// Logical bytes.
    pub(crate) bytes: u64,
    /// Rows with a text.
    pub(crate) documents: u64,
    /// Terms of all texts.
    pub(crate) tokens: u64,
}

impl Totals {
    /// Counts a row in. `tokens` is `None` without a text.
    pub(crate) fn add(&mut self, bytes: u32, tokens: Option<u32>) {
        self.rows += 1;
        self.bytes += u64::from(bytes);
        if let Some(tokens) = tokens {
            self.documents += 1;
            self.tokens += u64::from(tokens);
        }
    }

    /// Counts a row out.
    pub(crate) fn remove(&mut self, bytes: u32, tokens: Option<u32>) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(u64::from(bytes));
        if let Some(tokens) = tokens {
            self.documents = self.documents.saturating_sub(1);
            self.tokens = self.tokens.saturating_sub(u64::from(tokens));
        }
    }
}
