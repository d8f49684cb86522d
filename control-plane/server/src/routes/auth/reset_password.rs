use agentdb_problem::{Json, Problem};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    hash_failed, notice_expiry,
    session_reply::{Session, WaitingLogIn, sign_in},
};
use crate::{
    extract::Browser,
    mailer::password_changed,
    passwords,
    refusal::{AuthRefusals, store_failed},
    state::{AppState, token_sha256},
};

/// A new password for whoever has the link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    /// The parameter `token` of the link.
    token: String,
    /// 10 to 256 characters, not the address, not well known.
    #[schema(min_length = 10, max_length = 256)]
    password: String,
}

/// Set a new password by a link
///
/// Ends all sessions and console tokens of the person and all links sent to them before, lets them log in again after
/// too many failed attempts, tells them by mail, and signs in. A second factor stays, and is asked for with 202, as when
/// logging in. With a password that is refused the token stays good.
#[utoipa::path(
    post,
    path = "/v1/auth/password/reset",
    operation_id = "reset_password",
    tag = "auth",
    request_body = ResetPassword,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`"))),
        (status = 202, description = "The second factor is asked for; what waits is in the cookie", body = WaitingLogIn,
         headers(("set-cookie" = String, description = "`adb_challenge`"))),
        AuthRefusals
    ),
    security(()),
)]
pub(crate) async fn reset_password(
    State(app): State<AppState>,
    browser: Browser,
    Json(request): Json<ResetPassword>,
) -> Result<Response, Problem> {
    app.throttles.by_address.admit(browser.address.throttle_key())?;
    let token = token_sha256(&request.token);
    let pending = app.people.pending_password_reset(token, app.now()).await.map_err(store_failed)?;
    let user = pending.ok_or_else(invalid_token)?;
    passwords::check(&request.password, &user.email)
        .map_err(|error| Problem::invalid("/password", error.code(), error.to_string()))?;
    let password_hash = app.hasher.hash(request.password).await.map_err(hash_failed)?;

    let now = app.now();
    let text = password_changed(&app.config.public_url);
    let notice = text.mail(app.new_uuid(), &user.email, now, notice_expiry(now));
    let person = app.stores.person(user.id).await.map_err(store_failed)?;
    if !person.reset_password(token, &password_hash, &notice, now).await.map_err(store_failed)? {
        return Err(invalid_token());
    }
    app.mail_posted.notify_one();
    tracing::info!(person = %user.id, "password reset");
    sign_in(&app, &browser, user, &password_hash).await?.ok_or_else(invalid_token)
}

fn invalid_token() -> Problem {
    Problem::invalid("/token", "invalid_token", "the link is wrong, used, replaced or too old; ask for another")
}
