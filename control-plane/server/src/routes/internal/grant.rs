use agentdb_control_plane_contract::Grant;
use agentdb_ids::{ApiKeyId, NodeId};
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};

use super::only_itself;
use crate::{refusal::store_failed, state::AppState};

/// `GET /internal/v1/nodes/{node}/grants/{key}`: what a key allows. 404 for a key that is unknown or revoked, and for
/// one of an organisation whose namespaces are all on other nodes.
pub(super) async fn get_grant(
    State(app): State<AppState>,
    Extension(caller): Extension<NodeId>,
    Path((node_id, key_id)): Path<(NodeId, ApiKeyId)>,
) -> Result<Json<Grant>, Problem> {
    let node_id = only_itself(caller, node_id)?;
    let found = app.stores.find_key(key_id, Some(node_id)).await.map_err(store_failed)?;
    found.map(|found| Json(found.grant)).ok_or_else(Problem::not_found)
}
