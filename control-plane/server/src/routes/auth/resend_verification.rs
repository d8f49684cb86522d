use agentdb_control_plane_store::RenewedSignup;
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Status, email};
use crate::{
    extract::ClientAddress,
    mailer::verification,
    refusal::{AuthRefusals, store_failed},
    state::AppState,
};

/// Whose mail did not arrive.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resend {
    /// The address given at sign-up.
    email: String,
}

/// Send the verification mail again
///
/// With a new link. The answer is the same when nobody signed up with the address.
#[utoipa::path(
    post,
    path = "/v1/auth/verify/resend",
    operation_id = "resend_verification",
    tag = "auth",
    request_body = Resend,
    responses((status = 202, description = "If somebody waits for it, a mail is on its way", body = Status), AuthRefusals),
    security(()),
)]
pub(crate) async fn resend_verification(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<Resend>,
) -> Result<(StatusCode, Json<Status>), Problem> {
    let email = email::parse(&request.email)?;
    app.throttles.by_address.admit(address.throttle_key())?;
    app.throttles.mails.admit(email::throttle_key(&email))?;
    let (token, token_sha256) = app.new_token();
    let now = app.now();
    let valid_s = app.config.auth.verification_s;
    let text = verification(&app.config.public_url, &token, valid_s / 3600);
    let renewed = RenewedSignup {
        token_sha256,
        email: &email,
        created_at: now,
        expires_at: now + chrono::Duration::seconds(valid_s.into()),
    };
    app.people.renew_signup(&renewed, &text.mail(app.new_uuid(), &email, now)).await.map_err(store_failed)?;
    app.mail_posted.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Status::VERIFICATION_SENT)))
}
