use agentdb_problem::{Json, Problem};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Membership;
use crate::{
    extract::Session,
    refusal::{SessionRefusals, store_failed},
    routes::auth::User,
    state::AppState,
};

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    user: User,
    /// To be sent as `x-csrf-token` with every request but GET.
    csrf_token: String,
    totp: TotpStatus,
    /// Where the person belongs.
    organizations: Vec<Membership>,
}

/// The person's second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpStatus {
    /// Whether it is asked for at the log-in.
    enabled: bool,
    /// Recovery codes that were not used yet.
    recovery_codes_left: u64,
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get_me",
    tag = "me",
    responses((status = 200, description = "The person, their second factor, their organisations and the CSRF token", body = Me), SessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn get_me(State(app): State<AppState>, session: Session) -> Result<Json<Me>, Problem> {
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let organizations = person.memberships().await.map_err(store_failed)?;
    let codes_left = person.recovery_codes_left().await.map_err(store_failed)?;
    Ok(Json(Me {
        user: session.user.into(),
        csrf_token: session.csrf_token,
        totp: TotpStatus { enabled: codes_left.is_some(), recovery_codes_left: codes_left.unwrap_or(0) },
        organizations: organizations.into_iter().map(Into::into).collect(),
    }))
}
