//! Organisations that signed-in people make.

use agentdb_control_plane_contract::{Edition, Role};
use agentdb_ids::OrgId;
use chrono::{DateTime, Utc};

use crate::{OrgTx, PersonTx, StoreError};

/// An organisation to be made.
#[derive(Debug)]
pub struct NewOrganization<'a> {
    /// Which.
    pub id: OrgId,
    /// What its people call it.
    pub name: &'a str,
    /// Now.
    pub created_at: DateTime<Utc>,
}

impl PersonTx {
    /// Whether the person owns or made an organisation in the Community edition. Ask under
    /// [`lock_person`](Self::lock_person).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn has_community_organization(&mut self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM control.organizations o
                   WHERE o.edition = $2 AND (o.created_by = $1 OR EXISTS (
                       SELECT FROM control.memberships m
                       WHERE m.org_id = o.org_id AND m.user_id = $1 AND m.role = $3))) AS "there!""#,
            self.user_id.uuid(),
            Edition::Community.as_str(),
            Role::Owner.as_str(),
        )
        .fetch_one(&mut *self.tx)
        .await?)
    }

    /// Makes an organisation in the Community edition that the person owns; the transaction goes on in it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_organization(self, new: &NewOrganization<'_>) -> Result<OrgTx, StoreError> {
        let user_id = self.user_id;
        let mut org = self.enter(new.id).await?;
        sqlx::query!(
            "INSERT INTO control.organizations (org_id, name, edition, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            new.id.uuid(),
            new.name,
            Edition::Community.as_str(),
            user_id.uuid(),
            new.created_at,
        )
        .execute(&mut *org.tx)
        .await?;
        org.add_member(user_id, Role::Owner, new.created_at).await?;
        Ok(org)
    }
}
