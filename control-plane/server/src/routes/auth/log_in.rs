use agentdb_problem::{Code, Json, Problem};
use axum::{extract::State, response::Response};
use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    email, hash_failed,
    session_reply::{Session, sign_in},
};
use crate::{
    extract::Browser,
    passwords,
    refusal::{LogInRefusals, store_failed},
    state::AppState,
};

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    email: String,
    password: String,
}

/// Log in
///
/// The answer, and the time it takes, are the same for an unknown address and a wrong password. After ten failures
/// within an hour further tries with the address are refused for a minute, then for longer each time, up to a quarter
/// of an hour; a log-in that succeeds and a password that is reset end that. Logging in brings back an account that was
/// deleted less than 30 days ago.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    operation_id = "log_in",
    tag = "auth",
    request_body = LogIn,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`"))),
        LogInRefusals
    ),
    security(()),
)]
pub(crate) async fn log_in(
    State(app): State<AppState>,
    browser: Browser,
    Json(request): Json<LogIn>,
) -> Result<Response, Problem> {
    let email = email::parse(&request.email)?;
    app.throttles.by_address.admit(browser.address.throttle_key())?;
    app.throttles.by_email.admit(email::throttle_key(&email))?;
    let now = app.now();
    if let Some(until) = app.people.count_log_in(email::digest(&email), now).await.map_err(store_failed)? {
        return Err(locked_out(until - now));
    }
    let credentials = app.people.credentials(&email).await.map_err(store_failed)?;
    let fits = passwords::fits(&request.password);
    let password = if fits { request.password } else { String::new() };
    let stored = credentials.as_ref().map(|known| known.password_hash.clone());
    let verified = app.hasher.verify(password, stored).await.map_err(hash_failed)?;
    match credentials {
        Some(known) if verified && fits => {
            sign_in(&app, &browser, known.user, &known.password_hash).await?.ok_or_else(login_failed)
        }
        _ => Err(login_failed()),
    }
}

fn login_failed() -> Problem {
    Problem::new(Code::LoginFailed, "The e-mail address or the password is wrong.")
}

/// The same whether somebody has the address or not.
fn locked_out(wait: TimeDelta) -> Problem {
    let seconds = u64::try_from(wait.num_milliseconds()).unwrap_or(0).div_ceil(1000);
    Problem::new(Code::RateLimited, "Too many log-ins with this address have failed. Wait, or set a new password.")
        .with_retry_after(seconds)
}
