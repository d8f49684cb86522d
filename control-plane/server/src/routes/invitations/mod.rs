//! People who were asked to join an organisation.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;

use agentdb_control_plane_contract::Role;
use agentdb_control_plane_store::InvitationRecord;
use agentdb_ids::{InvitationId, OrgId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which invitation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InvitationPath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The invitation
    invitation: InvitationId,
}

/// An invitation that waits for an answer, all but its token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    id: InvitationId,
    /// Where the mail went.
    email: String,
    /// What the person will be.
    role: Role,
    created_at: DateTime<Utc>,
    /// Good until then.
    expires_at: DateTime<Utc>,
}

impl From<InvitationRecord> for Invitation {
    fn from(invitation: InvitationRecord) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}
