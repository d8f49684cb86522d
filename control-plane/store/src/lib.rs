//! agentdb-control-plane-store
