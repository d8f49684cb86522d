use agentdb_control_plane_contract::OrgScope;
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget};
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;

use super::{MemberPath, another_owner_stays, caller, may_give};
use crate::{
    audit::Audit,
    refusal::{RemoveMemberRefusals, store_failed},
    state::AppState,
};

/// Remove a member, or leave
///
/// Everybody may leave; admins remove others, and only owners remove owners. The last owner stays. From the next
/// request on the organisation is not there for the person. Their console tokens end: nodes that are connected refuse
/// them within a second. The invitations that they sent end, too; API keys are the organisation's and stay.
#[utoipa::path(
    delete,
    path = "/v1/orgs/{org}/members/{user}",
    operation_id = "remove_member",
    tag = "members",
    params(MemberPath),
    responses((status = 204, description = "Removed"), RemoveMemberRefusals),
    security(("session" = [])),
)]
pub(crate) async fn remove_member(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<MemberPath>,
) -> Result<StatusCode, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let member = org.member(path.user).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let caller = caller(&mut org, &scope).await?;
    if caller.user_id != member.user_id {
        may_give(&caller, member.role)?;
    }
    another_owner_stays(&mut org, &member).await?;
    org.remove_member(member.user_id, app.now()).await.map_err(store_failed)?;
    let target = AuditTarget::of(member.user_id, &member.email);
    let details = AuditDetails::default().role(Some(member.role), None);
    audit.record(&app, &mut org, AuditAction::MemberRemove, &target, &details).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, member = %path.user, by = %caller.user_id, "member removed");
    Ok(StatusCode::NO_CONTENT)
}
