//! Who belongs to which organisation, as what.

mod members;

use agentdb_control_plane_contract::{Edition, Role};
use agentdb_ids::OrgId;

use crate::{PersonTx, StoreError};

pub use members::MemberRecord;

/// One organisation of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organisation.
    pub org_id: OrgId,
    /// Its name.
    pub name: String,
    /// What the person may do there.
    pub role: Role,
    /// Its edition.
    pub edition: Edition,
}

/// The most organisations of a person. Who has so many joins and makes no other: all of them are listed, and logging
/// out reaches all of them.
pub const MAX_MEMBERSHIPS: u8 = 200;

impl PersonTx {
    /// Where the person belongs, oldest organisation first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn memberships(&mut self) -> Result<Vec<Membership>, StoreError> {
        let rows = sqlx::query!(
            "SELECT o.org_id, o.name, o.edition, m.role
             FROM control.memberships m JOIN control.organizations o ON o.org_id = m.org_id
             WHERE m.user_id = $1 ORDER BY o.org_id LIMIT $2",
            self.user_id.uuid(),
            i64::from(MAX_MEMBERSHIPS),
        )
        .fetch_all(&mut *self.tx)
        .await?;
        rows.into_iter().map(|row| membership(row.org_id, row.name, &row.role, &row.edition)).collect()
    }

    /// What the person is in `org_id`; `None` when they do not belong to it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn membership(&mut self, org_id: OrgId) -> Result<Option<Membership>, StoreError> {
        let row = sqlx::query!(
            "SELECT o.org_id, o.name, o.edition, m.role
             FROM control.memberships m JOIN control.organizations o ON o.org_id = m.org_id
             WHERE m.org_id = $1 AND m.user_id = $2",
            org_id.uuid(),
            self.user_id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| membership(row.org_id, row.name, &row.role, &row.edition)).transpose()
    }
}

fn membership(org_id: uuid::Uuid, name: String, role: &str, edition: &str) -> Result<Membership, StoreError> {
    Ok(Membership {
        org_id: OrgId::from_uuid(org_id),
        name,
        role: role.parse().map_err(StoreError::corrupt)?,
        edition: edition.parse().map_err(StoreError::corrupt)?,
    })
}
