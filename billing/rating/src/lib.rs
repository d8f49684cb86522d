//! agentdb-billing-rating
