use agentdb_control_plane_store::{ACCOUNT_GRACE, AccountDeletion, OwnedOrganization};
use agentdb_problem::{Code, Json, Problem};
use axum::extract::State;
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::current_password;
use crate::{
    extract::{Cookie, Session},
    mailer::account_deleted,
    refusal::{DeleteMeRefusals, store_failed},
    routes::auth::notice_expiry,
    state::AppState,
};

/// The wish to leave, from whoever knows the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteMe {
    current_password: String,
}

/// An account that is out of use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedMe {
    /// Logging in before brings it back.
    removed_at: DateTime<Utc>,
}

/// Delete one's account
///
/// Ends all sessions and console tokens of the person at once. The account and its memberships are removed after 30
/// days; logging in before brings it back. Refused with 409 while an organisation has no other owner; `organizations`
/// names them. API keys are the organisations' and stay.
#[utoipa::path(
    delete,
    path = "/v1/me",
    operation_id = "delete_me",
    tag = "me",
    request_body = DeleteMe,
    responses(
        (status = 202, description = "Out of use; signed out", body = DeletedMe,
         headers(("set-cookie" = String, description = "`adb_session` is taken away"))),
        DeleteMeRefusals
    ),
    security(("session" = [])),
)]
pub(crate) async fn delete_me(
    State(app): State<AppState>,
    session: Session,
    Json(request): Json<DeleteMe>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<DeletedMe>), Problem> {
    let proven = current_password::prove(&app, &session, request.current_password).await?;
    let now = app.now();
    let removed_at = now + ACCOUNT_GRACE;
    let text = account_deleted(&app.config.public_url, removed_at);
    let notice = text.mail(app.new_uuid(), &session.user.email, now, notice_expiry(now));
    let person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    match person.delete_account(&proven, &notice, now).await.map_err(store_failed)? {
        AccountDeletion::Marked => {}
        AccountDeletion::PasswordChanged => return Err(current_password::wrong()),
        AccountDeletion::LastOwnerOf(organizations) => return Err(last_owner(&organizations)),
    }
    app.mail_posted.notify_one();
    tracing::info!(person = %session.user.id, "account deleted");
    let cookie = Cookie::SESSION.clear(&app.config)?;
    Ok((StatusCode::ACCEPTED, [(header::SET_COOKIE, cookie)], Json(DeletedMe { removed_at })))
}

fn last_owner(organizations: &[OwnedOrganization]) -> Problem {
    let names: Vec<_> = organizations.iter().map(|organization| format!("`{}`", organization.name)).collect();
    let named: Vec<_> = organizations
        .iter()
        .map(|organization| serde_json::json!({"id": organization.id, "name": organization.name}))
        .collect();
    Problem::new(
        Code::Conflict,
        format!("Nobody else owns {}. Give each another owner, or delete it, first.", names.join(", ")),
    )
    .with("organizations", named)
}
