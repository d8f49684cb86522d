use std::time::Duration;

use agentdb_control_plane_store::User;
use agentdb_ids::SessionId;
use agentdb_problem::{Code, Problem};
use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderValue, Method, request::Parts};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{ClientAddress, Cookie};
use crate::{
    refusal::store_failed,
    state::{AppState, token_sha256},
};

/// Where the CSRF token is sent.
const CSRF_HEADER: &str = "x-csrf-token";

/// A signed-in person. A request that changes something must carry the CSRF token, which other sites cannot read. How
/// often one person may ask is bounded, over all their browsers.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub id: SessionId,
    pub user: User,
    /// Since when.
    pub created_at: DateTime<Utc>,
    pub csrf_token: String,
}

impl Session {
    /// The session of the request's cookie.
    pub async fn of(parts: &Parts, app: &AppState) -> Result<Self, Problem> {
        let token = Cookie::SESSION.of(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let ClientAddress(address) = ClientAddress::of(&parts.headers, &parts.extensions, app.config.trusted_proxies);
        let idle = Duration::from_secs(app.config.sessions.idle_s.into());
        let session = app
            .people
            .session(token_sha256(token), address, idle, app.now())
            .await
            .map_err(store_failed)?
            .ok_or_else(Problem::unauthenticated)?;
        app.throttles.by_person.admit(session.user.id)?;
        let csrf_token = csrf_token(token);
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let sent = parts.headers.get(CSRF_HEADER).map_or(&b""[..], HeaderValue::as_bytes);
            if !bool::from(sent.ct_eq(csrf_token.as_bytes())) {
                return Err(Problem::new(
                    Code::CsrfFailed,
                    "A request that changes something with the session cookie needs the header `x-csrf-token`.",
                ));
            }
        }
        Ok(Self { id: session.id, user: session.user, created_at: session.created_at, csrf_token })
    }
}

impl FromRequestParts<AppState> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        Self::of(parts, app).await
    }
}

/// The CSRF token that belongs to a session token. It is derived, so it need not be stored, and says nothing about
/// the session token.
pub(crate) fn csrf_token(session_token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(session_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"agentdb csrf token");
    hex::encode(mac.finalize().into_bytes())
}
