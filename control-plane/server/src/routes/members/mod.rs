//! The people of an organisation.

pub(super) mod list;
pub(super) mod remove;
pub(super) mod update;

use agentdb_control_plane_contract::{OrgScope, Permission, Principal, Role};
use agentdb_control_plane_store::{MemberRecord, OrgTx};
use agentdb_ids::{OrgId, UserId};
use agentdb_problem::{Code, Problem};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::refusal::{forbidden, require, store_failed};

/// Which member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MemberPath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The person
    user: UserId,
}

/// Somebody who belongs to an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    user_id: UserId,
    /// Verified, as typed at sign-up.
    email: String,
    role: Role,
    /// When they came to belong to it.
    since: DateTime<Utc>,
}

impl From<MemberRecord> for Member {
    fn from(member: MemberRecord) -> Self {
        Self { user_id: member.user_id, email: member.email, role: member.role, since: member.since }
    }
}

/// The signed-in person who calls, as they are under the organisation's lock: whoever was removed or got another role a
/// moment ago acts no more as what they were. A key is no person: it would give people more than it has itself, and for
/// longer.
pub(super) async fn caller(org: &mut OrgTx, scope: &OrgScope) -> Result<MemberRecord, Problem> {
    let Principal::User(user_id) = scope.principal else {
        return Err(forbidden("a signed-in person, not a key"));
    };
    org.member(user_id).await.map_err(store_failed)?.ok_or_else(Problem::not_found)
}

/// Refuses who may not give or take this role.
pub(super) fn may_give(caller: &MemberRecord, role: Role) -> Result<(), Problem> {
    let owners = if role == Role::Owner { Permission::ManageOwners } else { Permission::ManageMembers };
    require(caller.role, owners)
}

/// Refuses to take the role from the last owner. Ask under the organisation's lock.
async fn another_owner_stays(org: &mut OrgTx, member: &MemberRecord) -> Result<(), Problem> {
    if member.role != Role::Owner || org.count_owners().await.map_err(store_failed)? > 1 {
        return Ok(());
    }
    Err(Problem::new(
        Code::Conflict,
        "This is the only owner of the organisation, which always has one. Make somebody else an owner first.",
    ))
}
