use std::collections::BTreeSet;

use agentdb_control_plane_contract::{Edition, Feature, Limits, OrgScope};
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// What an organisation subscribed to and what that allows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationEdition {
    edition: Edition,
    features: BTreeSet<Feature>,
    /// In force for this organisation.
    limits: Limits,
}

/// Get the edition with its features and limits
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/edition",
    operation_id = "get_edition",
    tag = "organizations",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation")),
    responses((status = 200, description = "Edition, features, limits", body = OrganizationEdition), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_edition(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
) -> Result<Json<OrganizationEdition>, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Ok(Json(OrganizationEdition {
        edition: organization.edition,
        features: app.editions.features(organization.edition).clone(),
        limits: app.editions.limits_of(&organization),
    }))
}
