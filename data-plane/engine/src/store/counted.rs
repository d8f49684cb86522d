//! A store that notes every call in the scope of one operation.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use lance_io::object_store::WrappingObjectStore;
use object_store::list::PaginatedListStore;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::io::{Call, IoScope, Kind};

/// Counts what goes to the store inside. Ranges asked for together are passed on one by one, so that each call that
/// goes out is seen.
#[derive(Debug)]
pub(crate) struct Counted {
    inner: Arc<dyn ObjectStore>,
    scope: Arc<IoScope>,
}

impl Counted {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, scope: &Arc<IoScope>) -> Self {
        Self { inner, scope: Arc::clone(scope) }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "counted({})", self.inner)
    }
}

/// Puts a store in the place of the one that an open table has: the same place, seen through other wrappers.
#[derive(Debug)]
pub(super) struct InPlace(pub(super) Arc<dyn ObjectStore>);

impl WrappingObjectStore for InPlace {
    fn wrap(&self, _store_prefix: &str, _original: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.0)
    }

    /// None: listings go through the store itself.
    fn wrap_paginated(
        &self,
        _store_prefix: &str,
        _original: Arc<dyn PaginatedListStore>,
    ) -> Option<Arc<dyn PaginatedListStore>> {
        None
    }
}

/// A body that ends its call when it is read or dropped.
fn body(mut result: GetResult, call: Call) -> GetResult {
    result.payload = match result.payload {
        GetResultPayload::Stream(stream) => GetResultPayload::Stream(
            stream
                .map(move |chunk| {
                    if let Ok(bytes) = &chunk {
                        call.carried(bytes.len());
                    }
                    chunk
                })
                .boxed(),
        ),
        file @ GetResultPayload::File(..) => {
            call.carried(usize::try_from(result.range.end - result.range.start).unwrap_or(usize::MAX));
            file
        }
    };
    result
}

fn listing(stream: BoxStream<'static, Result<ObjectMeta>>, call: Call) -> BoxStream<'static, Result<ObjectMeta>> {
    stream
        .map(move |meta| {
            // Held until the listing is read or dropped.
            let _call = &call;
            meta
        })
        .boxed()
}

#[async_trait]
impl ObjectStore for Counted {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let call = self.scope.begin(Kind::Put);
        call.carried(payload.content_length());
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let _call = self.scope.begin(Kind::Put);
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(CountedUpload { inner, scope: Arc::clone(&self.scope) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let call = self.scope.begin(Kind::Get);
        let head = options.head;
        let result = self.inner.get_opts(location, options).await?;
        Ok(if head { result } else { body(result, call) })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let scope = Arc::clone(&self.scope);
        let deleted = self.inner.delete_stream(locations);
        deleted.inspect(move |_| drop(scope.begin(Kind::Delete))).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        listing(self.inner.list(prefix), self.scope.begin(Kind::List))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        listing(self.inner.list_with_offset(prefix, offset), self.scope.begin(Kind::List))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let _call = self.scope.begin(Kind::List);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let _call = self.scope.begin(Kind::Put);
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountedUpload {
    inner: Box<dyn MultipartUpload>,
    scope: Arc<IoScope>,
}

#[async_trait]
impl MultipartUpload for CountedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let call = self.scope.begin(Kind::Put);
        call.carried(data.content_length());
        let part = self.inner.put_part(data);
        Box::pin(async move {
            let _call = call;
            part.await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let _call = self.scope.begin(Kind::Put);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        let _call = self.scope.begin(Kind::Delete);
        self.inner.abort().await
    }
}
