//! Log entries as objects: append, settle, read, trim.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, path::Path};

use super::recent::Recent;
use super::{Body, Entry};
use crate::frame::{self, FrameError, Kind};
use crate::namespace::Commit;
use crate::store::Store;
use crate::table::Removed;

/// Entries read at the same time when the log is replayed. All that there are hold no more rows than
/// [`crate::Config::max_memtable_bytes`] and a full queue, so large ones are few.
const READ_AHEAD: usize = 64;
/// Entries emptied at the same time by an erase.
const EMPTY_PARALLEL: usize = 16;
/// Deletes at the same time while trimming.
const TRIM_PARALLEL: usize = 8;
/// One attempt at a PUT or GET is given up after this; the outcome is then in doubt and settled by reading.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const FIRST_BACKOFF: Duration = Duration::from_millis(20);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("{0}")]
    Store(#[from] Error),
    #[error("log entry {commit}: {error}")]
    Damaged { commit: Commit, error: FrameError },
    #[error("the store did not answer in time")]
    TimedOut,
}

/// What an erase has removed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ErasedEntries {
    pub(crate) removed: Removed,
    pub(crate) emptied: Removed,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Our entry is the one at this commit.
    Ours,
    /// Another entry is.
    Taken,
}

/// The log of one namespace.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    store: Store,
    prefix: Path,
    recent: Arc<Recent>,
}

/// Somebody who follows the log: while there is one, the newest entries are kept in memory.
#[derive(Debug)]
pub(crate) struct Follower(Log);

impl Follower {
    /// As [`Log::read`], without asking the store for the newest entries.
    pub(crate) async fn read(&self, commit: Commit) -> Result<Option<Entry>, LogError> {
        match self.0.recent.get(commit) {
            Some(sealed) => open(commit, &sealed).map(Some),
            None => self.0.read(commit).await,
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.recent.leave();
    }
}

impl Log {
    pub(crate) fn new(store: &Store, namespace: &str) -> Self {
        Self { store: store.clone(), prefix: store.path(&format!("{namespace}/log")), recent: Arc::default() }
    }

    pub(crate) fn follow(&self) -> Follower {
        self.recent.follow();
        Follower(self.clone())
    }

    fn key(&self, commit: Commit) -> Path {
        self.prefix.clone().join(format!("{commit:020}"))
    }

    /// Creates entry `commit` and does not return before it is known who has that commit. A PUT whose reply
    /// was lost may have been applied, and may still be applied later, so the same bytes are sent until the
    /// entry can be read back. Safe to drop only when the namespace is given up.
    pub(crate) async fn append(&self, commit: Commit, bytes: Bytes, nonce: [u8; 16]) -> Settled {
        let mut backoff = FIRST_BACKOFF;
        loop {
            match self.try_append(commit, bytes.clone(), nonce).await {
                Ok(settled) => {
                    if settled == Settled::Ours {
                        self.recent.push(commit, bytes);
                    }
                    return settled;
                }
                Err(error) => tracing::warn!(commit, %error, "a log entry is in doubt; trying again"),
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }

    async fn try_append(&self, commit: Commit, bytes: Bytes, nonce: [u8; 16]) -> Result<Settled, LogError> {
        let objects = self.store.objects();
        let key = self.key(commit);
        let put = objects.put_opts(&key, bytes.into(), PutOptions::from(PutMode::Create));
        let error = match tokio::time::timeout(ATTEMPT_TIMEOUT, put).await {
            Ok(Ok(_)) => return Ok(Settled::Ours),
            Ok(Err(error)) => LogError::Store(error),
            Err(_) => LogError::TimedOut,
        };
        #[cfg(feature = "planted-bugs")]
        if matches!(error, LogError::Store(Error::AlreadyExists { .. } | Error::Precondition { .. }))
            && crate::planted::is(crate::planted::Bug::OwnConflictIsFencing)
        {
            return Ok(Settled::Taken);
        }
        // Also on "already exists": the object store client retries, so that entry may be our own.
        match self.read(commit).await? {
            Some(entry) if entry.nonce == nonce => {
                // That it can be read does not say that it outlasts a loss of power.
                let synced = tokio::time::timeout(ATTEMPT_TIMEOUT, self.store.sync_name(&key));
                synced.await.map_err(|_| LogError::TimedOut)??;
                Ok(Settled::Ours)
            }
            Some(_) => Ok(Settled::Taken),
            None => Err(error),
        }
    }

    /// The entry at `commit`, if there is one.
    pub(crate) async fn read(&self, commit: Commit) -> Result<Option<Entry>, LogError> {
        let objects = self.store.objects();
        let key = self.key(commit);
        let get = async { objects.get(&key).await?.bytes().await };
        let bytes = match tokio::time::timeout(ATTEMPT_TIMEOUT, get).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(Error::NotFound { .. })) => return Ok(None),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(LogError::TimedOut),
        };
        open(commit, &bytes).map(Some)
    }

    /// The commits after `after` that have an entry, in order.
    pub(crate) async fn commits_after(&self, after: Commit) -> Result<Vec<Commit>, LogError> {
        let objects = self.store.objects();
        let offset = self.key(after);
        let listing = objects.list_with_offset(Some(&self.prefix), &offset);
        let names: Vec<Path> = listing.map_ok(|meta| meta.location).try_collect().await?;
        let mut commits: Vec<Commit> = names.iter().filter_map(commit_of).filter(|c| *c > after).collect();
        commits.sort_unstable();
        Ok(commits)
    }

    /// Reads `commits` in their order, several at a time.
    pub(crate) fn read_all(
        &self,
        commits: Vec<Commit>,
    ) -> impl futures::Stream<Item = Result<(Commit, Option<Entry>), LogError>> + '_ {
        futures::stream::iter(commits)
            .map(move |commit| async move { self.read(commit).await.map(|entry| (commit, entry)) })
            .buffered(READ_AHEAD)
    }

    /// Removes the entries up to and with `last`, but for those in `but`: ranges `(after, to]`. Stops at the first
    /// error; the next trim goes on.
    pub(crate) async fn trim(&self, last: Commit, but: &[(Commit, Commit)]) -> Result<usize, LogError> {
        let objects = self.store.objects();
        // Listed oldest first: no more is listed than may go.
        let listing = objects.list(Some(&self.prefix)).map_ok(|meta| meta.location);
        let listing = listing.try_take_while(|path| std::future::ready(Ok(commit_of(path).is_none_or(|c| c <= last))));
        let goes = |commit: Commit| commit <= last && !but.iter().any(|(after, to)| *after < commit && commit <= *to);
        let old = listing.try_filter(|path| std::future::ready(commit_of(path).is_some_and(goes)));
        let old: Vec<Path> = old.try_collect().await?;
        let count = old.len();
        let deletes = futures::stream::iter(old).map(|path| {
            let objects = self.store.objects();
            async move {
                match objects.delete(&path).await {
                    Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                    Err(error) => Err(error),
                }
            }
        });
        deletes.buffer_unordered(TRIM_PARALLEL).try_collect::<Vec<()>>().await?;
        Ok(count)
    }

    /// Removes what the entries up to `last` hold, for ever. Those written at `young_ms` or later stay as empty ones:
    /// their keys must not become free as long as a writer may sleep that could take them.
    pub(crate) async fn erase(&self, last: Commit, young_ms: i64) -> Result<ErasedEntries, LogError> {
        let objects = self.store.objects();
        let listed: Vec<_> = objects.list(Some(&self.prefix)).try_collect().await?;
        let sized = listed.iter().filter_map(|meta| Some((commit_of(&meta.location)?, meta.size)));
        let mut entries: Vec<(Commit, u64)> = sized.filter(|(commit, _)| *commit <= last).collect();
        entries.sort_unstable();
        let mut erased = ErasedEntries::default();
        // Times grow with commits: those before one that is old are old.
        while let Some(from) = entries.len().checked_sub(1).map(|end| end.saturating_sub(EMPTY_PARALLEL - 1)) {
            let chunk: Vec<_> =
                entries[from..].iter().map(|(commit, size)| self.empty(*commit, *size, young_ms)).collect();
            let done: Vec<_> = futures::stream::iter(chunk).buffered(EMPTY_PARALLEL).try_collect().await?;
            let young = done.iter().rev().take_while(|emptied| emptied.is_some()).count();
            done.iter().rev().take(young).flatten().for_each(|emptied| erased.emptied.add(*emptied));
            entries.truncate(entries.len() - young);
            if young < done.len() {
                break;
            }
        }
        if let Some((oldest_to_go, _)) = entries.last() {
            self.trim(*oldest_to_go, &[]).await?;
        }
        entries.iter().for_each(|(_, bytes)| erased.removed.add(Removed { objects: 1, bytes: *bytes }));
        self.recent.forget();
        Ok(erased)
    }

    /// Puts an empty entry in the place of a young one, and gives what went; `None` when it is not young.
    async fn empty(&self, commit: Commit, size: u64, young_ms: i64) -> Result<Option<Removed>, LogError> {
        let Some(entry) = self.read(commit).await?.filter(|entry| entry.at_ms >= young_ms) else { return Ok(None) };
        if entry.body.is_erased() {
            return Ok(Some(Removed::default()));
        }
        // The nonce stays: a writer that is still to learn whether the entry is its own does so.
        let empty: Entry = Entry { body: Body::Erased, ..entry };
        let sealed = frame::serialize(&empty).and_then(|body| frame::seal(Kind::LogEntry, &body));
        let sealed = sealed.map_err(|error| LogError::Damaged { commit, error })?;
        let objects = self.store.objects();
        let key = self.key(commit);
        let put = objects.put(&key, Bytes::from(sealed).into());
        tokio::time::timeout(ATTEMPT_TIMEOUT, put).await.map_err(|_| LogError::TimedOut)??;
        Ok(Some(Removed { objects: 1, bytes: size }))
    }
}

fn open(commit: Commit, sealed: &[u8]) -> Result<Entry, LogError> {
    frame::open(Kind::LogEntry, sealed).map_err(|error| LogError::Damaged { commit, error })
}

fn commit_of(path: &Path) -> Option<Commit> {
    path.filename().filter(|name| name.len() == 20).and_then(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use uuid::Uuid;

    use super::*;
    use crate::store::StoreConfig;

    /// A PUT whose reply was an error may have made the name of the entry and have failed to sync its directory.
    #[tokio::test]
    async fn an_entry_that_is_only_there_to_be_read_is_not_ours_before_its_directory_is_synced() {
        let place = tempfile::tempdir().expect("a directory");
        let store = Store::open(&StoreConfig::directory(place.path())).await.expect("a store");
        // What is put can be read, while there is no directory that could be synced.
        let log = Log::new(&store.wrapped(|_| Arc::new(InMemory::new())), "ns/a");
        let nonce = [7; 16];
        let entry: Entry =
            Entry { commit: 1, writer_id: Uuid::nil(), generation: 1, nonce, at_ms: 0, body: Body::Generation };
        let sealed = frame::seal(Kind::LogEntry, &frame::serialize(&entry).expect("a body")).expect("sealed");
        let again = async || log.try_append(1, Bytes::from(sealed.clone()), nonce).await;
        assert_eq!(again().await.expect("put"), Settled::Ours);
        assert!(matches!(again().await, Err(LogError::Store(Error::Generic { .. }))));
        std::fs::create_dir_all(place.path().join("ns/a/log")).expect("made");
        assert_eq!(again().await.expect("read back"), Settled::Ours);
    }
}
