use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Member;
use crate::{
    refusal::{OrgRefusals, require_whole_org, store_failed},
    routes::page::{Page, cut},
    state::AppState,
};

/// Members in the order in which they signed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberList {
    items: Vec<Member>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// List members
///
/// Everybody who belongs to the organisation, in the order in which they signed up.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/members",
    operation_id = "list_members",
    tag = "members",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), Page),
    responses((status = 200, description = "A page of members", body = MemberList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_members(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Query(page): Query<Page>,
) -> Result<Json<MemberList>, Problem> {
    require_whole_org(&scope)?;
    let limit = page.limit()?;
    let after = page
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"))?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let members = org.members(after, limit as i64 + 1).await.map_err(store_failed)?;
    let (members, next_cursor) = cut(members, limit, |member| member.user_id.to_string());
    Ok(Json(MemberList { items: members.into_iter().map(Into::into).collect(), next_cursor }))
}
