//! An object store whose calls are shared out fairly.

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart, path::Path,
};

use super::{Class, FairShare, Lent, Owners, Place, owners::Owner};

/// A body of at most so many bytes is read while its call has its place; larger ones are read as slowly as their readers
/// want, so they keep nobody waiting.
const READ_AT_ONCE: u64 = 16 << 20;
/// What the log and the checkpoints of a namespace are under; the rest are tables, which are written behind the scenes.
const LOG: &str = "log";

/// The store inside, which at most so many calls of namespaces are sent to at once as the share has places. Calls for what
/// is of no namespace, such as the node's lease, pass.
///
/// A place is held for one call and nothing is waited for meanwhile, so that calls cannot hold each other up.
#[derive(Debug)]
pub(crate) struct FairStore {
    inner: Arc<dyn ObjectStore>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    calls: Arc<FairShare>,
    /// Of the requests: who waits for the store does not work.
    work: Arc<FairShare>,
    owners: Owners,
}

/// The right to make one call.
#[derive(Debug)]
struct Call {
    _held: Option<(Place, Option<Lent>)>,
}

impl FairStore {
    pub(crate) fn new(
        inner: Arc<dyn ObjectStore>,
        (calls, work): (Arc<FairShare>, Arc<FairShare>),
        owners: Owners,
    ) -> Self {
        Self { inner, shared: Arc::new(Shared { calls, work, owners }) }
    }
}

impl Shared {
    async fn call(&self, path: &Path, class: Class) -> Result<Call> {
        let Some(Owner { org_id, weight }) = self.owners.of(path) else { return Ok(Call { _held: None }) };
        let lent = (class == Class::Foreground).then(|| self.work.lend(org_id, weight));
        let place = self.calls.place(org_id, weight, class).await;
        let place = place.map_err(|full| Error::Generic { store: "FairStore", source: Box::new(full) })?;
        Ok(Call { _held: Some((place, lent)) })
    }
}

/// A write is somebody's when it is one of the log; tables and checkpoints are written by folds.
fn class_of_write(path: &Path) -> Class {
    if path.parts().any(|part| part.as_ref() == LOG) { Class::Foreground } else { Class::Background }
}

impl fmt::Display for FairStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

#[async_trait]
impl ObjectStore for FairStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let _call = self.shared.call(location, class_of_write(location)).await?;
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let _call = self.shared.call(location, Class::Background).await?;
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(FairUpload { inner, location: location.clone(), shared: Arc::clone(&self.shared) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let _call = self.shared.call(location, Class::Foreground).await?;
        let head = options.head;
        let found = self.inner.get_opts(location, options).await?;
        if head { Ok(found) } else { read(found).await }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let _call = self.shared.call(location, Class::Foreground).await?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let shared = Arc::clone(&self.shared);
        // Each has its turn before the store inside hears of it. The place is not held: the store takes many at once.
        let turns = locations.and_then(move |location| {
            let shared = Arc::clone(&shared);
            async move {
                shared.call(&location, Class::Background).await?;
                Ok(location)
            }
        });
        self.inner.delete_stream(turns.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        turn_before(&self.shared, prefix, self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        turn_before(&self.shared, prefix, self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let _call = match prefix {
            Some(prefix) => Some(self.shared.call(prefix, Class::Foreground).await?),
            None => None,
        };
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let _call = self.shared.call(to, Class::Background).await?;
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let _call = self.shared.call(to, Class::Background).await?;
        self.inner.rename_opts(from, to, options).await
    }
}

/// A listing begins when there is a place for a call, and holds none while it is read: who reads it may make other calls.
fn turn_before(
    shared: &Arc<Shared>,
    prefix: Option<&Path>,
    listing: BoxStream<'static, Result<ObjectMeta>>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let Some(prefix) = prefix.cloned() else { return listing };
    let shared = Arc::clone(shared);
    let turn = async move { shared.call(&prefix, Class::Foreground).await.map(|_| ()) };
    stream::once(turn).try_filter_map(|()| async { Ok(None) }).chain(listing).boxed()
}

/// Reads a body that is not large to its end.
async fn read(mut found: GetResult) -> Result<GetResult> {
    let bytes = found.range.end.saturating_sub(found.range.start);
    found.payload = match found.payload {
        GetResultPayload::Stream(body) if bytes <= READ_AT_ONCE => {
            let chunks: Vec<Bytes> = body.try_collect().await?;
            GetResultPayload::Stream(stream::iter(chunks.into_iter().map(Ok)).boxed())
        }
        other => other,
    };
    Ok(found)
}

#[derive(Debug)]
struct FairUpload {
    inner: Box<dyn MultipartUpload>,
    location: Path,
    shared: Arc<Shared>,
}

#[async_trait]
impl MultipartUpload for FairUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.put_part(data);
        let (shared, location) = (Arc::clone(&self.shared), self.location.clone());
        Box::pin(async move {
            let _call = shared.call(&location, Class::Background).await?;
            part.await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let _call = self.shared.call(&self.location, Class::Background).await?;
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        let _call = self.shared.call(&self.location, Class::Background).await?;
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests;
