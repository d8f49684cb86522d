use agentdb_control_plane_contract::OrgScope;
use agentdb_control_plane_store::AuditRecord;
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AuditEvent, may_read, params::AuditParams};
use crate::{
    refusal::{OrgRefusals, store_failed},
    routes::page::cut,
    state::AppState,
};

/// Events of the audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEventList {
    items: Vec<AuditEvent>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// How many days the edition keeps events; older ones are not there.
    #[schema(example = 90)]
    kept_days: i64,
}

/// List events of the audit log
///
/// What was changed in the organisation and by whom, and attempts at it that were refused for the caller's role or
/// scope, the edition or a limit; newest first. Events that come while pages are read move none to another page. For
/// the roles owner and admin; for a key, only with the pattern `*`.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/audit-events",
    operation_id = "list_audit_events",
    tag = "audit_events",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), AuditParams),
    responses((status = 200, description = "A page of events", body = AuditEventList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_audit_events(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Query(params): Query<AuditParams>,
) -> Result<Json<AuditEventList>, Problem> {
    may_read(&scope)?;
    let kept = app.editions.audit_kept(scope.edition);
    let search = params.checked(app.now() - kept)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let events =
        org.audit_events(&search.filter, search.before, search.limit as i64 + 1).await.map_err(store_failed)?;
    let (events, next_cursor) = cut(events, search.limit, |event: &AuditRecord| event.id.to_string());
    let items = events.into_iter().map(Into::into).collect();
    Ok(Json(AuditEventList { items, next_cursor, kept_days: kept.num_days() }))
}
