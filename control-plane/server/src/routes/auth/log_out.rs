use agentdb_problem::Problem;
use axum::extract::State;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::{
    extract::{Cookie, Session},
    refusal::{SessionRefusals, store_failed},
    state::AppState,
};

/// Log out
///
/// Ends the session of the cookie, and all console tokens of the person: nodes that are connected refuse them within a
/// second.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    operation_id = "log_out",
    tag = "auth",
    responses((status = 204, description = "Signed out"), SessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn log_out(
    State(app): State<AppState>,
    session: Session,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    person.log_out(session.id, app.now()).await.map_err(store_failed)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::SESSION.clear(&app.config)?)]))
}
