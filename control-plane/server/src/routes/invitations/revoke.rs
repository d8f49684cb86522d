use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget};
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;

use super::InvitationPath;
use crate::{
    audit::Audit,
    refusal::{OrgRefusals, require, store_failed},
    routes::members::caller,
    state::AppState,
};

/// Revoke an invitation
///
/// For signed-in admins and owners. Its link is worth nothing from then on.
#[utoipa::path(
    delete,
    path = "/v1/orgs/{org}/invitations/{invitation}",
    operation_id = "revoke_invitation",
    tag = "members",
    params(InvitationPath),
    responses((status = 204, description = "Revoked"), OrgRefusals),
    security(("session" = [])),
)]
pub(crate) async fn revoke_invitation(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<InvitationPath>,
) -> Result<StatusCode, Problem> {
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    // Before the caller's right is looked at; a refusal takes it back.
    let revoked = org.revoke_invitation(path.invitation, app.now()).await.map_err(store_failed)?;
    let revoked = revoked.ok_or_else(Problem::not_found)?;
    require(caller(&mut org, &scope).await?.role, Permission::ManageMembers)?;
    let target = AuditTarget::of(revoked.id, &revoked.email);
    let details = AuditDetails::default().role(Some(revoked.role), None);
    audit.record(&app, &mut org, AuditAction::InvitationRevoke, &target, &details).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, invitation = %path.invitation, "invitation revoked");
    Ok(StatusCode::NO_CONTENT)
}
