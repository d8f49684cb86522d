//! The engine's limits and pace, and what it takes from outside: time, chance and the right to answer.

use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{Clock, Entropy};
use uuid::Uuid;

/// Limits and pace of one namespace. Every queue and buffer of the engine is bounded by a field here.
#[derive(Debug, Clone)]
pub struct Config {
    /// Rows in the memtables of a namespace after which a fold starts.
    pub fold_rows: usize,
    /// Logical bytes in the memtables of a namespace after which a fold starts.
    pub fold_bytes: usize,
    /// Age of the oldest write that is not folded yet after which a fold starts.
    pub fold_interval: Duration,
    /// Whether a background task folds. Without it only [`crate::Namespace::fold`] folds.
    pub background_fold: bool,
    /// Logical bytes in the memtables (frozen and active), or of the rows in the log behind the checkpoint, above which
    /// writes get backpressure.
    pub max_memtable_bytes: usize,
    /// Log entries behind the checkpoint at which writes get backpressure, at least 1; at half of them a fold starts.
    /// The next opening reads them all, 64 at a time. A takeover adds one whatever the limit.
    pub max_unfolded_entries: u64,
    /// Writes waiting for the log; one more gets backpressure.
    pub max_pending_writes: usize,
    /// Encoded bytes of one log entry before compression; a larger write is refused as too large.
    pub max_entry_bytes: usize,
    /// How long a write waits for the object store before its outcome is reported as unknown.
    pub write_timeout: Duration,
    /// How far back the namespace can be read, rewound and branched from; an open one can be given another by
    /// [`crate::Namespace::set_history`].
    pub history: Duration,
    /// Folded log entries and old checkpoints younger than this are kept, however short the history. Must be longer than lease
    /// validity plus the longest time-out of a request, or a sleeping writer could create a trimmed
    /// key anew.
    pub retention: Duration,
    /// Bytes of data files that one fold rewrites at most to keep tables compact; also about the size of the largest
    /// files.
    pub compaction_bytes: u64,
    /// Files of a table that no version ever referred to are kept this long after they were written, by the object
    /// store's clock. Must be longer than the longest build of an index.
    pub orphan_grace: Duration,
    /// How long the answer of an idempotent write is kept; at least 24 h by contract.
    pub answer_retention: Duration,
    /// Bytes of stored answers a namespace may hold; an idempotent write above gets backpressure.
    pub max_answer_bytes: usize,
    /// Logical bytes of the records that one read may return. Larger pages end early; larger answers are refused.
    pub max_read_bytes: usize,
    /// Snapshots a namespace may hold.
    pub max_snapshots: usize,
    /// Branches a namespace may have.
    pub max_branches: usize,
    /// Collections a namespace may hold.
    pub max_collections: usize,
    /// The cost of looking at every row of a vector column, in numbers, above which it gets an index in memory: a row
    /// counts as its dimension and 64 more.
    pub index_above: usize,
    /// Whether a background task indexes. Without it only [`crate::Namespace::index`] does.
    pub background_index: bool,
    /// Rows of a collection from which on its vector columns have an index in the table, for queries that find the rows
    /// not in memory. Below, the rows themselves are read.
    pub index_rows: usize,
    /// Folded rows that were used within this time stay in memory when another collection needs room.
    pub rest: Duration,
    /// What a [`crate::Store`] is to be opened with as its memory for folded rows; all namespaces on that
    /// handle share it. A collection that does not fit is streamed from Lance.
    pub max_resident_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            fold_rows: 20_000,
            fold_bytes: 64 << 20,
            fold_interval: Duration::from_secs(60),
            background_fold: true,
            max_memtable_bytes: 256 << 20,
            // An opening reads them in 26 s where a call takes 50 ms. A writer on a directory, at 1,400 entries a
            // second, begins a fold every 12 s, which has as long; where a PUT takes 50 ms an interval has 1,200.
            max_unfolded_entries: 32_768,
            max_pending_writes: 1024,
            max_entry_bytes: 32 << 20,
            write_timeout: Duration::from_secs(20),
            history: Duration::from_secs(24 * 3600),
            retention: Duration::from_secs(600),
            compaction_bytes: 256 << 20,
            orphan_grace: Duration::from_secs(3600),
            answer_retention: Duration::from_secs(24 * 3600),
            max_answer_bytes: 32 << 20,
            max_read_bytes: 16 << 20,
            max_snapshots: 1_000,
            max_branches: 100,
            max_collections: 1_000,
            index_above: 4_000_000,
            background_index: true,
            index_rows: 20_000,
            rest: Duration::from_secs(5),
            max_resident_bytes: 1 << 30,
        }
    }
}

/// The right to answer for a namespace: another process may be given it only after this one's has run out.
///
/// A handle asks right before every reply, so an owner that was paused and taken over answers nothing when it
/// wakes. A right that was lost to another process must never come back to the same handle: what that process
/// wrote is not in its memory.
pub trait Lease: Send + Sync + std::fmt::Debug + 'static {
    /// Whether a reply may be given at this moment.
    fn is_valid(&self) -> bool;
}

/// The right of a process that is the only one to open the namespace: a tool, a benchmark. A service with more
/// than one process must not use it, for a paused owner would serve stale reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoleOwner;

impl Lease for SoleOwner {
    fn is_valid(&self) -> bool {
        true
    }
}

/// Time, chance and the right to answer for one namespace.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The clock for retention, answers and time-outs.
    pub clock: Arc<dyn Clock>,
    /// The source of nonces and table ids.
    pub entropy: Arc<dyn Entropy>,
    /// Looked at right before every reply.
    pub lease: Arc<dyn Lease>,
}

/// Who writes: the node process, and the generation of the assignment it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// Unique per incarnation of a node process; never reused.
    pub writer_id: Uuid,
    /// The generation of the namespace's assignment; an entry of a higher one fences this writer.
    pub generation: u64,
}
