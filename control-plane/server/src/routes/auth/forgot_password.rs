use agentdb_control_plane_store::NewLink;
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use chrono::Duration;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Status, email};
use crate::{
    extract::ClientAddress,
    mailer::password_reset,
    refusal::{AuthRefusals, store_failed},
    state::AppState,
};

/// How long a link is good.
const VALID: Duration = Duration::hours(1);

/// Who has forgotten their password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    /// Where the link goes if it is an account's.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
}

/// Ask for a new password
///
/// Sends a link to set one, good for an hour and once; of several the newest is good. The answer, and the time it
/// takes, are the same when the address has no account: then no mail is sent.
#[utoipa::path(
    post,
    path = "/v1/auth/password/forgot",
    operation_id = "forgot_password",
    tag = "auth",
    request_body = ForgotPassword,
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way", body = Status),
        AuthRefusals
    ),
    security(()),
)]
pub(crate) async fn forgot_password(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<ForgotPassword>,
) -> Result<(StatusCode, Json<Status>), Problem> {
    let email = email::parse(&request.email)?;
    app.throttles.by_address.admit(address.throttle_key())?;
    // Not together with mails to those who sign up: who sends those to somebody keeps them from nothing.
    app.throttles.mails.admit(("password reset", email::throttle_key(&email)))?;
    let user = app.people.credentials(&email).await.map_err(store_failed)?.map(|known| known.user);
    let (token, token_sha256) = app.new_token();
    let now = app.now();
    let link = NewLink { token_sha256, created_at: now, expires_at: now + VALID };
    let text = password_reset(&app.config.public_url, &token);
    // The address as its owner wrote it: one that differs in case alone may be another mailbox.
    let to = user.as_ref().map_or(email.as_str(), |user| user.email.as_str());
    let mail = text.mail(app.new_uuid(), to, now, link.expires_at);
    let user_id = user.as_ref().map(|user| user.id);
    app.people.request_password_reset(user_id, &link, &mail).await.map_err(store_failed)?;
    app.mail_posted.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Status { status: "mail_sent" })))
}
