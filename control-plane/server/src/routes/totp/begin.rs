use agentdb_control_plane_store::{NewTotpFactor, TOTP_PENDING};
use agentdb_problem::{Code, Json, Problem};
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    extract::Session,
    refusal::{SecondFactorRefusals, store_failed},
    routes::me::current_password,
    second_factor::{base32, new_seed, otpauth_url, seed_place},
    state::AppState,
};

/// Whoever signed in no longer ago than this need not give the password again.
const FRESH: Duration = Duration::minutes(10);

/// The wish for a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginTotp {
    /// Not needed within ten minutes of signing in.
    current_password: Option<String>,
}

/// What an authenticator app is to know.
#[derive(Serialize, ToSchema)]
pub(crate) struct BegunTotp {
    /// To be typed into an app; base 32. Shown this once.
    secret: String,
    /// The same for an app that reads a QR code.
    #[schema(example = "otpauth://totp/AgentDB%20Cloud:ada%40example.com?secret=…&issuer=AgentDB%20Cloud")]
    otpauth_url: String,
    /// It is to be confirmed before.
    expires_at: DateTime<Utc>,
}

/// Set up a second factor
///
/// By time-based codes (RFC 6238: SHA-1, six digits, 30 seconds). Nothing changes before `POST /v1/me/totp/confirm`; the
/// newest secret alone can be confirmed, within an hour. Needs the password, or a session that is younger than ten minutes.
/// Refused with 409 when there is a second factor: remove that one first.
#[utoipa::path(
    post,
    path = "/v1/me/totp",
    operation_id = "begin_totp",
    tag = "me",
    request_body = BeginTotp,
    responses((status = 201, description = "To be given to an app and confirmed", body = BegunTotp), SecondFactorRefusals),
    security(("session" = [])),
)]
pub(crate) async fn begin_totp(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<BeginTotp>,
) -> Result<(StatusCode, Json<BegunTotp>), Problem> {
    let now = app.now();
    match request.current_password {
        Some(password) => {
            current_password::prove(&app, &session, password).await?;
        }
        None if now - session.created_at < FRESH => {}
        None => return Err(current_password::needed()),
    }
    let id = app.new_uuid();
    let seed = new_seed(&app);
    let sealed = app.encryption.seal(&seed_place(id), &*seed, &*app.entropy);
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let factor = NewTotpFactor { id, seed: &sealed, created_at: now };
    if !person.add_totp(&factor).await.map_err(store_failed)? {
        return Err(Problem::new(Code::Conflict, "The account has a second factor. Remove it first."));
    }
    let secret = base32(&*seed);
    let otpauth_url = otpauth_url(&session.user.email, &secret);
    Ok((StatusCode::CREATED, Json(BegunTotp { secret, otpauth_url, expires_at: now + TOTP_PENDING })))
}
