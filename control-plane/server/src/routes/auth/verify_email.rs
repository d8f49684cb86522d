use agentdb_control_plane_store::{NewIdentity, PendingSignup};
use agentdb_ids::{OrgId, UserId};
use agentdb_problem::{Json, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::{
    hash_failed,
    session_reply::{Session, sign_in},
};
use crate::{
    extract::{Browser, Cookie},
    passwords,
    refusal::{AuthRefusals, store_failed},
    state::{AppState, token_sha256},
};

/// What the link in the mail carried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    /// The parameter `token` of the link.
    token: String,
    /// The password chosen at sign-up; not needed in the browser that signed up.
    password: Option<String>,
}

/// Verify an e-mail address
///
/// Makes the account and its organisation in the Community edition, and signs in. A token works once, in the browser that
/// signed up, or anywhere with the password chosen there: opening the mail of a sign-up that somebody else made is not
/// enough. Without the password where it is needed the answer names `/password` with `password_required`, and with
/// another one `wrong_password`; the token stays good.
#[utoipa::path(
    post,
    path = "/v1/auth/verify",
    operation_id = "verify_email",
    tag = "auth",
    request_body = Verification,
    responses(
        (status = 200, description = "Signed in; the session is in the cookie", body = Session,
         headers(("set-cookie" = String, description = "`adb_session`; `adb_signup` is taken away"))),
        AuthRefusals
    ),
    security(()),
)]
pub(crate) async fn verify_email(
    State(app): State<AppState>,
    browser: Browser,
    headers: HeaderMap,
    Json(request): Json<Verification>,
) -> Result<Response, Problem> {
    app.throttles.by_address.admit(browser.address.throttle_key())?;
    let token = token_sha256(&request.token);
    let pending = app.people.pending_signup(token, app.now()).await.map_err(store_failed)?.ok_or_else(invalid_token)?;
    if !signed_up_here(&headers, &pending) {
        check_password(&app, token, &pending, request.password).await?;
    }
    let identity = NewIdentity {
        user_id: UserId::generate(&*app.clock, &*app.entropy),
        org_id: OrgId::generate(&*app.clock, &*app.entropy),
    };
    let user = app
        .people
        .complete_signup(token, identity, app.now())
        .await
        .map_err(store_failed)?
        .ok_or_else(invalid_token)?;
    metrics::counter!("agentdb_control_verified_signups_total").increment(1);
    let signed_in = sign_in(&app, &browser, user, &pending.password_hash).await?;
    let mut response = signed_in.ok_or_else(invalid_token)?;
    response.headers_mut().append(header::SET_COOKIE, Cookie::SIGNUP.clear(&app.config)?);
    Ok(response)
}

fn invalid_token() -> Problem {
    Problem::invalid(
        "/token",
        "invalid_token",
        "the link is wrong, used or too old; sign in, or sign up again to get another",
    )
}

/// Whether the request comes from the browser that signed up.
fn signed_up_here(headers: &HeaderMap, pending: &PendingSignup) -> bool {
    Cookie::SIGNUP
        .of(headers)
        .zip(pending.browser_sha256)
        .is_some_and(|(cookie, stored)| token_sha256(cookie).ct_eq(&stored).into())
}

/// Refuses whoever does not know the password of the sign-up. How often one token's may be tried is bounded.
async fn check_password(
    app: &AppState,
    token: [u8; 32],
    pending: &PendingSignup,
    password: Option<String>,
) -> Result<(), Problem> {
    let Some(password) = password else {
        return Err(Problem::invalid(
            "/password",
            "password_required",
            "this is not the browser that signed up; give the password that was chosen there",
        ));
    };
    app.throttles.by_email.admit(token)?;
    let stored = Some(pending.password_hash.clone());
    if passwords::fits(&password) && app.hasher.verify(password, stored).await.map_err(hash_failed)? {
        return Ok(());
    }
    Err(Problem::invalid(
        "/password",
        "wrong_password",
        "this is not the password that was chosen at this sign-up; if you did not sign up, do nothing",
    ))
}
