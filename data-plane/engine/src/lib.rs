//! One namespace on an object store.
//!
//! Owns the bytes of a namespace: its log, its memtables, its Lance tables, its checkpoint; and the
//! answers to reads over them. Does not own HTTP, tenants, credentials or prices; it is told whether the process
//! holds the lease, and does not renew one.
//!
//! # Face
//! [`Store::open`] gives a store that passed the probe. [`Namespace::open`] recovers a namespace on it and
//! returns a handle. Writes are `async` and return when they are durable *and* visible to every later
//! read of this handle. Reads see every write acknowledged before they began.
//!
//! # Invariants
//! - A write is acknowledged only after its log entry is durable and applied.
//! - Log entries are created, never overwritten but by an erase; a commit number belongs to one entry for ever.
//! - The checkpoint names Lance versions that hold exactly the effects of the log up to its commit.
//! - Usage counters and idempotency answers are as durable as the write that carried them.
//! - A writer that lost the namespace cannot change what the next owner reads.
//! - Nothing is answered, and no write acknowledged, unless the lease holds right before the reply.
//!
//! # How it fails
//! A store that does not answer: writes report an unknown outcome and later ones are refused until the
//! entry in doubt is settled; reads of what is in memory go on. Another writer: the handle is fenced for
//! good. No lease: reads are refused, writes are refused before they are begun, and one that was begun has an
//! unknown outcome. A fold that fails: the log keeps everything, memory and the log that an opening reads are bounded
//! by backpressure, the next fold tries again. A table that fails again and again for a reason of its own: what it does
//! not take goes into the checkpoint, its collection is readable and takes no writes, the others go on.

mod catalog;
mod config;
mod filter;
mod frame;
mod image;
mod log;
mod memtable;
mod namespace;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod schema;
mod scratch;
mod search;
mod store;
mod table;
mod transfer;

pub use config::{Config, Environment, Lease, SoleOwner, Writer};
pub use filter::{Filter, FilterError};
pub use namespace::{
    Action, Branch, Change, Changes, CollectionInfo, Commit, Committed, Condition, Edit, Erasure, Export, Feed,
    FeedError, FoldError, Idempotency, Import, ImportError, Imported, Metered, Missing, Moment, Namespace, OpenError,
    Operation, PastState, Patch, ReadError, ReadOf, Snapshot, Stats, StorageStats, Stored, TimeError, UsageDelta,
    UsageKey, WriteError, WriteMeta,
};
pub use schema::{
    AttributeType, DEFAULT_VECTOR, Language, Metric, Record, Schema, SchemaError, SchemaMismatch, TextSpec, Value,
    ValueError, VectorSpec, default_vector, valid_collection_name,
};
pub use scratch::keep_scratch_in;
pub use search::{Fusion, GroupBy, Hit, Include, Mode, OrderBy, OrderedPage, Page, Position, Query, Recall};
pub use store::{CacheSizes, Io, S3Config, Store, StoreConfig, StoreError};
pub use table::Removed;
pub use transfer::{Format, FormatError};
