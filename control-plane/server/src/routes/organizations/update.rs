use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget};
use agentdb_ids::OrgId;
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Organization, organization_name};
use crate::{
    audit::Audit,
    refusal::{OrgBodyRefusals, require, require_whole_org, store_failed},
    state::AppState,
};

/// What is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateOrganization {
    /// What its people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Change an organisation
///
/// For admins and owners.
#[utoipa::path(
    patch,
    path = "/v1/orgs/{org}",
    operation_id = "update_organization",
    tag = "organizations",
    params(("org" = OrgId, Path, description = "The organisation")),
    request_body = UpdateOrganization,
    responses((status = 200, description = "The organisation as it is now", body = Organization), OrgBodyRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn update_organization(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(audit): Extension<Audit>,
    Json(request): Json<UpdateOrganization>,
) -> Result<Json<Organization>, Problem> {
    require(scope.role, Permission::ManageOrganization)?;
    require_whole_org(&scope)?;
    let name = organization_name("/name", &request.name)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let before = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    if before.name == name {
        return Ok(Json(before.into()));
    }
    let organization = org.rename_organization(&name).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let target = AuditTarget::of(organization.id, &organization.name);
    let details = AuditDetails::default().name(Some(&before.name), Some(&organization.name));
    audit.record(&app, &mut org, AuditAction::OrganizationUpdate, &target, &details).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, "organisation renamed");
    Ok(Json(organization.into()))
}
