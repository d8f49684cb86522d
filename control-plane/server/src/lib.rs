//! agentdb-control-plane-server
