//! What callers hand to a namespace and get back.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::schema::{Record, Schema};
use crate::store::Io;

/// A commit number. Every write has one; numbers grow and are never reused.
pub type Commit = u64;

/// Usage that a write causes; durable exactly when the write is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDelta {
    /// The API key that pays.
    pub key: Uuid,
    /// The meter's id (`write`, `embedding_tokens`).
    pub meter: String,
    /// The UTC hour, in whole hours since the Unix epoch.
    pub hour: i64,
    /// The amount to add.
    pub amount: u64,
}

/// A price of records, for a write of which only the commit shows what it changes: by filter, or by patches of records
/// of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The API key that pays.
    pub key: Uuid,
    /// The meter's id.
    pub meter: String,
    /// The UTC hour, in whole hours since the Unix epoch.
    pub hour: i64,
    /// The least that a request costs.
    pub at_least: u64,
    /// For each record that is removed, and each id to be removed that is named.
    pub each_delete: u64,
    /// For each started `step_bytes` of each record as it is written whole.
    pub each_step: u64,
    /// Logical bytes of a step, at least 1.
    pub step_bytes: u64,
}

/// Which counter an amount belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UsageKey {
    /// The API key that pays.
    pub key: Uuid,
    /// The meter's id.
    pub meter: String,
    /// The UTC hour, in whole hours since the Unix epoch.
    pub hour: i64,
}

/// A promise that the same request is done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Digest of organisation, principal, operation and the caller's key.
    pub scope_key: [u8; 32],
    /// Digest of the request's body.
    pub request_hash: [u8; 32],
    /// The answer to give again; at most 16 KiB. What is known only after the commit is in [`Committed`].
    pub answer: Bytes,
}

/// What goes into the log beside the operation itself.
#[derive(Debug, Clone, Default)]
pub struct WriteMeta {
    /// Usage that this write causes. Not counted when the write is a replay.
    pub usage: Vec<UsageDelta>,
    /// Usage that the commit decides, beside `usage`. [`Committed::metered`] tells it.
    pub metered: Option<Metered>,
    /// Set when the caller sent an idempotency key.
    pub idempotency: Option<Idempotency>,
}

/// A durable write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The commit of the write; for a replay the one of the first time.
    pub commit: Commit,
    /// The stored answer, when this request was done before.
    pub replayed: Option<Bytes>,
    /// Records that the request removed, or a dropped collection (0 or 1).
    pub deleted: u64,
    /// Records that the request patched.
    pub patched: u64,
    /// Ids to be patched that had no record and were left out.
    pub missing: u64,
    /// Whether a filter may have passed more records than the limit let be changed: the same operation again goes on.
    pub more: bool,
    /// What [`WriteMeta::metered`] came to.
    pub metered: u64,
    /// Whether a collection was created by this very write.
    pub created: bool,
    /// What was asked of the object store to know the collection and the records that it changes; nothing when all was
    /// in memory. The entry itself is one PUT of all writes that go together, and is not in it.
    pub io: Io,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record, with the columns asked for.
    pub record: Record,
    /// The commit that wrote it, for [`crate::Condition::Commit`].
    pub commit: Commit,
}

/// An answer and the last commit it has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOf<T> {
    /// The answer.
    pub value: T,
    /// Every write up to this commit is in the answer.
    pub commit: Commit,
    /// What this read asked of the object store; nothing when all it needed was in memory.
    pub io: Io,
}

/// A collection as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionInfo {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: Schema,
    /// The commit that created it.
    pub created_commit: Commit,
    /// Live records.
    pub rows: u64,
    /// Bytes of live records as [`crate::Record::logical_bytes`] counts them.
    pub logical_bytes: u64,
}

/// How a namespace is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// The last durable commit.
    pub commit: Commit,
    /// The last commit that is in the Lance tables.
    pub folded_commit: Commit,
    /// Collections.
    pub collections: usize,
    /// Live records of all collections.
    pub rows: u64,
    /// Logical bytes of all collections.
    pub logical_bytes: u64,
    /// Logical bytes of records that were overwritten or deleted and can still be read at an older commit.
    pub history_bytes: u64,
    /// Writes that wait for the log.
    pub waiting: usize,
    /// Rows and tombstones in the memtables.
    pub memtable_rows: usize,
    /// Bytes of the memtables.
    pub memtable_bytes: usize,
    /// Collections whose tables do not take what was written to them; they take no more until they do.
    pub set_aside: usize,
    /// Bytes in memory of what could not be folded into these.
    pub set_aside_bytes: usize,
    /// Rows in the indexes of vector columns that searches use, dead ones included.
    pub indexed_rows: usize,
    /// Memory of the indexes of vector columns.
    pub index_bytes: usize,
    /// Folds done since open.
    pub folds: u64,
    /// Folds that failed since open.
    pub failed_folds: u64,
    /// Log entries written since open, and the writes in them: their ratio is the group size.
    pub entries: u64,
    /// Writes made durable since open.
    pub writes: u64,
    /// The age of the oldest write that is not folded, in milliseconds; 0 when there is none.
    pub fold_lag_ms: u64,
    /// Idempotency answers held.
    pub answers: usize,
    /// What it takes in the object store.
    pub storage: super::storage::StorageStats,
    /// Bytes of memory that folded rows take for search.
    pub resident_bytes: usize,
}
