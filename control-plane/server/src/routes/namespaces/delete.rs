use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{
    AuditAction, Deletion, LifeEvent, NamespaceRecord, NamespaceStatus, OrgTx, OrganizationRecord,
};
use agentdb_problem::{Json, Path, Problem, Query};
use axum::{Extension, extract::State};
use chrono::Duration;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Namespace, NamespacePath,
    find::{ambiguous, found, found_deleted, is_id},
    moved::{Step, made},
};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{DeleteNamespaceRefusals, require, store_failed},
    routes::version::matches,
    state::{App, AppState},
};

/// The longest grace that anybody has, in days: whatever an operator overrides, time has an end.
const MAX_GRACE_DAYS: u32 = 36_500;

/// How a namespace is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteNamespace {
    /// Remove the data of a namespace that is deleted already, without waiting for the end of its grace
    #[serde(default)]
    purge: bool,
    /// With `purge`: the namespace's name, typed
    confirm: Option<String>,
}

/// Delete a namespace
///
/// Data operations do not find it any more as soon as its node hears of it, and its name is free. Its data are kept, and
/// billed as stored, and it can be had back with all of them until `purge_after`; then they are removed for good.
///
/// With `purge=true` the data of a namespace that is deleted are removed now. That needs the role admin or owner, and the
/// namespace's name in `confirm`.
#[utoipa::path(
    delete,
    path = "/v1/orgs/{org}/namespaces/{ns}",
    operation_id = "delete_namespace",
    tag = "namespaces",
    params(
        NamespacePath,
        DeleteNamespace,
        ("If-Match" = Option<String>, Header, description = "Only when it has this version, as `ETag` told it"),
    ),
    responses((status = 202, description = "It is deleted", body = Namespace), DeleteNamespaceRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn delete_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
    Query(request): Query<DeleteNamespace>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Namespace>), Problem> {
    require(scope.role, if request.purge { Permission::PurgeNamespaces } else { Permission::ManageNamespaces })?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let (record, step) = if request.purge {
        let record = to_purge(&mut org, &reach, &path.ns, request.confirm.as_deref()).await?;
        (record, Step { event: LifeEvent::Purge, action: AuditAction::NamespacePurge, name: None })
    } else {
        let event = LifeEvent::Delete(deletion(&app, &organization));
        let record = found(&mut org, &reach, &path.ns).await?;
        (record, Step { event, action: AuditAction::NamespaceDelete, name: None })
    };
    // Asked again when it is so, there is nothing more to do, and no version to be compared.
    if record.life.after(step.event) != Ok(record.life.clone()) {
        matches(&headers, record.version, "namespace")?;
    }
    let (record, changed) = made(&app, &audit, &mut org, &record, step).await?;
    if changed {
        org.commit().await.map_err(store_failed)?;
    }
    Ok((StatusCode::ACCEPTED, Json(record.try_into()?)))
}

/// Now, with the grace of the organisation's edition.
fn deletion(app: &App, organization: &OrganizationRecord) -> Deletion {
    let days = app.editions.limits_of(organization).undelete_days.min(MAX_GRACE_DAYS);
    let at = app.now();
    Deletion { at, purge_after: at + Duration::days(days.into()) }
}

/// The namespace that is to be purged, whose name was typed. Where another one has its name by now, only its id says that
/// this one is meant.
async fn to_purge(
    org: &mut OrgTx,
    reach: &Reach,
    called: &str,
    confirm: Option<&str>,
) -> Result<NamespaceRecord, Problem> {
    let record = found_deleted(org, reach, called).await?;
    let another = org.namespace(&record.name).await.map_err(store_failed)?.is_some_and(|other| other.id != record.id);
    if another && !is_id(called) && record.status() == NamespaceStatus::Deleting {
        return Err(ambiguous("A deleted and another namespace have this name"));
    }
    if confirm != Some(record.name.as_str()) {
        let detail = "the data are gone for good: the namespace's name has to stand here";
        return Err(Problem::invalid("confirm", "wrong_name", detail));
    }
    Ok(record)
}
