use agentdb_problem::{Json, Problem};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Status;
use crate::{
    extract::ClientAddress,
    refusal::{AuthRefusals, store_failed},
    state::{AppState, token_sha256},
};

/// What the link in the mail carried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmEmail {
    /// The parameter `token` of the link.
    token: String,
}

/// Confirm a new e-mail address
///
/// From then on the person logs in with it; sessions go on. A token works once, and not when the address has become
/// somebody's meanwhile.
#[utoipa::path(
    post,
    path = "/v1/auth/email/confirm",
    operation_id = "confirm_email",
    tag = "auth",
    request_body = ConfirmEmail,
    responses((status = 200, description = "The account has the address", body = Status), AuthRefusals),
    security(()),
)]
pub(crate) async fn confirm_email(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<ConfirmEmail>,
) -> Result<Json<Status>, Problem> {
    app.throttles.by_address.admit(address.throttle_key())?;
    let token = token_sha256(&request.token);
    let pending = app.people.pending_email_change(token, app.now()).await.map_err(store_failed)?;
    let user_id = pending.ok_or_else(invalid_token)?;
    let person = app.stores.person(user_id).await.map_err(store_failed)?;
    if !person.confirm_email(token, app.now()).await.map_err(store_failed)? {
        return Err(invalid_token());
    }
    tracing::info!(person = %user_id, "e-mail address changed");
    Ok(Json(Status { status: "email_changed" }))
}

fn invalid_token() -> Problem {
    Problem::invalid("/token", "invalid_token", "the link is wrong, used, replaced or too old; ask for another")
}
