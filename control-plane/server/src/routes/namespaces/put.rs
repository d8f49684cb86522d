use std::collections::BTreeMap;

use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{
    AuditAction, AuditDetails, AuditTarget, NamespaceRecord, NewNamespace, OrgTx, OrganizationRecord,
};
use agentdb_ids::{NamespaceId, OrgId, check_name};
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Namespace, NamespacePath, find::is_id, labels, wait::until_settled};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{OrgBodyRefusals, limit_reached, require, store_failed},
    state::AppState,
};

/// For each place that an edition has for namespaces, so many may be deleted and kept beside it.
const KEPT_PER_PLACE: u32 = 10;

/// A namespace as it should be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutNamespace {
    /// Replace those there were; absent, they stay.
    labels: Option<BTreeMap<String, String>>,
}

/// Create a namespace, or replace its labels
///
/// Waits up to 5 seconds until a node serves it; if none does by then the status is `creating` and changes by itself.
#[utoipa::path(
    put,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "put_namespace",
    tag = "namespaces",
    params(NamespacePath),
    request_body = PutNamespace,
    responses(
        (status = 200, description = "It was there", body = Namespace),
        (status = 201, description = "It is made", body = Namespace),
        OrgBodyRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn put_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
    Json(request): Json<PutNamespace>,
) -> Result<(StatusCode, Json<Namespace>), Problem> {
    check_name(&path.ns).map_err(|error| Problem::invalid("ns", "invalid_name", error.to_string()))?;
    if !reach.namespaces.matches(&path.ns) {
        return Err(Problem::not_found());
    }
    require(scope.role, Permission::ManageNamespaces)?;
    let labels = request.labels.map(labels::checked).transpose()?;
    let (created, record) = make_so(&app, &audit, scope.org_id, &path.ns, labels).await?;
    let record = until_settled(&app, scope.org_id, record).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(record.try_into()?)))
}

/// The namespace, and whether it is new.
async fn make_so(
    app: &AppState,
    audit: &Audit,
    org_id: OrgId,
    name: &str,
    labels: Option<Value>,
) -> Result<(bool, NamespaceRecord), Problem> {
    let now = app.now();
    let mut org = app.stores.org(org_id).await.map_err(store_failed)?;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    if let Some(mut known) = org.namespace(name).await.map_err(store_failed)? {
        if let Some(labels) = labels.filter(|labels| *labels != known.labels) {
            org.set_labels(known.id, &labels).await.map_err(store_failed)?;
            let target = AuditTarget::of(known.id, &known.name);
            let details = AuditDetails::default().labels(&known.labels, &labels);
            audit.record(app, &mut org, AuditAction::NamespaceUpdate, &target, &details).await?;
            (known.labels, known.version) = (labels, known.version + 1);
            org.commit().await.map_err(store_failed)?;
        }
        return Ok((false, known));
    }
    if is_id(name) {
        return Err(Problem::invalid("ns", "invalid_name", "there is no namespace of this id, and a name is no id"));
    }
    has_room(app, &mut org, &organization).await?;
    let id = NamespaceId::generate(&*app.clock, &*app.entropy);
    let labels = labels.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let record = org
        .add_namespace(&NewNamespace { id, name, labels: &labels, created_at: now })
        .await
        .map_err(store_failed)?
        .ok_or_else(|| Problem::internal("a name was taken under the lock of its organisation"))?;
    let placement = org.place_namespace(id, app.alive_since(), now).await.map_err(store_failed)?;
    let details = AuditDetails::default().labels(&Value::Object(serde_json::Map::new()), &labels);
    audit.record(app, &mut org, AuditAction::NamespaceCreate, &AuditTarget::of(id, name), &details).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %org_id, namespace = %id, ?placement, "namespace created");
    Ok((true, record))
}

/// Refuses when the places are taken, those for the living or those for the deleted.
async fn has_room(app: &AppState, org: &mut OrgTx, organization: &OrganizationRecord) -> Result<(), Problem> {
    let (maximum, edition) = (app.editions.limits_of(organization).namespaces, organization.edition.as_str());
    if org.count_namespaces().await.map_err(store_failed)? >= u64::from(maximum) {
        return Err(limit_reached("namespaces", maximum, edition));
    }
    let kept = maximum.saturating_mul(KEPT_PER_PLACE);
    if org.count_deleted_namespaces().await.map_err(store_failed)? >= u64::from(kept) {
        return Err(limit_reached("deleted_namespaces", kept, edition));
    }
    Ok(())
}
