use agentdb_control_plane_store::NewSignup;
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Status, email, hash_failed};
use crate::{
    extract::{ClientAddress, Cookie},
    mailer::{already_registered, verification},
    passwords,
    refusal::{AuthRefusals, store_failed},
    routes::organizations::organization_name,
    state::{AppState, token_sha256},
};

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    /// Where the verification mail goes.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
    /// 10 to 256 characters, not the address, not well known.
    #[schema(min_length = 10, max_length = 256)]
    password: String,
    /// Of the organisation that is made in the Community edition.
    #[schema(min_length = 1, max_length = 100)]
    organization_name: String,
}

/// Sign up
///
/// The account and its organisation come into being when the link in the mail is opened. The answer is the same when
/// the address has an account; its owner is told by mail. Send it again if no mail arrives. The cookie tells this browser
/// from others: in another one the link also asks for the password.
#[utoipa::path(
    post,
    path = "/v1/auth/signup",
    operation_id = "sign_up",
    tag = "auth",
    request_body = SignUp,
    responses(
        (status = 202, description = "A mail is on its way", body = Status,
         headers(("set-cookie" = String, description = "`adb_signup`"))),
        AuthRefusals
    ),
    security(()),
)]
pub(crate) async fn sign_up(
    State(app): State<AppState>,
    address: ClientAddress,
    headers: HeaderMap,
    Json(request): Json<SignUp>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<Status>), Problem> {
    let email = email::parse(&request.email)?;
    let organization_name = organization_name("/organization_name", &request.organization_name)?;
    passwords::check(&request.password, &email)
        .map_err(|error| Problem::invalid("/password", error.code(), error.to_string()))?;
    app.throttles.by_address.admit(address.throttle_key())?;
    app.throttles.mails.admit(email::throttle_key(&email))?;

    // Also for a known address, so that the time does not tell.
    let password_hash = app.hasher.hash(request.password).await.map_err(hash_failed)?;
    let (token, hash) = app.new_token();
    let browser = browser(&app, &headers);
    let now = app.now();
    let valid_s = app.config.auth.verification_s;
    let expires_at = now + chrono::Duration::seconds(valid_s.into());
    let welcome = verification(&app.config.public_url, &token, valid_s / 3600);
    let notice = already_registered(&app.config.public_url);
    app.people
        .add_signup(
            &NewSignup {
                token_sha256: hash,
                browser_sha256: token_sha256(&browser),
                email: &email,
                password_hash: &password_hash,
                organization_name: &organization_name,
                created_at: now,
                expires_at,
            },
            &welcome.mail(app.new_uuid(), &email, now, expires_at),
            &notice.mail(app.new_uuid(), &email, now, expires_at),
        )
        .await
        .map_err(store_failed)?;
    app.mail_posted.notify_one();
    // For a known address too.
    let cookie = Cookie::SIGNUP.set(&app.config, &browser, valid_s)?;
    Ok((StatusCode::ACCEPTED, [(header::SET_COOKIE, cookie)], Json(Status { status: "verification_sent" })))
}

/// What the browser is recognised by. One that signed up before keeps it, so that the links of both mails open there.
fn browser(app: &AppState, headers: &HeaderMap) -> String {
    match Cookie::SIGNUP.of(headers) {
        Some(known) if known.len() == 64 && known.bytes().all(|byte| byte.is_ascii_hexdigit()) => known.to_owned(),
        _ => app.new_token().0,
    }
}
