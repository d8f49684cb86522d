//! What nodes ask. Behind the authentication of calls between planes, which has put the caller's [`NodeId`] into the
//! extensions; a node that asks about another gets the one 404.

mod grant;
mod key_uses;
mod policy;

use agentdb_ids::NodeId;
use agentdb_problem::Problem;
use axum::{
    Router,
    routing::{get, post},
};

use crate::state::AppState;

/// `/internal/v1/nodes/…`
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/nodes/{node}/policy", get(policy::read_policy))
        .route("/internal/v1/nodes/{node}/grants/{key}", get(grant::get_grant))
        .route("/internal/v1/nodes/{node}/key-uses", post(key_uses::report_key_uses))
}

fn only_itself(caller: NodeId, in_path: NodeId) -> Result<NodeId, Problem> {
    if caller == in_path { Ok(caller) } else { Err(Problem::not_found()) }
}
