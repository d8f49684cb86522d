use agentdb_control_plane_store::{FactorProof, LogInEnd};
use agentdb_problem::{Code, Json, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    notice_expiry,
    session_reply::{Entry, Session, new_session},
};
use crate::{
    extract::{Browser, Cookie},
    mailer::recovery_code_used,
    refusal::{LogInRefusals, store_failed},
    second_factor,
    state::{AppState, token_sha256},
};

/// The second factor of a log-in that waits for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FinishLogIn {
    /// The six digits that the app shows, or one of the recovery codes.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Finish a log-in with the second factor
///
/// From the browser whose log-in waits, within five minutes. A code is good once, and so is a recovery code; a wrong one is
/// refused at `/code` with `wrong_code`, and the log-in waits on. After ten wrong ones within an hour further ones are
/// refused for a minute, then for longer each time, up to a quarter of an hour, also when the log-in is begun anew or the
/// password is reset. With `login_failed` nothing waits any more: log in again.
#[utoipa::path(
    post,
    path = "/v1/auth/totp",
    operation_id = "finish_log_in",
    tag = "auth",
    request_body = FinishLogIn,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`; `adb_challenge` is taken away"))),
        LogInRefusals
    ),
    security(()),
)]
pub(crate) async fn finish_log_in(
    State(app): State<AppState>,
    browser: Browser,
    headers: HeaderMap,
    Json(request): Json<FinishLogIn>,
) -> Result<Response, Problem> {
    app.throttles.by_address.admit(browser.address.throttle_key())?;
    let challenge = token_sha256(Cookie::CHALLENGE.of(&headers).ok_or_else(nothing_waits)?);
    let waiting = app.people.challenged(challenge, app.now()).await.map_err(store_failed)?;
    let user = waiting.ok_or_else(nothing_waits)?;
    let mut person = app.stores.person(user.id).await.map_err(store_failed)?;
    let factor = person.totp(app.now()).await.map_err(store_failed)?;
    drop(person);
    let factor = factor.filter(|factor| factor.confirmed_at.is_some()).ok_or_else(nothing_waits)?;
    let proof = second_factor::check(&app, &factor, &request.code).await?;

    let (token, session_sha256) = app.new_token();
    let session = new_session(&app, &browser, user.id, session_sha256);
    let now = session.created_at;
    let text = recovery_code_used(&app.config.public_url);
    let mail = text.mail(app.new_uuid(), &user.email, now, notice_expiry(now));
    let notice = matches!(proof, FactorProof::RecoveryCode(_)).then_some(&mail);
    let person = app.stores.person(user.id).await.map_err(store_failed)?;
    match person.finish_log_in(challenge, factor.id, proof, &session, notice).await.map_err(store_failed)? {
        LogInEnd::SignedIn => {}
        LogInEnd::Unproven => return Err(second_factor::wrong_code()),
        LogInEnd::Gone => return Err(nothing_waits()),
    }
    second_factor::proven(&app, user.id).await?;
    if notice.is_some() {
        app.mail_posted.notify_one();
        tracing::info!(person = %user.id, "recovery code used");
    }
    let mut response = Entry::SignedIn { token, user }.reply(&app.config)?;
    response.headers_mut().append(header::SET_COOKIE, Cookie::CHALLENGE.clear(&app.config)?);
    Ok(response)
}

/// The same for a log-in that was finished, one that waited too long, and one of another browser.
fn nothing_waits() -> Problem {
    Problem::new(Code::LoginFailed, "No log-in of this browser waits for a code, or it waited too long. Log in again.")
}
