//! agentdb-data-plane-engine
