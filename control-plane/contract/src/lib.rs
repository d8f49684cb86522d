//! agentdb-control-plane-contract
