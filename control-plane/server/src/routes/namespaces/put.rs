use std::{collections::BTreeMap, time::Duration};

use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{
    AuditAction, AuditDetails, AuditTarget, NamespaceRecord, NamespaceStatus, NewNamespace,
};
use agentdb_ids::{NamespaceId, OrgId, check_name};
use agentdb_problem::{Code, Json, Path, Problem};
use axum::{Extension, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Namespace, NamespacePath, labels};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{OrgBodyRefusals, limit_reached, require, store_failed},
    state::AppState,
};

/// The longest that a request waits for a node to take a new namespace up.
const PATIENCE: Duration = Duration::from_secs(5);

/// While waiting, the namespace is looked at this often even if nothing is announced.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
    let record = until_ready(&app, scope.org_id, record).await?;
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
        if known.status == NamespaceStatus::Deleting {
            return Err(Problem::new(
                Code::Conflict,
                "A namespace of this name is being deleted; the name is free when its data are gone.",
            )
            .with_retry_after(2));
        }
        if let Some(labels) = labels.filter(|labels| *labels != known.labels) {
            org.set_labels(known.id, &labels).await.map_err(store_failed)?;
            let target = AuditTarget::of(known.id, &known.name);
            let details = AuditDetails::default().labels(&known.labels, &labels);
            audit.record(app, &mut org, AuditAction::NamespaceUpdate, &target, &details).await?;
            known.labels = labels;
            org.commit().await.map_err(store_failed)?;
        }
        return Ok((false, known));
    }
    let maximum = app.editions.limits_of(&organization).namespaces;
    if org.count_namespaces().await.map_err(store_failed)? >= u64::from(maximum) {
        return Err(limit_reached("namespaces", maximum, organization.edition.as_str()));
    }
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

async fn until_ready(app: &AppState, org_id: OrgId, mut record: NamespaceRecord) -> Result<NamespaceRecord, Problem> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut changes = app.changes.subscribe();
    while record.status == NamespaceStatus::Creating && tokio::time::Instant::now() < deadline {
        // Marked as seen before looking, so that a change while looking wakes at once.
        changes.mark_unchanged();
        let mut org = app.stores.org(org_id).await.map_err(store_failed)?;
        match org.namespace(&record.name).await.map_err(store_failed)? {
            Some(seen) if seen.id == record.id => record = seen,
            _ => return Err(Problem::not_found()),
        }
        drop(org);
        if record.status != NamespaceStatus::Creating {
            break;
        }
        tokio::select! {
            () = app.stopping.cancelled() => break,
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(record)
}
