//! agentdb-problem
