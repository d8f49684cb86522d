//! agentdb-data-plane-node
