use agentdb_control_plane_contract::{OrgScope, Role};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget};
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Member, MemberPath, another_owner_stays, caller, may_give};
use crate::{
    audit::Audit,
    refusal::{OrgBodyRefusals, store_failed},
    state::AppState,
};

/// What is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateMember {
    /// What the member may do from now on.
    role: Role,
}

/// Give a member another role
///
/// For signed-in admins and owners; only owners make owners, or take the role from one, and the last owner keeps it. It
/// holds from the member's next request on. Their console tokens end, and with a lower role the invitations that they
/// sent.
#[utoipa::path(
    patch,
    path = "/v1/orgs/{org}/members/{user}",
    operation_id = "update_member",
    tag = "members",
    params(MemberPath),
    request_body = UpdateMember,
    responses((status = 200, description = "The member as they are now", body = Member), OrgBodyRefusals),
    security(("session" = [])),
)]
pub(crate) async fn update_member(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<MemberPath>,
    Json(request): Json<UpdateMember>,
) -> Result<Json<Member>, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let mut member = org.member(path.user).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let caller = caller(&mut org, &scope).await?;
    may_give(&caller, member.role)?;
    may_give(&caller, request.role)?;
    if member.role == request.role {
        return Ok(Json(member.into()));
    }
    another_owner_stays(&mut org, &member).await?;
    org.set_role(&member, request.role, app.now()).await.map_err(store_failed)?;
    let target = AuditTarget::of(member.user_id, &member.email);
    let details = AuditDetails::default().role(Some(member.role), Some(request.role));
    audit.record(&app, &mut org, AuditAction::MemberUpdate, &target, &details).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, member = %path.user, role = request.role.as_str(), "role changed");
    member.role = request.role;
    Ok(Json(member.into()))
}
