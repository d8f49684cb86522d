//! Where the tenants' data live.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;

/// A directory or an S3 service with conditional writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectStore {
    /// `file:///directory` or `s3://bucket/prefix`. Default: the folder `objects` of the data directory.
    pub url: Option<Url>,
    /// S3 services other than AWS: `https://host:port`.
    pub endpoint: Option<Url>,
    pub region: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Secret>,
}
