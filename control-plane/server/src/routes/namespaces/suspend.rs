use agentdb_control_plane_contract::{OrgScope, Suspension};
use agentdb_control_plane_store::{AuditAction, LifeEvent};
use agentdb_problem::{Path, Problem};
use axum::{Extension, extract::State};

use super::{
    Namespace, NamespacePath, Tagged,
    moved::{Step, held},
    tagged,
};
use crate::{audit::Audit, extract::Reach, refusal::MoveNamespaceRefusals, state::AppState};

/// Suspend a namespace
///
/// Data operations on it are refused with 403 `forbidden` until it is resumed; its data stay, and are billed. Waits up to
/// 5 seconds until its node refuses them. To be repeated without harm.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/namespaces/{ns}/suspend",
    operation_id = "suspend_namespace",
    tag = "namespaces",
    params(NamespacePath),
    responses(
        (status = 200, description = "It is suspended", body = Namespace,
         headers(("etag" = String, description = "Its version"))),
        MoveNamespaceRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn suspend_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
) -> Result<Tagged, Problem> {
    let event = LifeEvent::Suspend(Suspension::Organization);
    let step = Step { event, action: AuditAction::NamespaceSuspend, name: None };
    tagged(held(&app, (scope, &reach, &audit), &path.ns, step).await?)
}
