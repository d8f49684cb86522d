use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiKey;
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    routes::page::{Page, cut},
    state::AppState,
};

/// API keys, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyList {
    items: Vec<ApiKey>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// List API keys
///
/// Those that are not revoked, oldest first; for a key, those that reach no further than itself. Secrets are not kept, so
/// none is shown.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/api-keys",
    operation_id = "list_api_keys",
    tag = "api_keys",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), Page),
    responses((status = 200, description = "A page of keys", body = ApiKeyList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_api_keys(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Query(page): Query<Page>,
) -> Result<Json<ApiKeyList>, Problem> {
    let limit = page.limit()?;
    let after = page
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"))?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let keys = org.api_keys(&reach.namespaces, after, limit as i64 + 1).await.map_err(store_failed)?;
    let (keys, next_cursor) = cut(keys, limit, |key| key.id.to_string());
    Ok(Json(ApiKeyList { items: keys.into_iter().map(Into::into).collect(), next_cursor }))
}
