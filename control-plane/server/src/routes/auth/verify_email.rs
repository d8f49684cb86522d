use agentdb_control_plane_store::NewIdentity;
use agentdb_ids::{OrgId, UserId};
use agentdb_problem::{Json, Problem};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session_reply::{Session, sign_in};
use crate::{
    extract::ClientAddress,
    refusal::{AuthRefusals, store_failed},
    state::{AppState, token_sha256},
};

/// What the link in the mail carried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    /// The parameter `token` of the link.
    token: String,
}

/// Verify an e-mail address
///
/// Makes the account and its organisation in the Community edition, and signs in. A token works once.
#[utoipa::path(
    post,
    path = "/v1/auth/verify",
    operation_id = "verify_email",
    tag = "auth",
    request_body = Verification,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`"))),
        AuthRefusals
    ),
    security(()),
)]
pub(crate) async fn verify_email(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<Verification>,
) -> Result<Response, Problem> {
    app.throttles.by_address.admit(address.throttle_key())?;
    let identity = NewIdentity {
        user_id: UserId::generate(&*app.clock, &*app.entropy),
        org_id: OrgId::generate(&*app.clock, &*app.entropy),
    };
    let user = app
        .people
        .complete_signup(token_sha256(&request.token), identity, app.now())
        .await
        .map_err(store_failed)?
        .ok_or_else(|| {
            Problem::invalid(
                "/token",
                "invalid_token",
                "the link is wrong, used or too old; sign in, or sign up again to get another",
            )
        })?;
    metrics::counter!("agentdb_control_verified_signups_total").increment(1);
    sign_in(&app, user).await
}
