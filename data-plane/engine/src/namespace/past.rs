//! The namespace at an older commit: a kept checkpoint, and the log after it replayed, for reading.
//!
//! A few of them stay in memory for the next who asks. They take their memory from the store's budget, and go when
//! nobody asked for them for a while.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::TryStreamExt;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::Namespace;
use super::errors::{ReadError, TimeError};
use super::history::whole_from;
use super::shared::{Shared, refuse_unless_serving};
use super::state::{Standing, State};
use super::types::{CollectionInfo, Commit, ReadOf, Stored};
use crate::catalog::{Kept, RootError};
use crate::filter::Filter;
use crate::log::LogError;
use crate::schema::Record;
use crate::search::{Hit, Include, OrderBy, OrderedPage, Page, Position, Query};
use crate::store::{MemoryBudget, Reservation};

/// Past states a namespace keeps in memory.
const MAX_PASTS: usize = 4;
/// One that nobody asked for in this time goes.
const IDLE: Duration = Duration::from_secs(300);

/// A namespace as it was at a commit. Reads mean what they mean on [`Namespace`].
#[derive(Debug)]
pub struct PastState {
    inner: Namespace,
    /// Given back when it goes.
    _memory: Reservation,
}

/// The past states in memory, with the monotonic time each was last asked for; most recent last.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    cached: Vec<(Arc<PastState>, Duration)>,
    /// Whether a task lets the idle ones go.
    closing: bool,
}

impl Namespace {
    /// The namespace as it was at `commit`.
    ///
    /// # Errors
    /// [`TimeError::NotReached`] and [`TimeError::Gone`] name the commits that can be read.
    pub async fn at_commit(&self, commit: Commit) -> Result<Arc<PastState>, TimeError> {
        let past = at(&self.shared, commit).await;
        self.shared.may_answer()?;
        past
    }

    /// The newest commit written at or before `time`, by the clocks of the writers.
    ///
    /// # Errors
    /// [`TimeError::TooEarly`] when the history does not go back as far.
    pub async fn commit_at(&self, time: chrono::DateTime<chrono::Utc>) -> Result<Commit, TimeError> {
        let commit = commit_at(&self.shared, time.timestamp_millis()).await;
        self.shared.may_answer()?;
        commit
    }
}

pub(super) async fn at(shared: &Arc<Shared>, commit: Commit) -> Result<Arc<PastState>, TimeError> {
    refuse_unless_serving(&shared.state.read())?;
    let mut pasts = shared.pasts.lock().await;
    let now = shared.monotonic();
    if let Some(found) = pasts.cached.iter().position(|(past, _)| past.commit() == commit) {
        let (past, _) = pasts.cached.remove(found);
        pasts.cached.push((Arc::clone(&past), now));
        return Ok(past);
    }
    let state = load(shared, commit).await?;
    let (_, bytes) = state.memtable_size();
    while pasts.cached.len() >= MAX_PASTS {
        pasts.cached.remove(0);
    }
    let memory = loop {
        match shared.store.budget().reserve(bytes) {
            Some(memory) => break memory,
            None if pasts.cached.is_empty() => return Err(TimeError::NoMemory { bytes }),
            None => drop(pasts.cached.remove(0)),
        }
    };
    let past = Arc::new(PastState::new(shared, state, memory));
    shared.past_shared.lock().retain(|held| held.strong_count() > 0);
    shared.past_shared.lock().push(Arc::downgrade(&past.inner.shared));
    // Fenced, closed or erased in the meantime: whoever did it may have missed this one.
    {
        let state = shared.state.read();
        refuse_unless_serving(&state)?;
        if commit < state.marks.erased {
            return Err(TimeError::Gone { asked: commit, oldest: state.marks.erased, newest: state.commit });
        }
    }
    if !std::mem::replace(&mut pasts.closing, true) {
        tokio::spawn(close_idle(Arc::downgrade(shared), shared.cancel.clone()));
    }
    pasts.cached.push((Arc::clone(&past), now));
    Ok(past)
}

/// Lets past states go that nobody asks for; ends with the last one.
async fn close_idle(shared: Weak<Shared>, cancel: tokio_util::sync::CancellationToken) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(IDLE) => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        let mut pasts = shared.pasts.lock().await;
        let now = shared.monotonic();
        pasts.cached.retain(|(_, used)| now.saturating_sub(*used) < IDLE);
        if pasts.cached.is_empty() {
            pasts.closing = false;
            return;
        }
    }
}

/// Replays the namespace up to `commit`.
async fn load(shared: &Shared, commit: Commit) -> Result<State, TimeError> {
    let mut tried: Option<(Kept, Option<State>)> = None;
    loop {
        let base = {
            let state = shared.state.read();
            if commit > state.commit {
                return Err(TimeError::NotReached { asked: commit, newest: state.commit });
            }
            let oldest = whole_from(state.kept()).max(state.marks.erased);
            base_of(&state, commit).ok_or(TimeError::Gone { asked: commit, oldest, newest: state.commit })?
        };
        match tried {
            // All of it was kept while it was read.
            Some((before, Some(past))) if before == base => return Ok(past),
            Some((before, None)) if before == base => {
                return Err(TimeError::Unavailable(format!("what commit {commit} is read from is not there")));
            }
            // The first time, or a fold has trimmed meanwhile.
            _ => tried = Some((base, load_from(shared, base, commit).await?)),
        }
    }
}

/// What a commit is read from, when it is kept: its own entry and those between may be there and not be its own if it
/// is not, for who had the namespace before and slept may write what was trimmed.
fn base_of(state: &State, commit: Commit) -> Option<Kept> {
    let kept = state.kept();
    let named = || state.marks.snapshots.values().any(|snapshot| snapshot.commit == commit);
    let readable = commit >= state.marks.erased && (commit >= whole_from(kept) || named());
    kept.iter().rev().find(|base| base.folded_commit <= commit && readable).copied()
}

/// `None` when something is not there any more.
async fn load_from(shared: &Shared, base: Kept, commit: Commit) -> Result<Option<State>, TimeError> {
    let root = match base.sequence {
        0 => None,
        sequence => match shared.roots.read(sequence).await? {
            Some(root) => Some(root),
            None => return Ok(None),
        },
    };
    replay_to(shared, State::new(root), commit).await
}

/// `None` when an entry is not there any more.
async fn replay_to(shared: &Shared, mut state: State, commit: Commit) -> Result<Option<State>, TimeError> {
    let commits = (state.commit + 1..=commit).collect();
    let mut entries = std::pin::pin!(shared.log.read_all(commits));
    while let Some((_, entry)) = entries.try_next().await? {
        let Some(entry) = entry.filter(|entry| !entry.body.is_erased()) else { return Ok(None) };
        state = state.replay_off_thread(entry).await.map_err(TimeError::Unavailable)?;
    }
    Ok(Some(state))
}

async fn commit_at(shared: &Shared, time_ms: i64) -> Result<Commit, TimeError> {
    let (kept, commit, last_ms) = {
        let state = shared.state.read();
        refuse_unless_serving(&state)?;
        (state.kept().to_vec(), state.commit, state.marks.last_ms)
    };
    if last_ms <= time_ms {
        return Ok(commit);
    }
    let whole: Vec<&Kept> = kept.iter().filter(|k| !k.pinned).collect();
    let too_early = |oldest: &Kept| TimeError::TooEarly {
        oldest: chrono::DateTime::from_timestamp_millis(oldest.commit_ms).unwrap_or_default(),
    };
    let Some(base) = whole.iter().rposition(|k| k.commit_ms <= time_ms) else {
        return Err(too_early(whole.first().copied().unwrap_or(&Kept::EMPTY)));
    };
    // The one at `low` is early enough, the one at `high` is not.
    let mut low = whole[base].folded_commit;
    let mut high = whole.get(base + 1).map_or(commit, |k| k.folded_commit);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let entry = shared.log.read(middle).await?;
        let entry = entry.ok_or_else(|| TimeError::Unavailable("the history is being trimmed".to_owned()))?;
        if entry.at_ms <= time_ms { low = middle } else { high = middle }
    }
    Ok(low)
}

impl Pasts {
    pub(super) fn clear(&mut self) {
        self.cached.clear();
    }
}

impl PastState {
    fn new(parent: &Shared, state: State, memory: Reservation) -> Self {
        // Nobody listens at the other end: a past state takes no writes.
        let (queue, _) = mpsc::channel(1);
        let tasks = TaskTracker::new();
        tasks.close();
        let reading = Arc::new(MemoryBudget::new(0));
        Self { inner: Namespace { shared: Arc::new(parent.past(state)), queue, tasks, reading }, _memory: memory }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> Commit {
        self.inner.commit()
    }

    /// See [`Namespace::collections`].
    ///
    /// # Errors
    /// When the namespace no longer serves, or the commit was erased.
    pub fn collections(&self) -> Result<ReadOf<Vec<CollectionInfo>>, ReadError> {
        self.inner.collections()
    }

    /// See [`Namespace::collection`].
    ///
    /// # Errors
    /// When the namespace no longer serves, or the commit was erased.
    pub fn collection(&self, name: &str) -> Result<ReadOf<Option<CollectionInfo>>, ReadError> {
        self.inner.collection(name)
    }

    /// See [`Namespace::logical_bytes_of`].
    #[must_use]
    pub fn logical_bytes_of(&self, collection: &str) -> Option<u64> {
        self.inner.logical_bytes_of(collection)
    }

    /// See [`Namespace::fetch`].
    ///
    /// # Errors
    /// See [`Namespace::fetch`].
    pub async fn fetch(
        &self,
        collection: &str,
        ids: &[String],
        include: Include,
    ) -> Result<ReadOf<Vec<Option<Record>>>, ReadError> {
        self.inner.fetch(collection, ids, include).await
    }

    /// See [`Namespace::fetch_stored`].
    ///
    /// # Errors
    /// See [`Namespace::fetch_stored`].
    pub async fn fetch_stored(
        &self,
        collection: &str,
        ids: &[String],
        include: Include,
    ) -> Result<ReadOf<Vec<Option<Stored>>>, ReadError> {
        self.inner.fetch_stored(collection, ids, include).await
    }

    /// See [`Namespace::count`].
    ///
    /// # Errors
    /// See [`Namespace::count`].
    pub async fn count(&self, collection: &str, filter: Option<Filter>) -> Result<ReadOf<u64>, ReadError> {
        self.inner.count(collection, filter).await
    }

    /// See [`Namespace::scan`].
    ///
    /// # Errors
    /// See [`Namespace::scan`].
    pub async fn scan(
        &self,
        collection: &str,
        filter: Option<Filter>,
        after: Option<String>,
        limit: usize,
        include: Include,
    ) -> Result<ReadOf<Page>, ReadError> {
        self.inner.scan(collection, filter, after, limit, include).await
    }

    /// See [`Namespace::scan_ordered`].
    ///
    /// # Errors
    /// See [`Namespace::scan_ordered`].
    pub async fn scan_ordered(
        &self,
        collection: &str,
        filter: Option<Filter>,
        order: OrderBy,
        after: Option<Position>,
        limit: usize,
        include: Include,
    ) -> Result<ReadOf<OrderedPage>, ReadError> {
        self.inner.scan_ordered(collection, filter, order, after, limit, include).await
    }

    /// See [`Namespace::multi_query`].
    ///
    /// # Errors
    /// See [`Namespace::multi_query`].
    pub async fn multi_query(&self, collection: &str, queries: Vec<Query>) -> Result<ReadOf<Vec<Vec<Hit>>>, ReadError> {
        self.inner.multi_query(collection, queries).await
    }

    /// See [`Namespace::query`].
    ///
    /// # Errors
    /// See [`Namespace::query`].
    pub async fn query(&self, collection: &str, query: Query) -> Result<ReadOf<Vec<Hit>>, ReadError> {
        self.inner.query(collection, query).await
    }
}

impl Shared {
    /// Nothing is read any more from the past states that are in memory. Says how many these are.
    pub(super) fn close_pasts(&self, standing: Standing) -> u64 {
        let pasts: Vec<_> = self.past_shared.lock().drain(..).filter_map(|held| held.upgrade()).collect();
        pasts.iter().for_each(|past| past.state.write().standing = standing);
        pasts.len() as u64
    }
}

impl State {
    /// The checkpoints that are kept, oldest first.
    pub(super) fn kept(&self) -> &[Kept] {
        self.root.as_ref().map_or(&[Kept::EMPTY], |root| &root.kept)
    }
}

impl From<LogError> for TimeError {
    fn from(error: LogError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<RootError> for TimeError {
    fn from(error: RootError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
