use agentdb_control_plane_contract::{OrgScope, Permission};
use agentdb_control_plane_store::{AuditAction, LifeEvent, NamespaceRecord, OrgTx, OrganizationRecord};
use agentdb_ids::check_name;
use agentdb_problem::{Code, Json, Path, Problem};
use axum::{Extension, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Namespace, NamespacePath, Tagged,
    find::{found_deleted, is_id},
    moved::{Step, made},
    tagged,
    wait::until_settled,
};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{OrgBodyRefusals, limit_reached, require, store_failed},
    state::{App, AppState},
};

/// How a namespace is had back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndeleteNamespace {
    /// The name that it is to have, when another namespace has its own by now. Keys reach it by that name.
    #[schema(max_length = 128, pattern = "^[A-Za-z0-9._-]{1,128}$")]
    name: Option<String>,
}

/// Undelete a namespace
///
/// With everything that was in it, at the same commit. Where several deleted namespaces have one name, the path has the
/// id. Waits up to 5 seconds until its node serves it; if it does not by then the status is `creating` and changes by
/// itself. Of a namespace that is not deleted nothing changes.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/namespaces/{ns}/undelete",
    operation_id = "undelete_namespace",
    tag = "namespaces",
    params(NamespacePath),
    request_body = UndeleteNamespace,
    responses(
        (status = 200, description = "It is back", body = Namespace,
         headers(("etag" = String, description = "Its version"))),
        OrgBodyRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn undelete_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
    Json(request): Json<UndeleteNamespace>,
) -> Result<Tagged, Problem> {
    let wanted = request.name.as_deref();
    if let Some(name) = wanted {
        check_name(name).map_err(|error| Problem::invalid("/name", "invalid_name", error.to_string()))?;
        if is_id(name) {
            return Err(Problem::invalid("/name", "invalid_name", "a name is no id"));
        }
    }
    require(scope.role, Permission::ManageNamespaces)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let record = found_deleted(&mut org, &reach, &path.ns).await?;
    if record.status().is_living() {
        drop(org);
        return unchanged(record, wanted);
    }
    let name = wanted.unwrap_or(&record.name);
    if !reach.namespaces.matches(name) {
        return Err(Problem::not_found());
    }
    let step = Step { event: LifeEvent::Undelete, action: AuditAction::NamespaceUndelete, name: Some(name) };
    // What is gone for good is told before what stands against having it back.
    if record.life.after(step.event).is_ok() {
        has_room(&app, &mut org, &organization, name).await?;
    }
    let (record, _) = made(&app, &audit, &mut org, &record, step).await?;
    org.commit().await.map_err(store_failed)?;
    tagged(until_settled(&app, scope.org_id, record).await?)
}

/// It is not deleted: what is asked for again is so, but it gets no other name.
fn unchanged(record: NamespaceRecord, wanted: Option<&str>) -> Result<Tagged, Problem> {
    if wanted.is_some_and(|name| name != record.name) {
        return Err(Problem::new(Code::Conflict, "The namespace is not deleted, and keeps its name."));
    }
    tagged(record)
}

/// Refuses when the name or the last place is taken.
async fn has_room(app: &App, org: &mut OrgTx, organization: &OrganizationRecord, name: &str) -> Result<(), Problem> {
    if org.namespace(name).await.map_err(store_failed)?.is_some() {
        let detail = "Another namespace has this name by now; undelete it to another name, in the body: {\"name\": …}.";
        return Err(Problem::new(Code::Conflict, detail).with("name", name));
    }
    let maximum = app.editions.limits_of(organization).namespaces;
    if org.count_namespaces().await.map_err(store_failed)? >= u64::from(maximum) {
        return Err(limit_reached("namespaces", maximum, organization.edition.as_str()));
    }
    Ok(())
}
