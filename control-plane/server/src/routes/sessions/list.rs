use std::time::Duration;

use agentdb_ids::SessionId;
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    extract::Session,
    refusal::{SessionRefusals, store_failed},
    state::AppState,
};

/// The browsers in which the person is signed in, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    #[schema(max_items = 50)]
    items: Vec<OpenSession>,
}

/// A browser in which the person is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenSession {
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// The first 200 characters of what it said it is, its `User-Agent`; null when it said nothing.
    browser: Option<String>,
    /// Where it was when it was last seen; null when that is not known.
    last_address: Option<String>,
    created_at: DateTime<Utc>,
    /// Noted once a minute.
    last_seen_at: DateTime<Utc>,
    /// Over at the latest.
    expires_at: DateTime<Utc>,
}

/// List one's sessions
///
/// Those that are neither over nor were left unused for too long, newest first. One person has at most 50; the oldest
/// make room.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    operation_id = "list_sessions",
    tag = "me",
    responses((status = 200, description = "All of them", body = SessionList), SessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn list_sessions(State(app): State<AppState>, session: Session) -> Result<Json<SessionList>, Problem> {
    let idle = Duration::from_secs(app.config.sessions.idle_s.into());
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let sessions = person.sessions(idle, app.now()).await.map_err(store_failed)?;
    let items = sessions
        .into_iter()
        .map(|own| OpenSession {
            id: own.id,
            current: own.id == session.id,
            browser: own.user_agent,
            last_address: own.last_address,
            created_at: own.created_at,
            last_seen_at: own.last_seen_at,
            expires_at: own.expires_at,
        })
        .collect();
    Ok(Json(SessionList { items }))
}
