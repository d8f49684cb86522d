//! The handle of one namespace: writes, reads, and the state between them.
//!
//! One task writes the log and applies what became durable; one folds. Callers of writes wait for the first;
//! readers take a snapshot under a short lock and work on that.

mod branches;
mod cleaning;
mod collection;
mod draft;
mod erase;
mod errors;
mod export;
mod feed;
mod folding;
mod history;
mod import;
mod indexing;
mod marks;
mod open;
mod operation;
mod overlay;
mod pace;
mod past;
mod patch;
mod prepare;
mod queries;
mod reads;
mod replay;
mod rewind;
mod shared;
mod snapshots;
mod state;
mod step;
mod storage;
mod table_index;
mod types;
mod writer;
mod writes;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

pub use branches::Branch;
pub use erase::Erasure;
pub use errors::{FeedError, FoldError, OpenError, ReadError, TimeError, WriteError};
pub use export::Export;
pub use feed::{Change, Changes, Feed};
pub use import::{Import, ImportError, Imported};
pub use operation::{Action, Condition, Edit, Missing, Operation, Patch};
pub use past::PastState;
pub use snapshots::{Moment, Snapshot};
pub use storage::StorageStats;
pub use types::{
    CollectionInfo, Commit, Committed, Idempotency, Metered, ReadOf, Stats, Stored, UsageDelta, UsageKey, WriteMeta,
};

use crate::config::{Config, Environment, Writer};
use crate::store::{Io, MemoryBudget, Store};
use crate::table::Removed;
use shared::Shared;
use state::Standing;

/// An open namespace. Dropping it stops its tasks; what was acknowledged is durable already.
#[derive(Debug)]
pub struct Namespace {
    shared: Arc<Shared>,
    queue: mpsc::Sender<draft::Pending>,
    tasks: TaskTracker,
    /// For folded rows that waiting writes must know of.
    reading: Arc<MemoryBudget>,
}

impl Namespace {
    /// Recovers the namespace under `prefix` (`ns/<id>`), takes it over by appending a generation entry, and
    /// starts serving. A namespace nobody has written is empty.
    ///
    /// # Errors
    /// [`OpenError::Fenced`] when a higher generation has been here.
    pub async fn open(
        store: &Store,
        prefix: &str,
        writer: Writer,
        config: Config,
        environment: Environment,
    ) -> Result<Arc<Self>, OpenError> {
        let (shared, began) = open::open(store, prefix, writer, config, environment).await?;
        let (queue, pending) = mpsc::channel(shared.config.max_pending_writes);
        let tasks = TaskTracker::new();
        tasks.spawn(writer::run(Arc::clone(&shared), pending, began));
        if shared.config.background_fold {
            tasks.spawn(folding::run(Arc::clone(&shared)));
            tasks.spawn(table_index::run(Arc::clone(&shared)));
        }
        if shared.config.background_index {
            tasks.spawn(indexing::run(Arc::clone(&shared)));
        }
        tasks.close();
        let reading = Arc::new(MemoryBudget::new(shared.config.max_entry_bytes * writes::QUEUED_ENTRIES));
        Ok(Arc::new(Self { shared, queue, tasks, reading }))
    }

    /// What its opening asked of the object store: the checkpoint, the log after it, the entry that took it over, and
    /// the folded rows beside those that are not folded.
    #[must_use]
    pub fn opening(&self) -> Io {
        self.shared.opening.get().copied().unwrap_or_default()
    }

    /// Brings everything written so far into the Lance tables and moves the checkpoint.
    ///
    /// # Errors
    /// When the store or Lance fails; nothing is lost, the next fold tries again.
    pub async fn fold(&self) -> Result<(), FoldError> {
        folding::fold(&self.shared).await
    }

    /// Brings the folded rows of large vector columns into indexes in memory, as far as there is memory for them.
    pub async fn index(&self) {
        indexing::index(&self.shared).await;
    }

    /// Sets how far back the namespace can be read; the next fold trims what is older.
    pub fn set_history(&self, history: std::time::Duration) {
        let millis = u64::try_from(history.as_millis()).unwrap_or(u64::MAX);
        if self.shared.history_ms.swap(millis, Ordering::Relaxed) != millis {
            self.shared.clean_up_when_aged(&self.shared.state.read());
            self.shared.fold_wake.notify_one();
        }
    }

    /// Removes log entries, checkpoints and files of tables that are past their retention and needed by nothing. Folds
    /// do so as they go, and the background task once more when no write follows. A table that is not written since the
    /// namespace was opened gets a version of this owner's first, if there is something to remove from it.
    ///
    /// # Errors
    /// When the store fails; nothing that is needed is removed, and a later run goes on.
    pub async fn clean_up(&self) -> Result<Removed, FoldError> {
        folding::clean_up(&self.shared).await
    }

    /// Hands the namespace over: takes no new write, does those that are queued, folds, closes. After a success
    /// the next owner finds an empty tail behind the checkpoint. Reads are answered until the fold is done.
    ///
    /// # Errors
    /// When the last write is still in doubt after [`Config::write_timeout`], or the fold fails. The handle is
    /// closed all the same and nothing is lost: the next owner replays what is in the log.
    pub async fn drain(&self) -> Result<(), FoldError> {
        self.shared.draining.cancel();
        let settled = tokio::time::timeout(self.shared.config.write_timeout, self.shared.written.cancelled()).await;
        let folded = match settled {
            Ok(()) => self.fold().await,
            Err(_) => Err(FoldError::Unavailable("a write is in doubt; the object store does not answer".to_owned())),
        };
        self.close().await;
        folded
    }

    /// Builds the vector indexes that are due and brings them into the tables. Without background folds only this does.
    ///
    /// # Errors
    /// When the store or Lance fails; nothing is lost, and queries do without the index.
    pub async fn index_tables(&self) -> Result<(), FoldError> {
        table_index::index(&self.shared).await
    }

    /// Stops the tasks and refuses everything from now on. Does not fold.
    pub async fn close(&self) {
        {
            let mut state = self.shared.state.write();
            if state.standing == Standing::Serving {
                state.standing = Standing::Closed;
            }
        }
        self.shared.close_pasts(Standing::Closed);
        self.shared.cancel.cancel();
        self.tasks.wait().await;
    }

    /// Whether another writer has taken the namespace over.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.shared.state.read().standing == Standing::Fenced
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}
