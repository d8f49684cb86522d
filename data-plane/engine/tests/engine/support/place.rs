//! Where a test's objects are: in memory, in a directory, or on an S3 server, so that every suite runs on each.
//!
//! `AGENTDB_TEST_STORE` says which: `memory` (without it), `directory`, or the URL of an S3 server
//! (`http://127.0.0.1:9000`) that has the bucket `suites`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use tempfile::TempDir;
use uuid::Uuid;

/// The bucket that the suites share, each test below a prefix of its own.
const BUCKET: &str = "suites";

/// An empty place for objects.
pub fn objects() -> Arc<dyn ObjectStore> {
    match std::env::var("AGENTDB_TEST_STORE").as_deref() {
        Err(_) | Ok("" | "memory") => Arc::new(InMemory::new()),
        Ok("directory") => Arc::new(Directory::new()),
        Ok(server) => Arc::new(bucket(server)),
    }
}

fn bucket(server: &str) -> impl ObjectStore {
    assert!(server.starts_with("http://"), "AGENTDB_TEST_STORE: {server} is not memory, directory or http://…");
    let s3 = AmazonS3Builder::new()
        .with_endpoint(server)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name(BUCKET)
        .with_access_key_id("test")
        .with_secret_access_key("test")
        .build();
    PrefixStore::new(s3.expect("an S3 client"), Uuid::new_v4().to_string())
}

/// A directory that goes with the store. It is opened as the engine opens one: each file is synced.
#[derive(Debug)]
struct Directory {
    files: LocalFileSystem,
    _directory: TempDir,
}

impl Directory {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let files = LocalFileSystem::new_with_prefix(directory.path()).expect("a store in it").with_fsync(true);
        Self { files, _directory: directory }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.files, f)
    }
}

#[async_trait]
impl ObjectStore for Directory {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.files.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}
