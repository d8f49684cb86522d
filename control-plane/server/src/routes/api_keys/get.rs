use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};

use super::{
    ApiKey, ApiKeyPath,
    version::{Tagged, tagged},
};
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// Get an API key
///
/// All but its secret. A revoked key is not there any more; for a key, neither is one that reaches further than itself.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/api-keys/{key}",
    operation_id = "get_api_key",
    tag = "api_keys",
    params(ApiKeyPath),
    responses(
        (status = 200, description = "The key", body = ApiKey, headers(("etag" = String, description = "Its version"))),
        OrgRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Path(path): Path<ApiKeyPath>,
) -> Result<Tagged, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let key = org.api_key(&reach.namespaces, path.key).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    tagged(key)
}
