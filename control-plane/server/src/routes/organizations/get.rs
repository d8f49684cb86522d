use agentdb_control_plane_contract::OrgScope;
use agentdb_ids::OrgId;
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};

use super::Organization;
use crate::{
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// Get an organisation
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}",
    operation_id = "get_organization",
    tag = "organizations",
    params(("org" = OrgId, Path, description = "The organisation")),
    responses((status = 200, description = "The organisation", body = Organization), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_organization(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
) -> Result<Json<Organization>, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Ok(Json(organization.into()))
}
