//! agentdb-clock
