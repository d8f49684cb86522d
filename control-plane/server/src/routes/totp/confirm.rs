use agentdb_problem::{Code, Json, Problem};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::RecoveryCodeList;
use crate::{
    extract::Session,
    mailer::second_factor_enabled,
    refusal::{SecondFactorRefusals, store_failed},
    routes::auth::notice_expiry,
    second_factor::{self, RecoveryCodes},
    state::AppState,
};

/// What shows that the app works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotp {
    /// The six digits that the app shows.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Confirm a second factor
///
/// From then on it is asked for at every log-in, and the code that confirmed it is used up. Sessions go on. The recovery
/// codes in the answer are shown this once. Tells the person by mail. Without a factor to be confirmed the answer is 404,
/// with one that is confirmed 409.
#[utoipa::path(
    post,
    path = "/v1/me/totp/confirm",
    operation_id = "confirm_totp",
    tag = "me",
    request_body = ConfirmTotp,
    responses((status = 200, description = "It is asked for from now on", body = RecoveryCodeList), SecondFactorRefusals),
    security(("session" = [])),
)]
pub(crate) async fn confirm_totp(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<ConfirmTotp>,
) -> Result<Json<RecoveryCodeList>, Problem> {
    app.throttles.by_email.admit(("second factor", session.user.id))?;
    let now = app.now();
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let factor = person.totp(now).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    drop(person);
    if factor.confirmed_at.is_some() {
        return Err(confirmed_already());
    }
    let step = second_factor::step_of(&app, &factor, &request.code)?.ok_or_else(second_factor::wrong_code)?;
    let RecoveryCodes { codes, sha256 } = RecoveryCodes::generate(factor.id, &*app.entropy);
    let text = second_factor_enabled(&app.config.public_url);
    let notice = text.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now));
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    if !person.confirm_totp(factor.id, step, &sha256, &notice, now).await.map_err(store_failed)? {
        return Err(confirmed_already());
    }
    app.mail_posted.notify_one();
    tracing::info!(person = %session.user.id, "second factor enabled");
    Ok(Json(RecoveryCodeList { recovery_codes: codes }))
}

fn confirmed_already() -> Problem {
    Problem::new(Code::Conflict, "The second factor is confirmed already, or another was begun meanwhile.")
}
