use agentdb_control_plane_contract::OrgScope;
use agentdb_ids::{AuditEventId, OrgId};
use agentdb_problem::{Json, Path, Problem};
use axum::{Extension, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{AuditEvent, may_read};
use crate::{
    refusal::{OrgRefusals, store_failed},
    state::AppState,
};

/// Which event.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AuditEventPath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The event
    event: AuditEventId,
}

/// Get an event of the audit log
///
/// For the roles owner and admin; for a key, only with the pattern `*`.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/audit-events/{event}",
    operation_id = "get_audit_event",
    tag = "audit_events",
    params(AuditEventPath),
    responses((status = 200, description = "The event", body = AuditEvent), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn get_audit_event(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Path(path): Path<AuditEventPath>,
) -> Result<Json<AuditEvent>, Problem> {
    may_read(&scope)?;
    let since = app.now() - app.editions.audit_kept(scope.edition);
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let event = org.audit_event(path.event, since).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Ok(Json(event.into()))
}
