use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget, NamespaceStatus};
use agentdb_ids::check_name;
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;

use super::{Namespace, NamespacePath};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{OrgRefusals, require, store_failed},
    state::AppState,
};

/// Delete a namespace
///
/// With everything in it, for good. Data operations do not find it any more as soon as its node hears of it; the name
/// is free when the data are gone.
#[utoipa::path(
    delete,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "delete_namespace",
    tag = "namespaces",
    params(NamespacePath),
    responses((status = 202, description = "It is being deleted", body = Namespace), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn delete_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
) -> Result<(StatusCode, Json<Namespace>), Problem> {
    if check_name(&path.ns).is_err() || !reach.namespaces.matches(&path.ns) {
        return Err(Problem::not_found());
    }
    require(scope.role, Permission::ManageNamespaces)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let mut record = org.namespace(&path.ns).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    // Asked again while it goes on, there is nothing more to do.
    if org.start_deleting(record.id, app.now()).await.map_err(store_failed)? {
        let target = AuditTarget::of(record.id, &record.name);
        audit.record(&app, &mut org, AuditAction::NamespaceDelete, &target, &AuditDetails::default()).await?;
        org.commit().await.map_err(store_failed)?;
        tracing::info!(organization = %scope.org_id, namespace = %record.id, "namespace is being deleted");
    }
    record.status = NamespaceStatus::Deleting;
    Ok((StatusCode::ACCEPTED, Json(record.try_into()?)))
}
