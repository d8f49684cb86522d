use agentdb_control_plane_contract::OrgScope;
use agentdb_ids::check_name;
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};

use super::{Namespace, NamespacePath};
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
    params(NamespacePath),
    responses((status = 200, description = "The namespace", body = Namespace), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Path(path): Path<NamespacePath>,
) -> Result<Json<Namespace>, Problem> {
    if check_name(&path.ns).is_err() || !reach.namespaces.matches(&path.ns) {
        return Err(Problem::not_found());
    }
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let record = org.namespace(&path.ns).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Ok(Json(record.try_into()?))
}
