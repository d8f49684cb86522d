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

/// Resume a suspended namespace
///
/// Waits up to 5 seconds until its node serves it; if it does not by then the status is `creating` and changes by itself.
/// What the operator of the service suspended, or an unpaid invoice, is not resumed by its organisation. To be repeated
/// without harm.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/namespaces/{ns}/resume",
    operation_id = "resume_namespace",
    tag = "namespaces",
    params(NamespacePath),
    responses(
        (status = 200, description = "It is not suspended", body = Namespace,
         headers(("etag" = String, description = "Its version"))),
        MoveNamespaceRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn resume_namespace(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<NamespacePath>,
) -> Result<Tagged, Problem> {
    let event = LifeEvent::Resume(Suspension::Organization);
    let step = Step { event, action: AuditAction::NamespaceResume, name: None };
    tagged(held(&app, (scope, &reach, &audit), &path.ns, step).await?)
}
