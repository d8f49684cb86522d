//! agentdb-data-plane-embedding
