use agentdb_problem::{Json, Problem};
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::current_password;
use crate::{
    extract::Session,
    mailer::password_changed,
    passwords,
    refusal::{PersonBodyRefusals, store_failed},
    routes::auth::{hash_failed, notice_expiry},
    state::AppState,
};

/// A new password in place of the one there is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    current_password: String,
    /// 10 to 256 characters, not the address, not well known.
    #[schema(min_length = 10, max_length = 256)]
    new_password: String,
}

/// Change one's password
///
/// Ends all other sessions and all console tokens of the person and all links sent to them, and tells them by mail.
/// With another current password the answer names `/current_password` with `wrong_password`.
#[utoipa::path(
    put,
    path = "/v1/me/password",
    operation_id = "change_password",
    tag = "me",
    request_body = ChangePassword,
    responses((status = 204, description = "Changed; this session goes on"), PersonBodyRefusals),
    security(("session" = [])),
)]
pub(crate) async fn change_password(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    passwords::check(&request.new_password, &session.user.email)
        .map_err(|error| Problem::invalid("/new_password", error.code(), error.to_string()))?;
    let proven = current_password::prove(&app, &session, request.current_password).await?;
    let password_hash = app.hasher.hash(request.new_password).await.map_err(hash_failed)?;

    let now = app.now();
    let text = password_changed(&app.config.public_url);
    let notice = text.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now));
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let changed = person.change_password(session.id, &proven, &password_hash, &notice, now).await;
    if !changed.map_err(store_failed)? {
        return Err(current_password::wrong());
    }
    app.mail_posted.notify_one();
    tracing::info!(person = %session.user.id, "password changed");
    Ok(StatusCode::NO_CONTENT)
}
