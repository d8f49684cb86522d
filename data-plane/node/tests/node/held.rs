//! An object store that holds back what is put under some paths.

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result, path::Path,
};
use tokio::sync::{Notify, RwLock, RwLockWriteGuard};

/// PUTs whose paths contain a part wait while somebody holds it.
#[derive(Debug)]
pub struct Gate {
    part: &'static str,
    lock: RwLock<()>,
    held: Notify,
}

impl Gate {
    /// Open at first.
    pub fn before(part: &'static str) -> Arc<Self> {
        Arc::new(Self { part, lock: RwLock::new(()), held: Notify::new() })
    }

    /// Holds back what comes from now on until the guard is dropped.
    pub async fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.lock.write().await
    }

    /// Returns when a PUT is held back. For one caller.
    pub async fn held(&self) {
        self.held.notified().await;
    }

    /// The store `inner` behind the gate.
    pub fn stand_before(self: &Arc<Self>, inner: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::new(Held { inner, gate: Arc::clone(self) })
    }

    async fn pass(&self, location: &Path) {
        if location.as_ref().contains(self.part) && self.lock.try_read().is_err() {
            self.held.notify_one();
            drop(self.lock.read().await);
        }
    }
}

#[derive(Debug)]
struct Held {
    inner: Arc<dyn ObjectStore>,
    gate: Arc<Gate>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

#[async_trait]
impl ObjectStore for Held {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.gate.pass(location).await;
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}
