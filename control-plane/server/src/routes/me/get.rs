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
    /// Where the person belongs.
    organizations: Vec<Membership>,
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get_me",
    tag = "me",
    responses((status = 200, description = "The person, their organisations and the CSRF token", body = Me), SessionRefusals),
    security(("session" = [])),
)]
pub(crate) async fn get_me(State(app): State<AppState>, session: Session) -> Result<Json<Me>, Problem> {
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let organizations = person.memberships().await.map_err(store_failed)?;
    Ok(Json(Me {
        user: session.user.into(),
        csrf_token: session.csrf_token,
        organizations: organizations.into_iter().map(Into::into).collect(),
    }))
}
