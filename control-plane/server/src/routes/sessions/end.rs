use agentdb_ids::SessionId;
use agentdb_problem::{Path, Problem};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    extract::{Cookie, Session},
    refusal::{OwnSessionRefusals, store_failed},
    state::AppState,
};

/// Which session.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SessionPath {
    /// The session
    session: SessionId,
}

/// End one of one's sessions
///
/// And, as logging out does, all console tokens of the person; browsers that are still signed in get new ones. The
/// session that asks may be ended too: then the cookie is taken away. Somebody else's is not there.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{session}",
    operation_id = "end_session",
    tag = "me",
    params(SessionPath),
    responses((status = 204, description = "Ended"), OwnSessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn end_session(
    State(app): State<AppState>,
    session: Session,
    Path(path): Path<SessionPath>,
) -> Result<Response, Problem> {
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    if !person.end_session(path.session, app.now()).await.map_err(store_failed)? {
        return Err(Problem::not_found());
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if path.session == session.id {
        response.headers_mut().append(header::SET_COOKIE, Cookie::SESSION.clear(&app.config)?);
    }
    Ok(response)
}
