//! Where the tenants' data live.

use std::path::Path;

use agentdb_data_plane_engine::{S3Config, StoreConfig};
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
        Ok(StoreConfig { url: url.to_string(), s3, memory_bytes })
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
