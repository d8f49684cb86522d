use agentdb_problem::Problem;
use axum::extract::State;
use http::StatusCode;

use crate::{
    extract::Session,
    refusal::{SessionRefusals, store_failed},
    state::AppState,
};

/// End all other sessions of one's own
///
/// And, as logging out does, all console tokens of the person; the browser that asks stays signed in and gets new ones.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    operation_id = "end_other_sessions",
    tag = "me",
    responses((status = 204, description = "Ended"), SessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn end_other_sessions(State(app): State<AppState>, session: Session) -> Result<StatusCode, Problem> {
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    person.end_other_sessions(session.id, app.now()).await.map_err(store_failed)?;
    Ok(StatusCode::NO_CONTENT)
}
