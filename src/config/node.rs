//! A data-plane node.

use serde::{Deserialize, Serialize};

use super::{Secret, scalar};

/// Who the node is and how much it does at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// `node_...`. Default: one made once and kept in the data directory.
    pub id: Option<String>,
    /// For the data-plane role: the node's key, 64 hex digits, derived by the control plane's operator from the root
    /// secret (`agentdb control-plane --print-node-key <id>`).
    pub key: Option<Secret>,
    /// Requests a node works on at once; the rest is refused with 429.
    #[serde(deserialize_with = "scalar::parse")]
    pub max_concurrent_requests: u32,
    /// Seconds that work in flight gets to finish after SIGTERM.
    #[serde(deserialize_with = "scalar::parse")]
    pub drain_s: u64,
}

impl Default for Node {
    fn default() -> Self {
        Self { id: None, key: None, max_concurrent_requests: 256, drain_s: 20 }
    }
}
