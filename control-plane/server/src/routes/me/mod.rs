//! The person who is signed in.

pub(super) mod accept_invitation;
pub(super) mod change_email;
pub(super) mod change_password;
pub(super) mod current_password;
pub(super) mod delete;
pub(super) mod get;

use agentdb_control_plane_contract::{Edition, Role};
use agentdb_control_plane_store::{MAX_MEMBERSHIPS, Membership as StoredMembership, PersonTx};
use agentdb_ids::OrgId;
use agentdb_problem::{Code, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::store_failed;

/// One organisation of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Membership {
    id: OrgId,
    name: String,
    role: Role,
    edition: Edition,
}

impl From<StoredMembership> for Membership {
    fn from(membership: StoredMembership) -> Self {
        Self { id: membership.org_id, name: membership.name, role: membership.role, edition: membership.edition }
    }
}

/// Refuses one more organisation to who belongs to as many as a person may.
pub(super) async fn room_for_one_more(person: &mut PersonTx) -> Result<(), Problem> {
    if person.memberships().await.map_err(store_failed)?.len() < usize::from(MAX_MEMBERSHIPS) {
        return Ok(());
    }
    Err(Problem::new(
        Code::LimitExceeded,
        format!("A person belongs to at most {MAX_MEMBERSHIPS} organisations. Leave one first."),
    )
    .with("limit", "memberships")
    .with("maximum", MAX_MEMBERSHIPS))
}
