//! A data-plane node.

use std::path::PathBuf;

use agentdb_data_plane_node::{
    AdmissionConfig, AssignmentsConfig, EngineConfig, GrantsConfig, LeaseConfig, MeteringConfig, NodeConfig,
};
use agentdb_ids::NodeId;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Secret};

/// Who the node is and how it works; the sections are the node's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// `node_...`. Default: one made once and kept in the data directory.
    pub id: Option<String>,
    /// For the data-plane role: the node's key, 64 hex digits, as printed by `agentdb control-plane --print-node-key`.
    pub key: Option<Secret>,
    pub lease: LeaseConfig,
    pub assignments: AssignmentsConfig,
    pub grants: GrantsConfig,
    pub admission: AdmissionConfig,
    pub metering: MeteringConfig,
    pub engine: EngineConfig,
}

impl Node {
    /// The configured id, if any.
    pub fn id(&self) -> Result<Option<NodeId>, ConfigError> {
        let parse = |text: &String| {
            text.parse().map_err(|error| ConfigError::Value { place: "node.id".to_owned(), why: format!("{error}") })
        };
        self.id.as_ref().map(parse).transpose()
    }

    /// The settings as the node takes them.
    pub fn config(&self, node_id: NodeId, directory: PathBuf, trusted_proxies: u8) -> NodeConfig {
        NodeConfig {
            trusted_proxies,
            lease: self.lease,
            assignments: self.assignments,
            grants: self.grants,
            admission: self.admission,
            metering: self.metering,
            engine: self.engine,
            ..NodeConfig::new(node_id, directory)
        }
    }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::{SystemClock, SystemEntropy};

    use super::*;

    #[test]
    fn the_node_believes_the_same_proxies_as_the_rest_of_the_process() {
        let id = NodeId::generate(&SystemClock::default(), &SystemEntropy);
        assert_eq!(Node::default().config(id, PathBuf::new(), 2).trusted_proxies, 2);
    }
}
