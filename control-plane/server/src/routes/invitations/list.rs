use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Invitation;
use crate::{
    refusal::{OrgRefusals, require_whole_org, store_failed},
    routes::page::{Page, cut},
    state::AppState,
};

/// Invitations, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    items: Vec<Invitation>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// List invitations
///
/// Those that wait for an answer, oldest first. Tokens are not kept, so none is shown.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/invitations",
    operation_id = "list_invitations",
    tag = "members",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), Page),
    responses((status = 200, description = "A page of invitations", body = InvitationList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_invitations(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Query(page): Query<Page>,
) -> Result<Json<InvitationList>, Problem> {
    require_whole_org(&scope)?;
    let limit = page.limit()?;
    let after = page
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"))?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let invitations = org.invitations(after, limit as i64 + 1, app.now()).await.map_err(store_failed)?;
    let (invitations, next_cursor) = cut(invitations, limit, |invitation| invitation.id.to_string());
    Ok(Json(InvitationList { items: invitations.into_iter().map(Into::into).collect(), next_cursor }))
}
