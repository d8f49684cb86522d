//! When and from where keys were last used, on its way from nodes to the control plane.

use std::net::IpAddr;

use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How exactly a use is told, in seconds.
pub const GRANULARITY_S: i64 = 60;

/// The most uses of one report.
pub const MAX_KEY_USES: usize = 1_000;

/// The newest use of a key that a node saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The key.
    pub key_id: ApiKeyId,
    /// Within [`GRANULARITY_S`] seconds from then on.
    pub at: DateTime<Utc>,
    /// From where, unless the node was not told.
    pub address: Option<IpAddr>,
}

/// A report. One that comes twice or late does no harm: the newest use of a key is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUses {
    /// At most [`MAX_KEY_USES`].
    pub uses: Vec<KeyUse>,
}
