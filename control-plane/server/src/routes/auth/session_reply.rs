use agentdb_control_plane_store::{NewChallenge, NewSession, SessionStart, User as StoredUser};
use agentdb_ids::{SessionId, UserId};
use agentdb_problem::{Json, Problem};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Duration, Utc};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::email;
use crate::{
    config::Config,
    extract::{Browser, Cookie, csrf_token},
    refusal::store_failed,
    state::AppState,
};

/// How long a log-in waits for its second factor, in seconds.
const CHALLENGE_S: u32 = 300;

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

/// A log-in that waits for the second factor. What tells it from others is in the cookie `adb_challenge`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingLogIn {
    /// What is asked for.
    second_factor: SecondFactor,
    /// Until when.
    expires_at: DateTime<Utc>,
}

/// What besides the password a person shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SecondFactor {
    /// A code of an authenticator app, or a recovery code.
    Totp,
}

/// What a person who has proven who they are has got.
pub(super) enum Entry {
    /// They are signed in.
    SignedIn {
        /// Of the cookie.
        token: String,
        user: StoredUser,
    },
    /// Their second factor is asked for.
    Waiting {
        /// Of the cookie.
        token: String,
        expires_at: DateTime<Utc>,
    },
}

impl Entry {
    /// The cookie, without which the entry is worth nothing.
    pub fn cookie(&self, config: &Config) -> Result<HeaderValue, Problem> {
        match self {
            Self::SignedIn { token, .. } => Cookie::SESSION.set(config, token, config.sessions.lifetime_s),
            Self::Waiting { token, .. } => Cookie::CHALLENGE.set(config, token, CHALLENGE_S),
        }
    }

    /// The answer to a request of the console.
    pub fn reply(self, config: &Config) -> Result<Response, Problem> {
        let cookie = [(header::SET_COOKIE, self.cookie(config)?)];
        Ok(match self {
            Self::SignedIn { token, user } => {
                let session = Session { user: user.into(), csrf_token: csrf_token(&token) };
                (cookie, Json(session)).into_response()
            }
            Self::Waiting { expires_at, .. } => {
                let waiting = WaitingLogIn { second_factor: SecondFactor::Totp, expires_at };
                (StatusCode::ACCEPTED, cookie, Json(waiting)).into_response()
            }
        })
    }
}

/// Lets the person in who has proven the password with this hash: keeps a session or, where they have a second factor,
/// what waits for it, forgets failed log-ins and answers with the cookie. `None` when the password is theirs no more.
pub(super) async fn sign_in(
    app: &AppState,
    browser: &Browser,
    user: StoredUser,
    password_hash: &str,
) -> Result<Option<Response>, Problem> {
    enter(app, browser, user, password_hash).await?.map(|entry| entry.reply(&app.config)).transpose()
}

/// As [`sign_in`]; every way in but the second factor itself leads through here, so none leads past the second factor.
pub(super) async fn enter(
    app: &AppState,
    browser: &Browser,
    user: StoredUser,
    password_hash: &str,
) -> Result<Option<Entry>, Problem> {
    let (token, token_sha256) = app.new_token();
    let (waiting, waiting_sha256) = app.new_token();
    let session = new_session(app, browser, user.id, token_sha256);
    let expires_at = session.created_at + Duration::seconds(CHALLENGE_S.into());
    let challenge = NewChallenge { token_sha256: waiting_sha256, expires_at };
    let entry = match app.people.add_session(password_hash, &session, &challenge).await.map_err(store_failed)? {
        SessionStart::Refused => return Ok(None),
        SessionStart::Challenge => Entry::Waiting { token: waiting, expires_at },
        SessionStart::Session => Entry::SignedIn { token, user: user.clone() },
    };
    app.people.forget_log_ins(email::digest(&user.email)).await.map_err(store_failed)?;
    Ok(Some(entry))
}

/// A session that begins now.
pub(super) fn new_session<'a>(
    app: &AppState,
    browser: &'a Browser,
    user_id: UserId,
    token_sha256: [u8; 32],
) -> NewSession<'a> {
    let now = app.now();
    NewSession {
        id: SessionId::generate(&*app.clock, &*app.entropy),
        user_id,
        token_sha256,
        user_agent: browser.user_agent.as_deref(),
        address: browser.address.0,
        created_at: now,
        expires_at: now + Duration::seconds(app.config.sessions.lifetime_s.into()),
    }
}
