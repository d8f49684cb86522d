use agentdb_control_plane_store::{NewSession, User as StoredUser};
use agentdb_ids::{SessionId, UserId};
use agentdb_problem::{Json, Problem};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::email;
use crate::{
    extract::{Browser, Cookie, csrf_token},
    refusal::store_failed,
    state::AppState,
};

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    id: UserId,
    /// As typed.
    email: String,
    created_at: DateTime<Utc>,
}

impl From<StoredUser> for User {
    fn from(user: StoredUser) -> Self {
        Self { id: user.id, email: user.email, created_at: user.created_at }
    }
}

/// A signed-in browser. The session itself is in the cookie `adb_session`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    user: User,
    /// To be sent as `x-csrf-token` with every request but GET.
    csrf_token: String,
}

/// Signs the person in who has proven the password with this hash: keeps a session, forgets failed log-ins and answers
/// with the cookie. `None` when the password is theirs no more.
pub(super) async fn sign_in(
    app: &AppState,
    browser: &Browser,
    user: StoredUser,
    password_hash: &str,
) -> Result<Option<Response>, Problem> {
    let (token, token_sha256) = app.new_token();
    let now = app.now();
    let kept = app
        .people
        .add_session(&NewSession {
            id: SessionId::generate(&*app.clock, &*app.entropy),
            user_id: user.id,
            password_hash,
            token_sha256,
            user_agent: browser.user_agent.as_deref(),
            address: browser.address.0,
            created_at: now,
            expires_at: now + chrono::Duration::seconds(app.config.sessions.lifetime_s.into()),
        })
        .await
        .map_err(store_failed)?;
    if !kept {
        return Ok(None);
    }
    app.people.forget_log_ins(email::digest(&user.email)).await.map_err(store_failed)?;
    let cookie = Cookie::SESSION.set(&app.config, &token, app.config.sessions.lifetime_s)?;
    let session = Session { user: user.into(), csrf_token: csrf_token(&token) };
    Ok(Some(([(header::SET_COOKIE, cookie)], Json(session)).into_response()))
}
