//! Reads. Each takes a snapshot under a short lock, so it sees every write acknowledged before it began and
//! none in part. The lease is looked at when the answer is ready: what was true at the snapshot may be stale
//! by then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Namespace;
use super::collection::Collection;
use super::errors::ReadError;
use super::shared::refuse_unless_serving;
use super::types::{CollectionInfo, Commit, ReadOf, Stats, Stored, UsageKey};
use crate::filter::Filter;
use crate::schema::{Record, Schema, limits, no_vector_column};
use crate::search::{self, At, Include, Page, Recall, Room, SearchError, View};
use crate::store::{Io, IoScope};

/// Queries of a recall probe, and hits of each.
const MAX_RECALL: usize = 100;

impl Namespace {
    /// The records of `ids`, in their order, `None` where there is none. At most 1,000.
    ///
    /// # Errors
    /// [`ReadError::BadQuery`] when there are too many ids, or their records exceed
    /// [`crate::Config::max_read_bytes`].
    pub async fn fetch(
        &self,
        collection: &str,
        ids: &[String],
        include: Include,
    ) -> Result<ReadOf<Vec<Option<Record>>>, ReadError> {
        let ReadOf { value, commit, io } = self.fetch_stored(collection, ids, include).await?;
        let value = value.into_iter().map(|found| found.map(|stored| stored.record)).collect();
        Ok(ReadOf { value, commit, io })
    }

    /// As [`Namespace::fetch`], each record with the commit that wrote it.
    ///
    /// # Errors
    /// As [`Namespace::fetch`].
    pub async fn fetch_stored(
        &self,
        collection: &str,
        ids: &[String],
        include: Include,
    ) -> Result<ReadOf<Vec<Option<Stored>>>, ReadError> {
        if ids.len() > limits::MAX_BATCH {
            return Err(bad("ids", format!("at most {} are allowed", limits::MAX_BATCH)));
        }
        let scope = Arc::new(IoScope::default());
        self.shared.ensure_keys(collection, &scope).await?;
        let (view, commit, found) = {
            let state = self.shared.state.read();
            refuse_unless_serving(&state)?;
            let found = state.collections.get(collection).ok_or_else(|| self.shared.no_such_collection())?;
            found.used(self.shared.monotonic());
            let view = found.view().ok_or_else(reloading)?.through(&self.shared.store.counted(&scope));
            let rows: Vec<_> = ids.iter().map(|id| found.newest(id)).collect();
            (view, state.commit, rows)
        };
        if view.remote.is_some() {
            self.load_meanwhile(collection);
        }
        let (places, commits): (Vec<Option<At>>, Vec<_>) = found.into_iter().map(Option::unzip).unzip();
        if places.iter().flatten().any(|at| matches!(at, At::Remote(_))) {
            scope.reads_tables();
        }
        let records = search::fetch(&view, places, include, self.room()).await.map_err(|e| self.failed("ids", &e))?;
        let stored = records.into_iter().zip(commits);
        let value = stored.map(|(record, commit)| Some(Stored { record: record?, commit: commit? })).collect();
        self.answer(value, commit, scope.io())
    }

    /// How many records pass the filter.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn count(&self, collection: &str, filter: Option<Filter>) -> Result<ReadOf<u64>, ReadError> {
        let scope = Arc::new(IoScope::default());
        if filter.is_none()
            && let Some((value, commit)) = self.known_count(collection)?
        {
            return self.answer(value, commit, scope.io());
        }
        let (view, commit) = self.view(collection, &scope).await?;
        check_filter(&view.schema, filter.as_ref()).map_err(|e| self.refusal(e))?;
        let value = search::count(view, filter).await.map_err(|e| self.failed("filter", &e))?;
        self.answer(value, commit, scope.io())
    }

    /// Up to `limit` (1..=1000) records that pass the filter with an id after `after`, in the byte order of ids.
    /// The page ends early when it holds [`crate::Config::max_read_bytes`].
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn scan(
        &self,
        collection: &str,
        filter: Option<Filter>,
        after: Option<String>,
        limit: usize,
        include: Include,
    ) -> Result<ReadOf<Page>, ReadError> {
        if !(1..=limits::MAX_TOP_K).contains(&limit) {
            return Err(bad("limit", format!("must be 1 to {}", limits::MAX_TOP_K)));
        }
        let scope = Arc::new(IoScope::default());
        let (view, commit) = self.view(collection, &scope).await?;
        check_filter(&view.schema, filter.as_ref()).map_err(|e| self.refusal(e))?;
        let page = search::scan(view, filter, after, limit, include, self.room()).await;
        let value = page.map_err(|error| self.failed("limit", &error))?;
        self.answer(value, commit, scope.io())
    }

    /// Asks with the vectors of up to `samples` (1..=100) rows for the `top_k` (1..=100) nearest of the other rows,
    /// with and without the index, and compares the answers. The row that is asked with is left out of both and of the
    /// index, so this is the recall of queries that are like the rows. What is not folded yet takes part in both.
    ///
    /// # Errors
    /// [`ReadError::BadQuery`] when the column is not there or a number is out of its range.
    pub async fn recall(
        &self,
        collection: &str,
        column: &str,
        samples: usize,
        top_k: usize,
    ) -> Result<ReadOf<Recall>, ReadError> {
        for (field, number) in [("samples", samples), ("top_k", top_k)] {
            if !(1..=MAX_RECALL).contains(&number) {
                return Err(bad(field, format!("must be 1 to {MAX_RECALL}")));
            }
        }
        let scope = Arc::new(IoScope::default());
        let (view, commit) = self.view(collection, &scope).await?;
        let Some((column, _)) = view.schema.vector_column(column) else {
            return Err(bad("column", no_vector_column(&view.schema, column)));
        };
        let value = search::recall(view, column, samples, top_k).await.map_err(|e| self.failed("samples", &e))?;
        self.answer(value, commit, scope.io())
    }

    /// How many records there are, when that is known without the folded rows.
    fn known_count(&self, collection: &str) -> Result<Option<(u64, Commit)>, ReadError> {
        let state = self.shared.state.read();
        refuse_unless_serving(&state)?;
        let found = state.collections.get(collection).ok_or_else(|| self.shared.no_such_collection())?;
        let known = found.has_image() || !found.has_unfolded();
        Ok(known.then_some((found.totals.rows, state.commit)))
    }

    pub(super) async fn view(&self, collection: &str, scope: &Arc<IoScope>) -> Result<(Arc<View>, Commit), ReadError> {
        self.shared.ensure_image_counted(collection, scope).await?;
        let state = self.shared.state.read();
        refuse_unless_serving(&state)?;
        let found = state.collections.get(collection).ok_or_else(|| self.shared.no_such_collection())?;
        found.used(self.shared.monotonic());
        let view = found.view().ok_or_else(reloading)?.through(&self.shared.store.counted(scope));
        if view.remote.is_some() {
            scope.reads_tables();
            self.load_meanwhile(collection);
        }
        Ok((Arc::new(view), state.commit))
    }

    /// The reply, if the process may still give it.
    pub(super) fn answer<T>(&self, value: T, commit: Commit, io: Io) -> Result<ReadOf<T>, ReadError> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is(crate::planted::Bug::StaleReadByPausedOwner) {
            return Ok(ReadOf { value, commit, io });
        }
        self.shared.may_answer()?;
        Ok(ReadOf { value, commit, io })
    }

    /// What does not fit the collection was held against a schema that may be stale.
    pub(super) fn refusal(&self, error: ReadError) -> ReadError {
        if self.shared.environment.lease.is_valid() { error } else { ReadError::NoLease }
    }

    pub(super) fn room(&self) -> Room {
        Room::new(self.shared.config.max_read_bytes)
    }

    /// `field` is what the caller can make smaller.
    pub(super) fn failed(&self, field: &'static str, error: &SearchError) -> ReadError {
        match error {
            SearchError::TooLarge => {
                let limit = self.shared.config.max_read_bytes;
                let way_out = "ask for fewer, or leave parts out of `include`";
                bad(
                    field,
                    format!("the records found hold more than {limit} bytes, as much as an answer may: {way_out}"),
                )
            }
            SearchError::Table(_) | SearchError::Task(_) => ReadError::Unavailable(error.to_string()),
        }
    }

    /// All collections, by name.
    ///
    /// # Errors
    /// When the namespace no longer serves.
    pub fn collections(&self) -> Result<ReadOf<Vec<CollectionInfo>>, ReadError> {
        let state = self.shared.state.read();
        refuse_unless_serving(&state)?;
        let value = state.collections.values().map(super::collection::Collection::info).collect();
        let commit = state.commit;
        drop(state);
        self.answer(value, commit, Io::default())
    }

    /// One collection.
    ///
    /// # Errors
    /// When the namespace no longer serves.
    pub fn collection(&self, name: &str) -> Result<ReadOf<Option<CollectionInfo>>, ReadError> {
        let state = self.shared.state.read();
        refuse_unless_serving(&state)?;
        let value = state.collections.get(name).map(super::collection::Collection::info);
        let commit = state.commit;
        drop(state);
        self.answer(value, commit, Io::default())
    }

    /// The schema of a collection, `None` when there is none, to be told to a caller or to judge a request by.
    ///
    /// # Errors
    /// When the namespace no longer serves, or the lease ran out: it may be stale then.
    pub fn current_schema(&self, collection: &str) -> Result<Option<Arc<Schema>>, ReadError> {
        let schema = self.shared.state.read().collections.get(collection).map(|c| Arc::clone(&c.schema));
        self.shared.may_answer()?;
        Ok(schema)
    }

    /// Logical bytes of a collection's live records.
    #[must_use]
    pub fn logical_bytes_of(&self, collection: &str) -> Option<u64> {
        self.shared.state.read().collections.get(collection).map(|c| c.totals.bytes)
    }

    /// Logical bytes of all live records.
    #[must_use]
    pub fn logical_bytes(&self) -> u64 {
        self.shared.state.read().collections.values().map(|c| c.totals.bytes).sum()
    }

    /// The last durable commit.
    #[must_use]
    pub fn commit(&self) -> Commit {
        self.shared.state.read().commit
    }

    /// Usage of writes so far: cumulative, as durable as the writes, never reset.
    #[must_use]
    pub fn usage(&self) -> Vec<(UsageKey, u64)> {
        let mut usage: Vec<_> = self.shared.state.read().usage.iter().map(|(k, v)| (k.clone(), *v)).collect();
        usage.sort_unstable();
        usage
    }

    /// Forgets counters of hours before `hour`, which must be final and acknowledged. The next fold makes it
    /// durable; until then a restart brings them back with their old values.
    pub fn forget_usage_before(&self, hour: i64) {
        let mut state = self.shared.state.write();
        let before = state.usage.len();
        state.usage.retain(|key, _| key.hour >= hour);
        state.changed |= state.usage.len() < before;
    }

    /// How the namespace is doing.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        let state = self.shared.state.read();
        let (memtable_rows, memtable_bytes) = state.memtable_size();
        let (set_aside, set_aside_bytes) = state.aside();
        let live = state.collections.values().map(|c| c.totals.bytes).sum();
        let tables = state.collections.values().map(|c| (c.table, c.totals.bytes));
        let kept = state.root.as_ref().map_or(&[][..], |root| &root.kept);
        let indexes = state.collections.values().map(super::collection::Collection::index_size);
        let (indexed_rows, index_bytes) = indexes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        Stats {
            commit: state.commit,
            folded_commit: state.folded_commit(),
            collections: state.collections.len(),
            rows: state.collections.values().map(|c| c.totals.rows).sum(),
            logical_bytes: live,
            history_bytes: super::history::history_bytes(kept, state.marks.written, live),
            waiting: self.queue.max_capacity() - self.queue.capacity(),
            memtable_rows,
            memtable_bytes,
            set_aside,
            set_aside_bytes,
            indexed_rows,
            index_bytes,
            folds: counters.folds.load(Ordering::Relaxed),
            failed_folds: counters.failed_folds.load(Ordering::Relaxed),
            entries: counters.entries.load(Ordering::Relaxed),
            writes: counters.writes.load(Ordering::Relaxed),
            fold_lag_ms: u64::try_from(self.shared.fold_lag().as_millis()).unwrap_or(u64::MAX),
            answers: state.answers.len(),
            storage: self.shared.storage.stats(state.commit, tables),
            resident_bytes: state.collections.values().map(Collection::resident_bytes).sum(),
        }
    }
}

/// A filter knows attributes by their places in the schema that it was checked against.
pub(super) fn check_filter(schema: &Schema, filter: Option<&Filter>) -> Result<(), ReadError> {
    if filter.is_none_or(|filter| filter.fits(schema)) {
        return Ok(());
    }
    Err(bad("filter", "the collection was replaced by one with other attributes meanwhile".to_owned()))
}

pub(super) fn bad(field: &'static str, why: String) -> ReadError {
    ReadError::BadQuery { field, why }
}

fn reloading() -> ReadError {
    ReadError::Unavailable("the collection is being loaded".to_owned())
}
