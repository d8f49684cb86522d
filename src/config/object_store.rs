//! Where the tenants' data live.

use std::path::{Path, PathBuf};

use agentdb_data_plane_engine::{CacheSizes, S3Config, StoreConfig};
use serde::{Deserialize, Serialize};

use super::{Address, ConfigError, Secret};

/// A directory or an S3 service with conditional writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectStore {
    /// `file:///directory` or `s3://bucket/prefix`. Default: the folder `objects` of the data directory.
    pub url: Option<Address>,
    /// S3 services other than AWS: `https://host:port`.
    pub endpoint: Option<Address>,
    pub region: String,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Secret>,
    pub addressing: Addressing,
}

/// Where the bucket's name stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressing {
    /// As AWS wants it without an endpoint, as other services do with one.
    #[default]
    Auto,
    /// `endpoint/bucket/key`.
    Path,
    /// `bucket.endpoint/key`.
    VirtualHost,
}

impl Default for ObjectStore {
    fn default() -> Self {
        Self {
            url: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            access_key_id: None,
            secret_access_key: None,
            addressing: Addressing::default(),
        }
    }
}

impl ObjectStore {
    /// The settings as the engine takes them; `directory` is used when none is configured.
    pub fn config(&self, directory: &Path, memory_bytes: usize) -> Result<StoreConfig, ConfigError> {
        let Some(url) = &self.url else {
            return Ok(StoreConfig { memory_bytes, ..StoreConfig::directory(directory) });
        };
        let s3 = match url.url().scheme() {
            "file" => None,
            "s3" => Some(self.s3()?),
            other => {
                let why = format!("`{other}://` is neither file:// nor s3://");
                return Err(ConfigError::Value { place: "object_store.url".to_owned(), why });
            }
        };
        Ok(StoreConfig { url: url.to_string(), s3, memory_bytes, caches: CacheSizes::default() })
    }

    /// Whether the data live in the process's own directory, nothing else being configured.
    pub fn is_own_directory(&self) -> bool {
        self.url.is_none()
    }

    /// The directory that holds the data, when one does; `own` when none is configured.
    pub fn directory(&self, own: &Path) -> Option<PathBuf> {
        match &self.url {
            None => Some(own.to_path_buf()),
            Some(url) if url.url().scheme() == "file" => url.url().to_file_path().ok(),
            Some(_) => None,
        }
    }

    fn s3(&self) -> Result<S3Config, ConfigError> {
        let needed = |setting| ConfigError::Missing { setting, why: "the object store is an S3 service" };
        Ok(S3Config {
            // Without the slash that a URL ends with when it has no path.
            endpoint: self.endpoint.as_ref().map(|address| address.to_string().trim_end_matches('/').to_owned()),
            region: self.region.clone(),
            access_key_id: self.access_key_id.clone().ok_or_else(|| needed("object_store.access_key_id"))?,
            secret_access_key: match &self.secret_access_key {
                Some(secret) => secret.expose().to_owned(),
                None => return Err(needed("object_store.secret_access_key")),
            },
            session_token: None,
            path_style: match self.addressing {
                Addressing::Auto => self.endpoint.is_some(),
                Addressing::Path => true,
                Addressing::VirtualHost => false,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use agentdb_data_plane_engine::Store;

    use super::*;

    /// A `#` in the path once ended the URL there, and data went to another directory.
    #[tokio::test]
    async fn signs_that_mean_something_in_a_url_are_kept_in_a_path() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a#b", "a?b", "a%20b", "a b", "ä"] {
            let dir = root.path().join(name).join("objects");
            Store::open(&ObjectStore::default().config(&dir, 1 << 20).unwrap()).await.unwrap();
            assert!(dir.is_dir(), "{name}");
            std::fs::remove_dir_all(root.path().join(name)).unwrap();
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "{name} led elsewhere");
        }
    }
}
