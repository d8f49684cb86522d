//! agentdb-billing-server
