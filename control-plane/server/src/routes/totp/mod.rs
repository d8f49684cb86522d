//! The second factor of the person who is signed in.

pub(super) mod begin;
pub(super) mod confirm;
pub(super) mod remove;
pub(super) mod replace_recovery_codes;

use agentdb_control_plane_store::TotpFactor;
use agentdb_problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{extract::Session, refusal::store_failed, state::App};

/// What signs its person in when the app is lost. Each works once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodeList {
    /// Shown this once.
    #[schema(min_items = 10, max_items = 10)]
    recovery_codes: Vec<String>,
}

/// The factor that the person is asked for; without one there is nothing here.
async fn confirmed(app: &App, session: &Session) -> Result<TotpFactor, Problem> {
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let factor = person.totp(app.now()).await.map_err(store_failed)?;
    factor.filter(|factor| factor.confirmed_at.is_some()).ok_or_else(Problem::not_found)
}
