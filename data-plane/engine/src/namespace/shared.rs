//! What the tasks and callers of a namespace share.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;

use super::collection::Collection;
use super::errors::ReadError;
use super::folding::FoldMemory;
use super::pace::Pace;
use super::past::Pasts;
use super::state::{DurableWrite, Standing, State};
use super::storage::Storage;
use super::types::Commit;
use crate::catalog::{Checkpoint, Layout, Roots, TableId, Totals};
use crate::config::{Config, Environment, Writer};
use crate::image;
use crate::log::{Log, LogError};
use crate::store::{Io, IoScope, Store};
use crate::table::{Builds, Built, TableError, TableFiles};

/// How often, at most, answers that are past their time are looked for when they fill their room.
const SWEEP_MS: i64 = 1_000;
/// Logical bytes of a collection that is brought into memory whole when a row of it is asked for.
const SMALL_BYTES: u64 = 4 << 20;
/// How long a collection that was too large for the memory there was is not tried again.
const TOO_LARGE_FOR: Duration = Duration::from_secs(60);

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) prefix: String,
    pub(super) log: Log,
    pub(super) roots: Roots,
    pub(super) tables: TableFiles,
    pub(super) writer: Writer,
    pub(super) config: Config,
    pub(super) environment: Environment,
    pub(super) state: RwLock<State>,
    pub(super) cancel: CancellationToken,
    /// The last applied commit, for those who follow the changes.
    pub(super) applied: watch::Sender<Commit>,
    /// Set when the namespace is handed over: no write is taken any more, those in the queue are done.
    pub(super) draining: CancellationToken,
    /// Set when the task that writes the log has ended.
    pub(super) written: CancellationToken,
    /// What its opening asked of the store.
    pub(super) opening: OnceLock<Io>,
    /// Set while an entry's outcome is in doubt for longer than a write waits.
    pub(super) stalled: AtomicBool,
    /// When answers were last looked through, in milliseconds since the Unix epoch.
    pub(super) answers_swept_ms: AtomicI64,
    /// Bytes of the writes in the queue.
    pub(super) queued_bytes: AtomicUsize,
    pub(super) unfolded: Unfolded,
    /// How far back the namespace is to be readable.
    pub(super) history_ms: AtomicU64,
    pub(super) counters: Counters,
    /// One for each export that may run.
    pub(super) exports: Arc<tokio::sync::Semaphore>,
    pub(super) storage: Storage,
    /// Held by the one fold that runs.
    pub(super) folding: Mutex<FoldMemory>,
    pub(super) fold_wake: Notify,
    /// Held by the one indexing that runs.
    pub(super) indexing: Mutex<()>,
    /// Set while a draft is on its way from the queue to the memtables: no rows leave the memory then.
    pub(super) writing: AtomicBool,
    /// The build of a table's vector index that runs.
    pub(super) builds: Builds,
    /// Vector indexes that are built and wait for a fold.
    pub(super) built: parking_lot::Mutex<Vec<Built>>,
    /// Tells who builds them that there was a fold.
    pub(super) table_index_wake: Notify,
    pub(super) index_wake: Notify,
    /// Held by the one image load that runs.
    pub(super) loading: Mutex<()>,
    /// Held by the one load of a past state that runs.
    pub(super) pasts: Mutex<Pasts>,
    /// All past states that somebody holds.
    pub(super) past_shared: parking_lot::Mutex<Vec<Weak<Shared>>>,
    /// What the exports that run read.
    pub(super) exported: parking_lot::Mutex<Vec<Weak<super::export::Exported>>>,
}

/// How much waits for a fold, kept beside the state so that admission takes no lock.
#[derive(Debug, Default)]
pub(super) struct Unfolded {
    pub(super) rows: AtomicUsize,
    /// Bytes of the memtables; or, when that is more, of all rows that the log behind the checkpoint holds.
    pub(super) bytes: AtomicUsize,
    /// Log entries behind the checkpoint.
    pub(super) entries: AtomicU64,
    /// Bytes that are set aside.
    pub(super) aside: AtomicUsize,
    /// Monotonic milliseconds plus one of the oldest write that is not frozen; 0 when there is none.
    pub(super) since_ms: AtomicU64,
    /// The same of what is frozen and not folded.
    pub(super) frozen_since_ms: AtomicU64,
    /// Monotonic milliseconds plus one from which on something may be past its retention; 0 for never.
    pub(super) clean_up_ms: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) entries: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) folds: AtomicU64,
    pub(super) failed_folds: AtomicU64,
}

/// Without what it holds: records are nobody's to print.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let commit = *self.applied.borrow();
        f.debug_struct("Shared").field("prefix", &self.prefix).field("commit", &commit).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(
        store: &Store,
        prefix: &str,
        writer: Writer,
        (config, environment): (Config, Environment),
        state: State,
    ) -> Self {
        let history_ms = u64::try_from(config.history.as_millis()).unwrap_or(u64::MAX);
        Self {
            store: store.clone(),
            prefix: prefix.to_owned(),
            log: Log::new(store, prefix),
            roots: Roots::new(store, prefix),
            tables: TableFiles::new(store, prefix),
            writer,
            config,
            environment,
            exports: Arc::new(tokio::sync::Semaphore::new(super::export::MAX_EXPORTS)),
            storage: Default::default(),
            applied: tokio::sync::watch::Sender::new(state.commit),
            state: RwLock::new(state),
            cancel: CancellationToken::new(),
            draining: CancellationToken::new(),
            written: CancellationToken::new(),
            opening: OnceLock::new(),
            stalled: AtomicBool::default(),
            answers_swept_ms: AtomicI64::default(),
            queued_bytes: AtomicUsize::default(),
            history_ms: history_ms.into(),
            unfolded: Unfolded::default(),
            counters: Counters::default(),
            folding: Mutex::default(),
            fold_wake: Notify::default(),
            indexing: Default::default(),
            index_wake: Default::default(),
            writing: AtomicBool::default(),
            builds: Builds::default(),
            built: parking_lot::Mutex::default(),
            table_index_wake: Notify::default(),
            loading: Mutex::default(),
            pasts: Mutex::default(),
            past_shared: parking_lot::Mutex::default(),
            exported: parking_lot::Mutex::default(),
        }
    }

    /// The same namespace with another state in memory, to read from.
    pub(super) fn past(&self, state: State) -> Self {
        let (config, environment) = (self.config.clone(), self.environment.clone());
        Self::new(&self.store, &self.prefix, self.writer, (config, environment), state)
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.environment.clock.now().timestamp_millis()
    }

    /// The time of the next entry: not before that of the last one.
    pub(super) fn entry_ms(&self) -> i64 {
        self.now_ms().max(self.state.read().marks.last_ms)
    }

    pub(super) fn monotonic(&self) -> Duration {
        self.environment.clock.monotonic()
    }

    /// In milliseconds and never 0, as [`Unfolded`] counts it.
    pub(super) fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.monotonic().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Makes durable writes visible.
    pub(super) fn apply(&self, commit: Commit, at_ms: i64, writes: Vec<DurableWrite>) {
        self.counters.entries.fetch_add(1, Ordering::Relaxed);
        self.counters.writes.fetch_add(writes.len() as u64, Ordering::Relaxed);
        let now = self.monotonic_ms();
        let mut state = self.state.write();
        state.apply(commit, at_ms, writes);
        self.note_unfolded(&state);
        // Under the lock, as the freeze resets it. A failure means that an older write has set it.
        let first = self.unfolded.since_ms.compare_exchange(0, now, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        drop(state);
        self.applied.send_replace(commit);
        if first || self.fold_is_due() {
            self.fold_wake.notify_one();
        }
    }

    /// Forgets the answers that are past their time, when those that are held come near the limit.
    pub(super) fn make_room_for_answers(&self) {
        if self.state.read().answer_bytes < self.config.max_answer_bytes / 4 * 3 {
            return;
        }
        // Looking through all of them at every write would be dear.
        let now = self.now_ms();
        if now.saturating_sub(self.answers_swept_ms.load(Ordering::Relaxed)) >= SWEEP_MS {
            self.answers_swept_ms.store(now, Ordering::Relaxed);
            self.state.write().forget_answers(super::draft::oldest_answer(&self.config, now));
        }
    }

    pub(super) fn note_unfolded(&self, state: &State) {
        let (rows, bytes) = state.memtable_size();
        let in_log = usize::try_from(state.unfolded_bytes()).unwrap_or(usize::MAX);
        self.unfolded.aside.store(state.aside().1, Ordering::Release);
        self.unfolded.rows.store(rows, Ordering::Release);
        self.unfolded.bytes.store(bytes.max(in_log), Ordering::Release);
        self.unfolded.entries.store(state.unfolded_entries(), Ordering::Release);
    }

    /// Whether there may be no more log entries behind the checkpoint.
    pub(super) fn tail_is_full(&self) -> bool {
        self.unfolded.entries.load(Ordering::Acquire) >= self.config.max_unfolded_entries
    }

    pub(super) fn pace(&self) -> Pace {
        Pace::of(&self.config, self.unfolded.aside.load(Ordering::Acquire))
    }

    /// Whether rows, bytes, entries or age call for a fold.
    pub(super) fn fold_is_due(&self) -> bool {
        let (unfolded, pace) = (&self.unfolded, self.pace());
        unfolded.rows.load(Ordering::Acquire) >= pace.rows
            || unfolded.bytes.load(Ordering::Acquire) >= pace.bytes
            || unfolded.entries.load(Ordering::Acquire) >= pace.entries
            || self.aged_in(pace.age) == Some(Duration::ZERO)
    }

    /// How long until age calls for a fold; `None` while nothing waits.
    pub(super) fn fold_due_in(&self) -> Option<Duration> {
        if self.fold_is_due() {
            return Some(Duration::ZERO);
        }
        self.aged_in(self.pace().age)
    }

    /// How long until the oldest write that is not frozen is of this age; `None` when there is none.
    fn aged_in(&self, age: Duration) -> Option<Duration> {
        let since = self.unfolded.since_ms.load(Ordering::Acquire);
        let waited = self.monotonic().saturating_sub(Duration::from_millis(since.saturating_sub(1)));
        (since > 0).then(|| age.saturating_sub(waited))
    }

    /// The age of the oldest write that is not folded; zero when there is none.
    pub(super) fn fold_lag(&self) -> Duration {
        let frozen = self.unfolded.frozen_since_ms.load(Ordering::Acquire);
        let since = if frozen > 0 { frozen } else { self.unfolded.since_ms.load(Ordering::Acquire) };
        if since == 0 { Duration::ZERO } else { self.monotonic().saturating_sub(Duration::from_millis(since - 1)) }
    }

    /// How long until something may be past its retention; `None` when nothing is.
    pub(super) fn clean_up_due_in(&self) -> Option<Duration> {
        let due = self.unfolded.clean_up_ms.load(Ordering::Acquire);
        (due > 0).then(|| Duration::from_millis(due - 1).saturating_sub(self.monotonic()))
    }

    /// Has a clean-up begin after `wait`, or when one is to begin before that.
    pub(super) fn clean_up_in(&self, wait: Duration) {
        let due =
            u64::try_from(self.monotonic().saturating_add(wait).as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let armed = self.unfolded.clean_up_ms.load(Ordering::Acquire);
        // Folds that come one after the other would put it off for ever.
        if armed == 0 || due < armed {
            self.unfolded.clean_up_ms.store(due, Ordering::Release);
        }
    }

    pub(super) fn no_clean_up(&self) {
        self.unfolded.clean_up_ms.store(0, Ordering::Release);
    }

    /// As [`Shared::still_owner`], for who changes tables.
    pub(super) async fn still_owner_of_tables(&self) -> Result<bool, TableError> {
        self.still_owner().await.map_err(|error| TableError::Unavailable(error.to_string()))
    }

    /// Whether a reply may be given at this moment.
    pub(super) fn may_answer(&self) -> Result<(), ReadError> {
        refuse_unless_serving(&self.state.read())?;
        if self.environment.lease.is_valid() { Ok(()) } else { Err(ReadError::NoLease) }
    }

    /// Another writer owns the namespace: nothing is served from here any more.
    pub(super) fn fence(&self) {
        let mut state = self.state.write();
        if state.standing == Standing::Serving {
            state.standing = Standing::Fenced;
            tracing::warn!(
                generation = self.writer.generation,
                commit = state.commit,
                "the namespace has another writer"
            );
        }
        drop(state);
        self.close_pasts(Standing::Fenced);
        self.cancel.cancel();
    }

    /// Whether a root shows that another writer has gone past `commit`, our own last one. A root of another
    /// writer that is behind is the late checkpoint of an owner before us.
    pub(super) fn overtaken(&self, root: &Checkpoint, commit: Commit) -> bool {
        root.writer_id != self.writer.writer_id
            && (root.generation > self.writer.generation || root.folded_commit >= commit)
    }

    /// Asks the store whether another writer has taken the namespace over.
    pub(super) async fn still_owner(&self) -> Result<bool, OwnerError> {
        let commit = self.state.read().commit;
        if let Some(last) = self.log.commits_after(commit).await?.pop()
            && let Some(entry) = self.log.read(last).await?
            && !entry.by(self.writer)
        {
            return Ok(false);
        }
        let root = self.roots.latest().await?;
        Ok(!root.is_some_and(|root| self.overtaken(&root, commit)))
    }

    /// The collections that have rows which are not folded.
    pub(super) fn unfolded_collections(&self) -> Vec<(String, TableId)> {
        let state = self.state.read();
        state.collections.values().filter(|c| c.has_unfolded()).map(|c| (c.name.clone(), c.table)).collect()
    }

    /// Sees to it that the folded rows of a collection are in memory, or their keys if there is no room.
    pub(super) async fn ensure_image(self: &Arc<Self>, name: &str) -> Result<(), ReadError> {
        self.ensure_image_counted(name, &Arc::default()).await
    }

    /// The same, with every call to the store noted in `scope`.
    pub(super) async fn ensure_image_counted(
        self: &Arc<Self>,
        name: &str,
        scope: &Arc<IoScope>,
    ) -> Result<(), ReadError> {
        self.load_keys(name, scope).await.map_err(read_error)
    }

    /// The same, with the reason why a table could not be read.
    pub(super) async fn load_keys(self: &Arc<Self>, name: &str, scope: &Arc<IoScope>) -> Result<(), LoadError> {
        while self.needs_image(name, false)?.is_some() {
            let _one_at_a_time = self.loading.lock().await;
            self.load_image(name, Columns::AsFit, scope).await?;
        }
        Ok(())
    }

    /// That there is no such collection is an answer, too: without the lease it may be stale.
    pub(super) fn no_such_collection(&self) -> ReadError {
        if self.environment.lease.is_valid() { ReadError::NoSuchCollection } else { ReadError::NoLease }
    }

    /// Sees to it that the keys of a collection are in memory, to find rows by id; of a small one all columns.
    pub(super) async fn ensure_keys(self: &Arc<Self>, name: &str, scope: &Arc<IoScope>) -> Result<(), ReadError> {
        let Some((.., totals)) = self.needs_image(name, false)? else { return Ok(()) };
        if totals.bytes <= SMALL_BYTES {
            return self.ensure_image_counted(name, scope).await;
        }
        while self.needs_image(name, false)?.is_some() {
            let _one_at_a_time = self.loading.lock().await;
            self.load_image(name, Columns::Keys, scope).await.map_err(read_error)?;
        }
        Ok(())
    }

    /// Brings all columns of a collection into memory, in the place of its keys if they are there. Others that rest
    /// give way.
    pub(super) async fn load_whole_image(self: &Arc<Self>, name: &str) -> Result<(), ReadError> {
        let _one_at_a_time = self.loading.lock().await;
        self.load_image(name, Columns::All, &Arc::default()).await.map_err(read_error)
    }

    async fn load_image(self: &Arc<Self>, name: &str, columns: Columns, scope: &Arc<IoScope>) -> Result<(), LoadError> {
        let whole = columns == Columns::All;
        let Some((table, schema, version, layout, totals)) = self.needs_image(name, whole)? else { return Ok(()) };
        let budget = self.store.budget();
        let totals = Some(totals).filter(|_| columns != Columns::Keys);
        if let Some(totals) = totals {
            // An index is built beside them.
            let memory = image::memory_for(&schema, totals);
            let room = memory.saturating_add(memory / 4);
            if !budget.make_room(room, self.monotonic(), self.config.rest) && whole {
                return Ok(());
            }
        }
        let of = (table, version, layout.as_deref());
        let image = image::load(&self.tables.counted(scope), &schema, of, totals, budget).await;
        let image = image?;
        let mut state = self.state.write();
        if image.remote.is_some()
            && columns != Columns::Keys
            && let Some(collection) = state.by_table(table)
        {
            collection.not_whole_before = self.monotonic() + TOO_LARGE_FOR;
        }
        if let Some(collection) = state.by_table(table)
            && collection.version == Some(version)
            && (!collection.has_image() || (whole && !collection.has_whole_image() && image.remote.is_none()))
        {
            collection.attach(image);
            self.settle_in(collection);
            self.index_wake.notify_one();
        }
        Ok(())
    }

    /// Lets the rows of a collection leave when others need their room.
    pub(super) fn settle_in(self: &Arc<Self>, collection: &mut Collection) {
        let (now, table, shared) = (self.monotonic(), collection.table, Arc::downgrade(self));
        collection.settle_in(|| self.store.budget().enter(now, move || evict(&shared, table)));
    }

    fn needs_image(&self, name: &str, whole: bool) -> Result<Option<ImageWanted>, ReadError> {
        let state = self.state.read();
        refuse_unless_serving(&state)?;
        let collection = state.collections.get(name).ok_or_else(|| self.no_such_collection())?;
        let refused = self.monotonic() < collection.not_whole_before;
        let there = if whole { refused || collection.has_whole_image() } else { collection.has_image() };
        let wanted = collection.version.filter(|_| !there);
        Ok(wanted.map(|version| {
            let (schema, layout) = (Arc::clone(&collection.schema), collection.layout.clone());
            (collection.table, schema, version, layout, collection.totals)
        }))
    }
}

/// Takes the folded rows of a table out of memory. False when they are needed.
fn evict(shared: &Weak<Shared>, table: TableId) -> bool {
    let Some(shared) = shared.upgrade() else { return false };
    let mut state = shared.state.write();
    // A write that is on its way was checked against them, and is applied beside them.
    if shared.writing.load(Ordering::SeqCst) {
        return false;
    }
    let gone = state.by_table(table).and_then(Collection::evict);
    drop(state);
    gone.is_some()
}

type ImageWanted = (TableId, Arc<crate::schema::Schema>, u64, Option<Arc<Layout>>, Totals);

/// Why the folded rows of a collection could not be brought into memory.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error("{0}")]
    Read(#[from] ReadError),
    #[error("{0}")]
    Table(#[from] TableError),
}

/// What is brought into memory of folded rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// All, or the keys when there is no room.
    AsFit,
    All,
    Keys,
}

fn read_error(error: LoadError) -> ReadError {
    match error {
        LoadError::Read(error) => error,
        LoadError::Table(error) => ReadError::Unavailable(error.to_string()),
    }
}

/// Why ownership could not be checked.
#[derive(Debug, thiserror::Error)]
pub(super) enum OwnerError {
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("{0}")]
    Root(#[from] crate::catalog::RootError),
}

pub(super) fn refuse_unless_serving(state: &State) -> Result<(), ReadError> {
    match state.standing {
        Standing::Serving => Ok(()),
        Standing::Fenced => Err(ReadError::Fenced),
        Standing::Closed => Err(ReadError::Closed),
    }
}
