//! Where the store is.

use std::sync::Arc;
use std::time::Duration;

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use url::Url;

use super::{Store, StoreError};

/// The object store's own retries end before a write's time-out, so that the engine settles what is in doubt.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig { init_backoff: Duration::from_millis(50), max_backoff: Duration::from_secs(2), base: 2.0 },
    max_retries: 3,
    retry_timeout: Duration::from_secs(15),
};
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How to reach a store.
#[derive(Clone)]
pub struct StoreConfig {
    /// `file:///directory` or `s3://bucket/prefix`.
    pub url: String,
    /// Needed for `s3://`, ignored for `file://`.
    pub s3: Option<S3Config>,
    /// Bytes of folded rows kept in memory for search, over all namespaces of this handle.
    pub memory_bytes: usize,
    /// Bytes of caches beside them.
    pub caches: CacheSizes,
}

/// Bytes that the caches of a store handle may take, over all its namespaces. They make reads of what is not in memory
/// cheaper; none is needed for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSizes {
    /// Ranges of table files as they are in the store.
    pub range_bytes: usize,
    /// Lance's decoded index parts.
    pub index_bytes: usize,
    /// Lance's decoded manifests and file footers.
    pub metadata_bytes: usize,
}

impl Default for CacheSizes {
    fn default() -> Self {
        Self { range_bytes: 256 << 20, index_bytes: 64 << 20, metadata_bytes: 128 << 20 }
    }
}

impl CacheSizes {
    /// No caches.
    pub const NONE: Self = Self { range_bytes: 0, index_bytes: 0, metadata_bytes: 0 };
}

/// An S3 server and the credentials for it.
#[derive(Clone)]
pub struct S3Config {
    /// The server's URL; `None` for AWS itself.
    pub endpoint: Option<String>,
    /// The region's name.
    pub region: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
    /// A session token, for temporary credentials.
    pub session_token: Option<String>,
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`.
    pub path_style: bool,
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("url", &self.url).field("s3", &self.s3).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for S3Config {
    /// Leaves the credentials out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl StoreConfig {
    /// A store in a directory, with the default memory budget. A path that cannot be made absolute is refused when the
    /// store is opened.
    #[must_use]
    pub fn directory(path: &std::path::Path) -> Self {
        let url = std::path::absolute(path).ok().and_then(|path| Url::from_directory_path(path).ok());
        Self {
            url: url.map(String::from).unwrap_or_default(),
            s3: None,
            memory_bytes: crate::Config::default().max_resident_bytes,
            caches: CacheSizes::default(),
        }
    }

    pub(super) fn connect(&self) -> Result<Store, StoreError> {
        let url = Url::parse(&self.url).map_err(|e| config("url", e.to_string()))?;
        match url.scheme() {
            "file" => self.connect_directory(&url),
            "s3" => self.connect_s3(&url),
            other => Err(config("url", format!("scheme {other} is not file or s3"))),
        }
    }

    fn connect_directory(&self, url: &Url) -> Result<Store, StoreError> {
        let path = url.to_file_path().map_err(|()| config("url", "is not an absolute local path".to_owned()))?;
        std::fs::create_dir_all(&path).map_err(|e| config("url", format!("{}: {e}", path.display())))?;
        let store =
            Store { directory: Some(path.clone().into()), ..Store::over(Arc::new(local(&path)?), self.memory_bytes) };
        Ok(store.with_caches(self.caches))
    }

    fn connect_s3(&self, url: &Url) -> Result<Store, StoreError> {
        let bucket = url.host_str().ok_or_else(|| config("url", "names no bucket".to_owned()))?;
        let s3 = self.s3.as_ref().ok_or_else(|| config("s3", "is needed for an s3:// url".to_owned()))?;
        let plain = s3.endpoint.as_ref().is_some_and(|e| e.starts_with("http://"));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&s3.region)
            .with_access_key_id(&s3.access_key_id)
            .with_secret_access_key(&s3.secret_access_key)
            .with_virtual_hosted_style_request(!s3.path_style)
            .with_retry(RETRIES)
            .with_client_options(
                ClientOptions::new()
                    .with_allow_http(plain)
                    .with_connect_timeout(CONNECT_TIMEOUT)
                    .with_timeout(REQUEST_TIMEOUT),
            );
        if let Some(endpoint) = &s3.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(token) = &s3.session_token {
            builder = builder.with_token(token);
        }
        let store = builder.build().map_err(|e| config("s3", e.to_string()))?;
        let root = Path::parse(url.path().trim_matches('/')).map_err(|e| config("url", e.to_string()))?;
        let store = Store::build(Arc::new(store), root, format!("s3://{bucket}"), self.memory_bytes);
        Ok(store.with_caches(self.caches))
    }
}

/// Files that are on the disk when a call returns.
fn local(path: &std::path::Path) -> Result<LocalFileSystem, StoreError> {
    let local = LocalFileSystem::new_with_prefix(path).map_err(|e| config("url", e.to_string()))?;
    Ok(local.with_fsync(true))
}

fn config(field: &'static str, why: String) -> StoreError {
    StoreError::Config { field, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine that loses its power would show can be seen here only in what the store was told.
    #[test]
    fn files_of_a_directory_are_synced() {
        let directory = tempfile::tempdir().expect("a directory");
        let told = format!("{:?}", local(directory.path()).expect("a store"));
        assert!(told.contains("fsync: true"), "{told}");
    }
}
