//! agentdb-ids
