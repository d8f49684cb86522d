use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};

use super::{Namespace, NamespacePath, Tagged, find::found, tagged};
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// Get a namespace
///
/// By name the one that is not deleted, or else the one that was deleted last.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "get_namespace",
    tag = "namespaces",
    params(NamespacePath),
    responses(
        (status = 200, description = "The namespace", body = Namespace,
         headers(("etag" = String, description = "Its version"))),
        OrgRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Path(path): Path<NamespacePath>,
) -> Result<Tagged, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    tagged(found(&mut org, &reach, &path.ns).await?)
}
