use agentdb_control_plane_store::TotpRemoval;
use agentdb_problem::{Json, Problem};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::confirmed;
use crate::{
    extract::Session,
    mailer::second_factor_disabled,
    refusal::{SecondFactorRefusals, store_failed},
    routes::{auth::notice_expiry, me::current_password},
    second_factor,
    state::AppState,
};

/// The wish to be asked for no second factor any more, from whoever knows the password and has the factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveTotp {
    current_password: String,
    /// The six digits that the app shows, or one of the recovery codes.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Remove the second factor
///
/// With its recovery codes. Needs the password and a code that was not used before; wrong ones count as at the log-in.
/// Tells the person by mail. Without a factor the answer is 404.
#[utoipa::path(
    delete,
    path = "/v1/me/totp",
    operation_id = "remove_totp",
    tag = "me",
    request_body = RemoveTotp,
    responses((status = 204, description = "It is asked for no more"), SecondFactorRefusals),
    security(("session" = [])),
)]
pub(crate) async fn remove_totp(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<RemoveTotp>,
) -> Result<StatusCode, Problem> {
    let factor = confirmed(&app, &session).await?;
    let proven = current_password::prove(&app, &session, request.current_password).await?;
    let proof = second_factor::check(&app, &factor, &request.code).await?;
    let now = app.now();
    let text = second_factor_disabled(&app.config.public_url);
    let notice = text.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now));
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    match person.remove_totp(&proven, factor.id, proof, &notice).await.map_err(store_failed)? {
        TotpRemoval::Removed => {}
        TotpRemoval::PasswordChanged => return Err(current_password::wrong()),
        TotpRemoval::Unproven => return Err(second_factor::wrong_code()),
    }
    second_factor::proven(&app, session.user.id).await?;
    app.mail_posted.notify_one();
    tracing::info!(person = %session.user.id, "second factor disabled");
    Ok(StatusCode::NO_CONTENT)
}
