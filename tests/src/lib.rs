//! agentdb-tests
