use agentdb_control_plane_contract::{KeyUses, key_use::MAX_KEY_USES};
use agentdb_ids::NodeId;
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};

use super::only_itself;
use crate::{refusal::store_failed, state::AppState};

/// `POST /internal/v1/nodes/{node}/key-uses`: when and from where keys were last used. What is older than what is
/// known, and keys that the node would be given no grant of, are passed over.
pub(super) async fn report_key_uses(
    State(app): State<AppState>,
    Extension(caller): Extension<NodeId>,
    Path(node_id): Path<NodeId>,
    Json(report): Json<KeyUses>,
) -> Result<Json<()>, Problem> {
    let node_id = only_itself(caller, node_id)?;
    if report.uses.len() > MAX_KEY_USES {
        return Err(Problem::invalid("/uses", "too_many", format!("a report has at most {MAX_KEY_USES} uses")));
    }
    app.jobs.keep_key_uses(Some(node_id), &report.uses, app.now()).await.map_err(store_failed)?;
    Ok(Json(()))
}
