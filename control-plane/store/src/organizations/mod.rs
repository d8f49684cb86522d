//! Organisations: the tenants.

mod founding;

use agentdb_control_plane_contract::{Edition, Standing};
use agentdb_ids::OrgId;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Jobs, OrgTx, StoreError, policy};

pub use founding::NewOrganization;

/// An organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganizationRecord {
    /// Which.
    pub id: OrgId,
    /// What its people call it.
    pub name: String,
    /// What it subscribed to.
    pub edition: Edition,
    /// Whether it may work.
    pub standing: Standing,
    /// Members of the edition's limits that differ for it, an object.
    pub limit_overrides: Value,
    /// Rises with every change of the above but the name.
    pub policy_version: u64,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A change of what nodes enforce.
#[derive(Debug, Clone, PartialEq)]
pub enum OrganizationChange {
    /// Another edition.
    Edition(Edition),
    /// Another standing.
    Standing(Standing),
    /// Other overrides, an object; they replace those there were.
    LimitOverrides(Value),
}

pub(crate) struct OrganizationRow {
    pub org_id: uuid::Uuid,
    pub name: String,
    pub edition: String,
    pub standing: String,
    pub limit_overrides: Value,
    pub policy_version: i64,
    pub created_at: DateTime<Utc>,
}

impl TryFrom<OrganizationRow> for OrganizationRecord {
    type Error = StoreError;

    fn try_from(row: OrganizationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: OrgId::from_uuid(row.org_id),
            name: row.name,
            edition: row.edition.parse().map_err(StoreError::corrupt)?,
            standing: standing_of(&row.standing)?,
            limit_overrides: row.limit_overrides,
            policy_version: u64::try_from(row.policy_version).map_err(StoreError::corrupt)?,
            created_at: row.created_at,
        })
    }
}

impl OrgTx {
    /// The organisation, if it exists.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn organization(&mut self) -> Result<Option<OrganizationRecord>, StoreError> {
        sqlx::query_as!(
            OrganizationRow,
            "SELECT org_id, name, edition, standing, limit_overrides, policy_version, created_at
             FROM control.organizations WHERE org_id = $1",
            self.org_id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// The organisation, locked until the end of the transaction: of those that take up a limited number of places,
    /// one comes after the other.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn lock_organization(&mut self) -> Result<Option<OrganizationRecord>, StoreError> {
        sqlx::query_as!(
            OrganizationRow,
            "SELECT org_id, name, edition, standing, limit_overrides, policy_version, created_at
             FROM control.organizations WHERE org_id = $1 FOR NO KEY UPDATE",
            self.org_id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }
}

impl OrgTx {
    /// Gives the organisation another name. The organisation as it is now, if it exists.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn rename_organization(&mut self, name: &str) -> Result<Option<OrganizationRecord>, StoreError> {
        sqlx::query_as!(
            OrganizationRow,
            "UPDATE control.organizations SET name = $2 WHERE org_id = $1
             RETURNING org_id, name, edition, standing, limit_overrides, policy_version, created_at",
            self.org_id.uuid(),
            name,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }
}

impl Jobs {
    /// Changes what nodes enforce for an organisation and tells them. Whether there is such an organisation.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn change_organization(
        &self,
        org_id: OrgId,
        change: &OrganizationChange,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (edition, standing, overrides) = match change {
            OrganizationChange::Edition(edition) => (Some(edition.as_str()), None, None),
            OrganizationChange::Standing(standing) => (None, Some(standing_text(*standing)), None),
            OrganizationChange::LimitOverrides(overrides) => (None, None, Some(overrides)),
        };
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        let changed = sqlx::query!(
            "UPDATE control.organizations
             SET edition = coalesce($2, edition), standing = coalesce($3, standing),
                 limit_overrides = coalesce($4, limit_overrides), policy_version = policy_version + 1
             WHERE org_id = $1",
            org_id.uuid(),
            edition,
            standing,
            overrides,
        )
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        let nodes = policy::Audience::NodesOfOrganization;
        policy::publish_widely(&mut tx, nodes, org_id, &[policy::Subject::Organization], now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

const fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::ReadOnly => "read_only",
        Standing::Suspended => "suspended",
    }
}

fn standing_of(text: &str) -> Result<Standing, StoreError> {
    [Standing::Good, Standing::ReadOnly, Standing::Suspended]
        .into_iter()
        .find(|standing| standing_text(*standing) == text)
        .ok_or_else(|| StoreError::corrupt(format!("standing `{text}`")))
}
