//! Export: all records of a collection at one commit, as a file, piece by piece.

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::Namespace;
use super::errors::ReadError;
use super::reads::{bad, check_filter};
use super::shared::{Shared, refuse_unless_serving};
use super::types::Commit;
use crate::catalog::TableId;
use crate::filter::Filter;
use crate::search::{self, Abandoned, Include, Room, View};
use crate::store::IoScope;
use crate::transfer::{Encoder, Format};

/// Records of a piece.
const PAGE: usize = 1_024;
/// Bytes of the records of a piece.
const PAGE_BYTES: usize = 8 << 20;
/// Exports of one namespace at the same time; each holds the rows of its commit in memory.
pub(super) const MAX_EXPORTS: usize = 2;

/// What an export reads. Its version is named as in use as long as this is there.
pub(super) struct Exported {
    table: TableId,
    version: Option<u64>,
    /// `None` before it is looked at, and when an erase has ended the export.
    view: Mutex<Option<Arc<View>>>,
}

/// An export that has begun.
pub struct Export {
    shared: Arc<Shared>,
    exported: Arc<Exported>,
    filter: Option<Filter>,
    commit: Commit,
    encoder: Option<Encoder>,
    after: Option<String>,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("commit", &self.commit).field("after", &self.after).finish_non_exhaustive()
    }
}

impl Namespace {
    /// Begins an export of the records that pass the filter, as they are at this moment, in the order of ids. Writes go
    /// on meanwhile and are not in it.
    ///
    /// # Errors
    /// See [`ReadError`]; [`ReadError::Busy`] when as many exports are running as a namespace may have.
    pub async fn export(&self, collection: &str, filter: Option<Filter>, format: Format) -> Result<Export, ReadError> {
        let permit = Arc::clone(&self.shared.exports).try_acquire_owned();
        let permit = permit.map_err(|_| ReadError::Busy("two exports of this namespace are running already"))?;
        let (view, commit, exported) = self.exported(collection).await?;
        check_filter(&view.schema, filter.as_ref())?;
        let encoder = Encoder::new(format, &view.schema).map_err(|error| bad("format", error.to_string()))?;
        let (shared, encoder) = (Arc::clone(&self.shared), Some(encoder));
        Ok(Export { shared, exported, filter, commit, encoder, after: None, _permit: permit })
    }

    /// The rows as they are. Their version is named as in use before they are looked at, so no file of it goes.
    async fn exported(&self, collection: &str) -> Result<(Arc<View>, Commit, Arc<Exported>), ReadError> {
        loop {
            let (table, version) = self.shared.version_of(collection)?;
            let exported = Arc::new(Exported { table, version, view: Mutex::default() });
            {
                let mut running = self.shared.exported.lock();
                running.retain(|held| held.strong_count() > 0);
                running.push(Arc::downgrade(&exported));
            }
            let (view, commit) = self.view(collection, &Arc::new(IoScope::default())).await?;
            *exported.view.lock() = Some(Arc::clone(&view));
            // A fold may have moved it meanwhile; an erase may have ended the exports before this was one.
            let erased = self.shared.state.read().marks.erased;
            if self.shared.version_of(collection)? == (table, version) && commit >= erased {
                return Ok((view, commit, exported));
            }
        }
    }
}

impl Exported {
    /// The version of a table that it reads, if there is one.
    pub(super) fn in_use(&self) -> Option<(TableId, u64)> {
        Some((self.table, self.version?))
    }

    fn view(&self) -> Result<Arc<View>, ReadError> {
        self.view.lock().clone().ok_or(ReadError::Closed)
    }
}

impl Shared {
    /// The table of a collection, and its version if it has one.
    fn version_of(&self, collection: &str) -> Result<(TableId, Option<u64>), ReadError> {
        let state = self.state.read();
        refuse_unless_serving(&state)?;
        let found = state.collections.get(collection).ok_or_else(|| self.no_such_collection())?;
        Ok((found.table, found.version))
    }

    /// Ends the exports that run: they hold what was erased. Says how many there were.
    pub(super) fn end_exports(&self) -> u64 {
        let running: Vec<_> = self.exported.lock().drain(..).filter_map(|held| held.upgrade()).collect();
        running.iter().filter(|held| held.view.lock().take().is_some()).count() as u64
    }
}

impl Export {
    /// Every write up to this commit is in the export, and none after it.
    #[must_use]
    pub fn commit(&self) -> Commit {
        self.commit
    }

    /// The bytes of the file, in their order. After an error there are no more; when records of the namespace are
    /// erased meanwhile it is [`ReadError::Closed`].
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ReadError>> + Send {
        futures::stream::try_unfold(
            self,
            |mut export| async move { Ok(export.next().await?.map(|bytes| (bytes, export))) },
        )
    }

    /// The next piece that holds something; `None` behind the last one.
    async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        while let Some(mut encoder) = self.encoder.take() {
            let room = Room::new(PAGE_BYTES);
            // A view is given up with the read it was made for.
            let view = View { abandoned: Abandoned::default(), ..(*self.exported.view()?).clone() };
            let schema = Arc::clone(&view.schema);
            let (filter, after) = (self.filter.clone(), self.after.take());
            let page = search::scan(Arc::new(view), filter, after, PAGE, Include::ALL, room).await;
            // An erase removes the files under it.
            self.exported.view()?;
            let page = page.map_err(|error| ReadError::Unavailable(error.to_string()))?;
            self.after = page.records.last().map(|record| record.id.clone());
            let work = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                if !page.records.is_empty() {
                    bytes = encoder.push(&schema, page.records)?;
                }
                if page.more {
                    return Ok((bytes, Some(encoder)));
                }
                bytes.append(&mut encoder.finish()?);
                Ok::<_, crate::transfer::EncodeError>((bytes, None))
            });
            let done = work.await.map_err(|error| ReadError::Unavailable(error.to_string()))?;
            let (bytes, encoder) = done.map_err(|error| ReadError::Unavailable(error.to_string()))?;
            self.encoder = encoder;
            self.shared.may_answer()?;
            self.exported.view()?;
            if !bytes.is_empty() {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }
}
