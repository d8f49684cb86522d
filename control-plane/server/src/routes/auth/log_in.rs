use agentdb_problem::{Code, Json, Problem};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    email, hash_failed,
    session_reply::{Session, sign_in},
};
use crate::{
    extract::ClientAddress,
    passwords::MAX_LEN,
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
/// The answer, and the time it takes, are the same for an unknown address and a wrong password.
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
    address: ClientAddress,
    Json(request): Json<LogIn>,
) -> Result<Response, Problem> {
    let email = email::parse(&request.email)?;
    app.throttles.by_address.admit(address.throttle_key())?;
    app.throttles.by_email.admit(email::throttle_key(&email))?;
    let credentials = app.people.credentials(&email).await.map_err(store_failed)?;
    let (user, stored) = credentials.map(|known| (known.user, known.password_hash)).unzip();
    // No password is longer; hashing megabytes would be a gift to whoever sends them.
    let fits = request.password.chars().take(MAX_LEN + 1).count() <= MAX_LEN;
    let password = if fits { request.password } else { String::new() };
    let verified = app.hasher.verify(password, stored).await.map_err(hash_failed)?;
    match user {
        Some(user) if verified && fits => sign_in(&app, user).await,
        _ => Err(Problem::new(Code::LoginFailed, "The e-mail address or the password is wrong.")),
    }
}
