use agentdb_control_plane_contract::OrgScope;
use agentdb_ids::{OrgId, check_name};
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};

use super::Namespace;
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// Get a namespace
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "get_namespace",
    tag = "namespaces",
    params(
        ("org" = OrgId, Path, description = "The organisation"),
        ("ns" = String, Path, description = "The namespace's name"),
    ),
    responses((status = 200, description = "The namespace", body = Namespace), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Path((_, name)): Path<(OrgId, String)>,
) -> Result<Json<Namespace>, Problem> {
    if check_name(&name).is_err() || !reach.0.matches(&name) {
        return Err(Problem::not_found());
    }
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let record = org.namespace(&name).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Ok(Json(record.try_into()?))
}
