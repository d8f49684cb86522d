use agentdb_control_plane_store::{NewEmailChange, NewLink};
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::current_password;
use crate::{
    extract::Session,
    mailer::{address_in_use, email_change_asked, email_confirmation},
    refusal::{PersonBodyRefusals, store_failed},
    routes::auth::{Status, email, notice_expiry},
    state::AppState,
};

/// Another address for the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmail {
    /// Where the link goes.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
    current_password: String,
}

/// Change one's e-mail address
///
/// Sends a link to the new address, and a notice to the old one, which stays until the link is opened. The answer is
/// the same when the new address has an account; its owner is told by mail. Of several changes the newest is good.
#[utoipa::path(
    put,
    path = "/v1/me/email",
    operation_id = "change_email",
    tag = "me",
    request_body = ChangeEmail,
    responses((status = 202, description = "A mail is on its way", body = Status), PersonBodyRefusals),
    security(("session" = [])),
)]
pub(crate) async fn change_email(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<ChangeEmail>,
) -> Result<(StatusCode, Json<Status>), Problem> {
    let email = email::parse(&request.email)?;
    if email == session.user.email {
        return Err(Problem::invalid("/email", "unchanged", "this is the address that the account has"));
    }
    let proven = current_password::prove(&app, &session, request.current_password).await?;
    app.throttles.mails.admit(email::throttle_key(&email))?;

    let (token, token_sha256) = app.new_token();
    let now = app.now();
    let valid_s = app.config.auth.verification_s;
    let expires_at = now + chrono::Duration::seconds(valid_s.into());
    let change = NewEmailChange { email: &email, link: NewLink { token_sha256, created_at: now, expires_at } };
    let public_url = &app.config.public_url;
    let confirmation = email_confirmation(public_url, &token, valid_s / 3600);
    let taken = address_in_use(public_url);
    let notice = email_change_asked(public_url, &email);
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let asked = person
        .request_email_change(
            &proven,
            &change,
            &confirmation.mail(app.new_uuid(), &email, now, expires_at),
            &taken.mail(app.new_uuid(), &email, now, expires_at),
            &notice.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now)),
        )
        .await
        .map_err(store_failed)?;
    if !asked {
        return Err(current_password::wrong());
    }
    app.mail_posted.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Status { status: "mail_sent" })))
}
