use agentdb_problem::Problem;
use axum::extract::State;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::{
    extract::{Session, clear_cookie},
    refusal::{SessionRefusals, store_failed},
    state::AppState,
};

/// Log out
///
/// Ends the session of the cookie.
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
    app.people.remove_session(session.id).await.map_err(store_failed)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie(&app.config)?)]))
}
