//! The object store under a namespace, handed alike to the log and to Lance.
//!
//! Everything the engine and Lance read and write goes through one [`ObjectStore`] instance, so on a
//! directory Lance's files are fsynced as the log's are, and a test can wrap all I/O in one place.

mod budget;
mod cached;
mod config;
mod counted;
mod io;
mod probe;
mod ranges;
mod sorted;
mod staged;
mod synced;

use std::sync::Arc;
use std::time::Duration;

use lance::cache::{CacheBackend, QuickCacheBackend, QuickCacheShardPolicy};
use lance::session::Session;
use lance_io::object_store::{ObjectStoreParams, WrappingObjectStore};
use object_store::{ObjectStore, path::Path};
use tokio::sync::Semaphore;

pub(crate) use budget::{MemoryBudget, Reservation, Residence};
pub use config::{CacheSizes, S3Config, StoreConfig};
pub use io::Io;
pub(crate) use io::IoScope;

use cached::Cached;
use ranges::RangeCache;

/// Lance takes short cuts past the given object store for `file`; it has none for this scheme.
const DIRECTORY: &str = "file-object-store://";

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The configuration names no store.
    #[error("{field}: {why}")]
    Config {
        /// The setting that is wrong.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The store does not arbitrate conditional PUTs, so two writers could both win.
    #[error("the object store does not honour conditional PUT ({0}); it cannot hold namespaces safely")]
    NotConditional(String),
    /// The store cannot be reached or refuses the credentials.
    #[error("the object store is unavailable: {0}")]
    Unavailable(String),
}

/// A handle on an object store; clones share connections, caches and the memory budget.
#[derive(Debug, Clone)]
pub struct Store {
    /// The store itself.
    raw: Arc<dyn ObjectStore>,
    /// The store behind the cache of ranges.
    objects: Arc<dyn ObjectStore>,
    ranges: Arc<RangeCache>,
    /// Path of the configured URL inside the object store.
    root: Path,
    /// What Lance sees as scheme and authority, e.g. `s3://bucket`.
    base: Arc<str>,
    session: Arc<Session>,
    /// What `session` holds of indexes.
    decoded: Arc<QuickCacheBackend>,
    budget: Arc<MemoryBudget>,
    /// For the one job of indexing that runs.
    index_turn: Arc<Semaphore>,
    /// Where it is, when it is a directory.
    directory: Option<Arc<std::path::Path>>,
}

impl Store {
    /// Opens the store and probes it: two conditional PUTs of one key must give success, then refusal.
    ///
    /// # Errors
    /// When the configuration is wrong, the store cannot be reached, or the probe fails.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let store = config.connect()?;
        probe::conditional_put(&store).await?;
        Ok(store)
    }

    /// A store over any [`ObjectStore`], not probed: for wrappers that count, cache or fail.
    #[must_use]
    pub fn over(objects: Arc<dyn ObjectStore>, memory_bytes: usize) -> Self {
        Self::build(Arc::new(sorted::Sorted(objects)), Path::default(), DIRECTORY, memory_bytes)
    }

    fn build(objects: Arc<dyn ObjectStore>, root: Path, base: impl Into<Arc<str>>, memory_bytes: usize) -> Self {
        Self {
            objects: Arc::clone(&objects),
            raw: objects,
            ranges: Arc::new(RangeCache::new(0)),
            root,
            base: base.into(),
            session: Arc::default(),
            decoded: Arc::new(QuickCacheBackend::with_capacity(0)),
            budget: Arc::new(MemoryBudget::new(memory_bytes)),
            index_turn: Arc::new(Semaphore::new(1)),
            directory: None,
        }
        .with_caches(CacheSizes::default())
    }

    /// The same store with new, empty caches of these sizes.
    #[must_use]
    pub fn with_caches(self, sizes: CacheSizes) -> Self {
        let ranges = Arc::new(RangeCache::new(sizes.range_bytes));
        // As a session makes it for itself, but one can be emptied from here.
        let decoded = Arc::new(QuickCacheBackend::with_shard_policy(sizes.index_bytes, QuickCacheShardPolicy::Single));
        let session = Session::with_index_cache_backend(decoded.clone(), sizes.metadata_bytes, Arc::default());
        Self {
            objects: Arc::new(Cached::new(Arc::clone(&self.raw), &ranges)),
            ranges,
            session: Arc::new(session),
            decoded,
            ..self
        }
    }

    /// The same place behind a wrapper: one that counts, delays or fails. Caches and the memory budget stay shared.
    #[must_use]
    pub fn wrapped(&self, wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        let raw = wrap(Arc::clone(&self.raw));
        let objects = Arc::new(Cached::new(Arc::clone(&raw), &self.ranges));
        Self { raw, objects, ..self.clone() }
    }

    /// The same store, with every call noted in `scope`.
    pub(crate) fn counted(&self, scope: &Arc<IoScope>) -> Self {
        self.wrapped(|objects| Arc::new(counted::Counted::new(objects, scope)))
    }

    /// Lets go what the cache of ranges holds of a namespace.
    pub(crate) fn forget_ranges(&self, namespace: &str) {
        self.ranges.forget(self.path(namespace).as_ref());
    }

    /// Lets go what Lance holds decoded: parts of indexes, manifests, footers. Of all namespaces, for its caches know
    /// what they hold by digests alone; the others find theirs in the cache of ranges. A read that began before may
    /// still put there what it has in its hands: nothing asks for it again, and it leaves when others need the room.
    pub(crate) async fn forget_decoded(&self) {
        self.decoded.clear().await;
        self.session.file_metadata_cache().clear().await;
    }

    /// Bytes of the parts of indexes that Lance holds decoded, of all namespaces.
    pub async fn decoded_index_bytes(&self) -> usize {
        self.decoded.size_bytes().await
    }

    /// The same store past the cache of ranges.
    pub(crate) fn uncached(&self) -> Self {
        Self { objects: Arc::clone(&self.raw), ranges: Arc::new(RangeCache::new(0)), ..self.clone() }
    }

    /// What makes an open table use this store: the same place, perhaps counted.
    pub(crate) fn in_place(&self) -> Arc<dyn WrappingObjectStore> {
        Arc::new(counted::InPlace(self.objects()))
    }

    /// The object store itself, for what is not part of a namespace (leases).
    #[must_use]
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    /// The full path of `relative` under the configured URL.
    #[must_use]
    pub fn path(&self, relative: &str) -> Path {
        relative.split('/').filter(|p| !p.is_empty()).fold(self.root.clone(), Path::join)
    }

    /// Gives back the memory of folded rows that no read or write has needed for `rest`; `now` is a monotonic time of the
    /// clock that the namespaces were opened with. They are read again when they are needed. Says of how many
    /// collections.
    pub fn release_idle(&self, now: Duration, rest: Duration) -> usize {
        self.budget.release_idle(now, rest)
    }

    pub(crate) fn budget(&self) -> &Arc<MemoryBudget> {
        &self.budget
    }

    pub(crate) fn index_turn(&self) -> &Arc<Semaphore> {
        &self.index_turn
    }

    pub(crate) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session)
    }

    /// The URL Lance knows a table by.
    pub(crate) fn lance_uri(&self, table: &Path) -> String {
        format!("{}/{table}", self.base)
    }

    /// What makes Lance use this store's own [`ObjectStore`].
    pub(crate) fn lance_params(&self, table: &Path) -> Result<ObjectStoreParams, url::ParseError> {
        let url = url::Url::parse(&self.lance_uri(table))?;
        #[expect(
            deprecated,
            reason = "a provider would be built anew from options; the point is to share this very instance"
        )]
        Ok(ObjectStoreParams {
            object_store: Some((Arc::clone(&self.objects), url)),
            list_is_lexically_ordered: Some(true),
            ..ObjectStoreParams::default()
        })
    }
}
