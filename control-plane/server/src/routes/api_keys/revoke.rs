use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget};
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;

use super::ApiKeyPath;
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{OrgRefusals, require, store_failed},
    state::AppState,
};

/// Revoke an API key
///
/// For good. Nodes that are connected refuse it within a second. For a key, one that reaches further than itself is not
/// there.
#[utoipa::path(
    delete,
    path = "/v1/orgs/{org}/api-keys/{key}",
    operation_id = "revoke_api_key",
    tag = "api_keys",
    params(ApiKeyPath),
    responses((status = 204, description = "Revoked"), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn revoke_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<ApiKeyPath>,
) -> Result<StatusCode, Problem> {
    require(scope.role, Permission::ManageApiKeys)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let key = org.api_key(&reach.namespaces, path.key).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    if !org.revoke_api_key(&reach.namespaces, path.key, app.now()).await.map_err(store_failed)? {
        return Err(Problem::not_found());
    }
    let target = AuditTarget::of(key.id, &key.name);
    audit.record(&app, &mut org, AuditAction::ApiKeyRevoke, &target, &AuditDetails::default()).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, key = %path.key, "API key revoked");
    Ok(StatusCode::NO_CONTENT)
}
