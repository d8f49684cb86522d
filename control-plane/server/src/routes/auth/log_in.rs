use agentdb_problem::{Code, Json, Problem};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    email, hash_failed,
    session_reply::{Session, WaitingLogIn, sign_in},
};
use crate::{
    extract::Browser,
    passwords,
    refusal::{LogInRefusals, locked_out, store_failed},
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
///
/// With 202 the password is right and the person has a second factor: the log-in waits for `POST /v1/auth/totp` from this
/// browser, at most five minutes. Who does not know the password does not learn whether there is one.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    operation_id = "log_in",
    tag = "auth",
    request_body = LogIn,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`"))),
        (status = 202, description = "The second factor is asked for; what waits is in the cookie", body = WaitingLogIn,
         headers(("set-cookie" = String, description = "`adb_challenge`"))),
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
        // The same whether somebody has the address or not.
        let why = "Too many log-ins with this address have failed. Wait, or set a new password.";
        return Err(locked_out(why, until - now));
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
