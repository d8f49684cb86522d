//! Why a namespace cannot be opened, written or read.

use super::types::Commit;
use crate::schema::{SchemaError, SchemaMismatch};

/// Why a namespace could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log or the checkpoint carries a higher generation: another writer owns the namespace.
    #[error("another writer owns the namespace (generation {theirs}, ours {ours})")]
    Fenced {
        /// The generation found.
        theirs: u64,
        /// The generation this open came with.
        ours: u64,
    },
    /// The store cannot be reached or answers with errors; open again later.
    #[error("the object store is unavailable: {0}")]
    Unavailable(String),
    /// What the store holds cannot be read as a namespace. Opening again does not help.
    #[error("the namespace is damaged: {0}")]
    Corrupt(String),
}

/// Why a write was not (or perhaps not) done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Another writer owns the namespace now. This handle is dead: drop it.
    #[error("another writer owns the namespace")]
    Fenced,
    /// The handle was closed.
    #[error("the namespace is closed")]
    Closed,
    /// The process does not hold the lease; nothing was done. Try again, here or at the owner.
    #[error("this process cannot prove that it owns the namespace")]
    NoLease,
    /// The store did not answer in time, or the lease ran out before the reply. The write may be done or not; a
    /// retry with the same idempotency key finds out.
    #[error("the outcome of the write is unknown: {0}")]
    Unavailable(String),
    /// Too many writes wait, or too much is not folded yet; nothing was done. Try again later.
    #[error("too many writes are waiting: {0}")]
    Backpressure(&'static str),
    /// The write is larger than a log entry may be; nothing was done.
    #[error("the write is {bytes} bytes; at most {limit} are allowed")]
    TooLarge {
        /// Its encoded size.
        bytes: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The batch has no item or too many, or the name is not valid.
    #[error("{field}: {why}")]
    BadRequest {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A record does not fit the collection.
    #[error(transparent)]
    SchemaMismatch(#[from] SchemaMismatch),
    /// The schema of a new collection breaks a rule.
    #[error(transparent)]
    BadSchema(#[from] SchemaError),
    /// A collection of that name has another schema.
    #[error("the collection exists with another schema")]
    SchemaConflict,
    /// There is no such collection.
    #[error("no such collection")]
    NoSuchCollection,
    /// The collection's table does not take what was written already, so no more is taken until it does. What is there
    /// stays readable, and other collections go on. Every fold tries again; dropping the collection gives it up.
    #[error("the collection {collection} takes no writes: its table does not take what was written before: {why}")]
    SetAside {
        /// The collection's name.
        collection: String,
        /// What its table answers.
        why: String,
    },
    /// The namespace holds as many collections as it may.
    #[error("the namespace already has {limit} collections")]
    TooManyCollections {
        /// The most that are allowed.
        limit: usize,
    },
    /// A condition did not hold at the commit; nothing was done.
    #[error("the condition on record {id:?} does not hold: {why}")]
    ConditionFailed {
        /// The record's id.
        id: String,
        /// What is so instead.
        why: &'static str,
        /// The commit of the record's last write, `None` when there is no record.
        commit: Option<Commit>,
    },
    /// A record that was to be patched is not there; nothing was done.
    #[error("there is no record {id:?} to be patched; `missing: skip` leaves such ids out")]
    NoSuchRecord {
        /// The record's id.
        id: String,
    },
    /// An operation of a request of several was refused; nothing of the request was done.
    #[error("operation {operation}: {error}")]
    InOperation {
        /// The operation's index in the request.
        operation: usize,
        /// Why.
        error: Box<WriteError>,
    },
    /// The idempotency key was used with another request.
    #[error("the idempotency key was used with another request")]
    IdempotencyConflict,
}

/// Why a read gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another writer owns the namespace now. This handle is dead: drop it.
    #[error("another writer owns the namespace")]
    Fenced,
    /// The handle was closed; or what a past state or an export was to give was erased.
    #[error("the namespace is closed")]
    Closed,
    /// The process does not hold the lease, so what it knows may be stale. Try again, here or at the owner.
    #[error("this process cannot prove that it owns the namespace")]
    NoLease,
    /// There is no such collection.
    #[error("no such collection")]
    NoSuchCollection,
    /// A parameter does not fit the collection.
    #[error("{field}: {why}")]
    BadQuery {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// As much of this work is running as may; nothing was done. Try again later.
    #[error("{0}")]
    Busy(&'static str),
    /// The store did not answer.
    #[error("the object store is unavailable: {0}")]
    Unavailable(String),
}

/// Why a fold did not move the checkpoint. The log still holds everything.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Another writer owns the namespace now.
    #[error("another writer owns the namespace")]
    Fenced,
    /// The handle was closed.
    #[error("the namespace is closed")]
    Closed,
    /// The store or Lance failed; the next fold tries again.
    #[error("the fold failed: {0}")]
    Unavailable(String),
}

/// Why a feed could not begin, or ended.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The history no longer holds what comes after this commit: begin anew from a read of the namespace.
    #[error("the changes after commit {after} are no longer kept; read the namespace and follow it from there")]
    Gone {
        /// The commit after which the feed was to go on.
        after: u64,
    },
    /// There is no such commit yet.
    #[error("there is no commit {after} yet; the newest is {newest}")]
    Ahead {
        /// The commit asked for.
        after: u64,
        /// The newest one.
        newest: u64,
    },
    /// The namespace is served here no more; follow it from its new place.
    #[error(transparent)]
    Stopped(#[from] ReadError),
    /// The store did not answer; the same feed may be asked again.
    #[error("the object store is unavailable: {0}")]
    Unavailable(String),
}

impl From<crate::log::LogError> for FeedError {
    fn from(error: crate::log::LogError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<crate::catalog::RootError> for FeedError {
    fn from(error: crate::catalog::RootError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Why a namespace cannot be read at, taken back to, or kept at an older commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// As for a read of the present.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// As for any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The commit is not made yet.
    #[error("commit {asked} is not reached; the newest is {newest}")]
    NotReached {
        /// The commit asked for.
        asked: Commit,
        /// The newest that can be read.
        newest: Commit,
    },
    /// The commit is older than the history and no snapshot keeps it.
    #[error("commit {asked} is gone; commits {oldest} to {newest} can be read, and those of snapshots")]
    Gone {
        /// The commit asked for.
        asked: Commit,
        /// The oldest of the history.
        oldest: Commit,
        /// The newest that can be read.
        newest: Commit,
    },
    /// The time is before the history.
    #[error("the history goes back to {oldest}")]
    TooEarly {
        /// The time of the oldest commit that can be read.
        oldest: chrono::DateTime<chrono::Utc>,
    },
    /// This is a branch: its records are its parent's, too.
    #[error("this is a branch; its parent holds the records, too: erase them there")]
    IsBranch,
    /// There is no branch of that name.
    #[error("no such branch")]
    NoSuchBranch,
    /// There are branches that need it; delete them first.
    #[error("there are branches that begin from it: {}", names.join(", "))]
    HasBranches {
        /// Their names.
        names: Vec<String>,
    },
    /// There is no snapshot of that name.
    #[error("no such snapshot")]
    NoSuchSnapshot,
    /// The rows written between the commit and the checkpoint before it have no room in memory; try again later.
    #[error("{bytes} bytes of memory are needed to read that commit and are not free")]
    NoMemory {
        /// What is needed.
        bytes: usize,
    },
    /// The store did not answer, or Lance failed; nothing was changed.
    #[error("the object store is unavailable: {0}")]
    Unavailable(String),
}

impl From<FoldError> for TimeError {
    fn from(error: FoldError) -> Self {
        match error {
            FoldError::Fenced => Self::Read(ReadError::Fenced),
            FoldError::Closed => Self::Read(ReadError::Closed),
            FoldError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}
