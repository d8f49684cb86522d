use agentdb_problem::{Json, Problem};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RecoveryCodeList, confirmed};
use crate::{
    extract::Session,
    mailer::recovery_codes_replaced,
    refusal::{SecondFactorRefusals, store_failed},
    routes::auth::notice_expiry,
    second_factor::{self, RecoveryCodes},
    state::AppState,
};

/// The wish for new recovery codes, from whoever has the factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceRecoveryCodes {
    /// The six digits that the app shows, or one of the recovery codes.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Replace one's recovery codes
///
/// The old ones end. The new ones are shown this once. Needs a code that was not used before; wrong ones count as at the
/// log-in. Tells the person by mail. Without a factor the answer is 404.
#[utoipa::path(
    post,
    path = "/v1/me/totp/recovery-codes",
    operation_id = "replace_recovery_codes",
    tag = "me",
    request_body = ReplaceRecoveryCodes,
    responses((status = 200, description = "The new ones", body = RecoveryCodeList), SecondFactorRefusals),
    security(("session" = [])),
)]
pub(crate) async fn replace_recovery_codes(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<ReplaceRecoveryCodes>,
) -> Result<Json<RecoveryCodeList>, Problem> {
    let factor = confirmed(&app, &session).await?;
    let proof = second_factor::check(&app, &factor, &request.code).await?;
    let RecoveryCodes { codes, sha256 } = RecoveryCodes::generate(factor.id, &*app.entropy);
    let now = app.now();
    let text = recovery_codes_replaced(&app.config.public_url);
    let notice = text.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now));
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    if !person.replace_recovery_codes(factor.id, proof, &sha256, &notice).await.map_err(store_failed)? {
        return Err(second_factor::wrong_code());
    }
    second_factor::proven(&app, session.user.id).await?;
    app.mail_posted.notify_one();
    tracing::info!(person = %session.user.id, "recovery codes replaced");
    Ok(Json(RecoveryCodeList { recovery_codes: codes }))
}
