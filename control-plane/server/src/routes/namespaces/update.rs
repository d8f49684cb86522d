use std::collections::BTreeMap;

use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget, NamespaceRecord};
use agentdb_problem::{Code, Json, Path, Problem};
use axum::{Extension, extract::State};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Namespace, NamespacePath, Tagged, find::found, labels, tagged};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{UpdateNamespaceRefusals, require, store_failed},
    routes::version::matches,
    state::AppState,
};

/// What of a namespace is to be changed; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateNamespace {
    /// Labels by key: with a text as value set, with null removed; others stay.
    #[serde(default)]
    labels: BTreeMap<String, Option<String>>,
}

/// Change a namespace's labels
#[utoipa::path(
    patch,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "update_namespace",
    tag = "namespaces",
    params(
        NamespacePath,
        ("If-Match" = Option<String>, Header, description = "Only when it has this version, as `ETag` told it"),
    ),
    request_body = UpdateNamespace,
    responses(
        (status = 200, description = "The namespace as it is now", body = Namespace,
         headers(("etag" = String, description = "Its version"))),
        UpdateNamespaceRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn update_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
    headers: HeaderMap,
    Json(request): Json<UpdateNamespace>,
) -> Result<Tagged, Problem> {
    require(scope.role, Permission::ManageNamespaces)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    // Changes come one after the other, so that none is made of what another has changed.
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let record = found(&mut org, &reach, &path.ns).await?;
    if !record.status().is_living() {
        return Err(Problem::new(Code::Conflict, "The namespace is deleted; undelete it first."));
    }
    let mut changed: BTreeMap<String, String> =
        serde_json::from_value(record.labels.clone()).map_err(Problem::internal)?;
    for (key, value) in request.labels {
        match value {
            Some(value) => _ = changed.insert(key, value),
            None => _ = changed.remove(&key),
        }
    }
    let labels = labels::checked(changed)?;
    matches(&headers, record.version, "namespace")?;
    if labels == record.labels {
        return tagged(record);
    }
    org.set_labels(record.id, &labels).await.map_err(store_failed)?;
    let details = AuditDetails::default().labels(&record.labels, &labels);
    let target = AuditTarget::of(record.id, &record.name);
    audit.record(&app, &mut org, AuditAction::NamespaceUpdate, &target, &details).await?;
    org.commit().await.map_err(store_failed)?;
    tagged(NamespaceRecord { labels, version: record.version + 1, ..record })
}
