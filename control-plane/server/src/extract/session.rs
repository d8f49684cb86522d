use std::time::Duration;

use agentdb_control_plane_store::User;
use agentdb_ids::SessionId;
use agentdb_problem::{Code, Problem};
use axum::extract::FromRequestParts;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::{
    config::Config,
    refusal::store_failed,
    state::{AppState, token_sha256},
};

/// The cookie's name.
const COOKIE: &str = "adb_session";

/// Where the CSRF token is sent.
const CSRF_HEADER: &str = "x-csrf-token";

/// A signed-in person. A request that changes something must carry the CSRF token, which other sites cannot read.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub id: SessionId,
    pub user: User,
    pub csrf_token: String,
}

impl Session {
    /// The session of the request's cookie.
    pub async fn of(method: &Method, headers: &HeaderMap, app: &AppState) -> Result<Self, Problem> {
        let token = cookie(headers).ok_or_else(Problem::unauthenticated)?;
        let idle = Duration::from_secs(app.config.sessions.idle_s.into());
        let session = app
            .people
            .session(token_sha256(token), idle, app.now())
            .await
            .map_err(store_failed)?
            .ok_or_else(Problem::unauthenticated)?;
        let csrf_token = csrf_token(token);
        if !matches!(*method, Method::GET | Method::HEAD) {
            let sent = headers.get(CSRF_HEADER).map_or(&b""[..], HeaderValue::as_bytes);
            if !bool::from(sent.ct_eq(csrf_token.as_bytes())) {
                return Err(Problem::new(
                    Code::CsrfFailed,
                    "A request that changes something with the session cookie needs the header `x-csrf-token`.",
                ));
            }
        }
        Ok(Self { id: session.id, user: session.user, csrf_token })
    }
}

impl FromRequestParts<AppState> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        Self::of(&parts.method, &parts.headers, app).await
    }
}

/// The CSRF token that belongs to a session token. It is derived, so it need not be stored, and says nothing about
/// the session token.
pub(crate) fn csrf_token(session_token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(session_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"agentdb csrf token");
    hex::encode(mac.finalize().into_bytes())
}

/// The header that signs a browser in.
pub(crate) fn set_cookie(config: &Config, token: &str) -> Result<HeaderValue, Problem> {
    cookie_header(config, token, config.sessions.lifetime_s)
}

/// The header that signs a browser out.
pub(crate) fn clear_cookie(config: &Config) -> Result<HeaderValue, Problem> {
    cookie_header(config, "", 0)
}

fn cookie_header(config: &Config, token: &str, max_age_s: u32) -> Result<HeaderValue, Problem> {
    let secure = if config.public_url.scheme() == "https" { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"))
        .map_err(Problem::internal)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        let find = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(text));
            cookie(&headers).map(str::to_owned)
        };
        assert_eq!(find("a=1; adb_session=tok; b=2").as_deref(), Some("tok"));
        assert_eq!(find("adb_session2=tok"), None);
        assert_eq!(find("adb_session="), None);
    }

    #[test]
    fn cookies_are_secure_when_the_service_is_reached_by_https() {
        let of = |url: &str| {
            let config = Config::at(url.parse().expect("a URL"));
            set_cookie(&config, "tok").expect("a header").to_str().expect("text").to_owned()
        };
        assert!(of("https://db.example.com").ends_with("; Secure"));
        assert!(!of("http://127.0.0.1:8080").contains("Secure"));
        assert!(of("http://127.0.0.1:8080").contains("; HttpOnly; SameSite=Lax"));
    }
}
