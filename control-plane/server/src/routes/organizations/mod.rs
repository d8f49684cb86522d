//! Organisations.

pub(super) mod create;
pub(super) mod get;
pub(super) mod update;

use agentdb_control_plane_contract::Edition;
use agentdb_control_plane_store::OrganizationRecord;
use agentdb_ids::OrgId;
use agentdb_problem::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Characters of an organisation's name.
const NAME_MAX_LEN: usize = 100;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organization {
    id: OrgId,
    name: String,
    edition: Edition,
    created_at: DateTime<Utc>,
}

impl From<OrganizationRecord> for Organization {
    fn from(organization: OrganizationRecord) -> Self {
        Self {
            id: organization.id,
            name: organization.name,
            edition: organization.edition,
            created_at: organization.created_at,
        }
    }
}

/// A name that an organisation can have, as typed but for white space around it.
pub(super) fn organization_name(pointer: &str, text: &str) -> Result<String, Problem> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_LEN || name.chars().any(char::is_control) {
        return Err(Problem::invalid(
            pointer,
            "invalid_name",
            "a name has 1 to 100 characters, none of them control characters",
        ));
    }
    Ok(name.to_owned())
}
