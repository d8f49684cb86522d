//! The people of one organisation.

use agentdb_control_plane_contract::Role;
use agentdb_ids::UserId;
use chrono::{DateTime, Utc};

use crate::{OrgTx, StoreError};

/// Somebody who belongs to the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    /// Who.
    pub user_id: UserId,
    /// Their verified address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Since when they belong to it.
    pub since: DateTime<Utc>,
}

struct Row {
    user_id: uuid::Uuid,
    email: String,
    role: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for MemberRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId::from_uuid(row.user_id),
            email: row.email,
            role: row.role.parse().map_err(StoreError::corrupt)?,
            since: row.created_at,
        })
    }
}

impl OrgTx {
    /// Members in the order in which they signed up, at most `limit` after `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn members(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<MemberRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT u.user_id, u.email, m.role, m.created_at
             FROM control.memberships m JOIN control.users u ON u.user_id = m.user_id
             WHERE m.org_id = $1 AND ($2::uuid IS NULL OR m.user_id > $2) ORDER BY m.user_id LIMIT $3",
            self.org_id.uuid(),
            after.map(UserId::uuid),
            limit,
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// A member; `None` when the person does not belong to the organisation. Under
    /// [`lock_organization`](Self::lock_organization) that, and the role, stay so to the end of the transaction.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn member(&mut self, user_id: UserId) -> Result<Option<MemberRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT u.user_id, u.email, m.role, m.created_at
             FROM control.memberships m JOIN control.users u ON u.user_id = m.user_id
             WHERE m.org_id = $1 AND m.user_id = $2",
            self.org_id.uuid(),
            user_id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Whether somebody with this address, however it is written, belongs to the organisation.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn has_member_with(&mut self, email: &str) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM control.memberships m JOIN control.users u ON u.user_id = m.user_id
                   WHERE m.org_id = $1 AND lower(u.email) = lower($2)) AS "there!""#,
            self.org_id.uuid(),
            email,
        )
        .fetch_one(&mut *self.tx)
        .await?)
    }

    /// How many people belong to the organisation. Count under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_members(&mut self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.memberships WHERE org_id = $1"#,
            self.org_id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// How many of them are owners; who is leaving the service is none. Count under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_owners(&mut self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!"
               FROM control.memberships m JOIN control.users u ON u.user_id = m.user_id
               WHERE m.org_id = $1 AND m.role = $2 AND u.deleted_at IS NULL"#,
            self.org_id.uuid(),
            Role::Owner.as_str(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// Lets a person belong to the organisation; `false`, and nothing has changed, when they do already.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_member(&mut self, user_id: UserId, role: Role, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let added = sqlx::query!(
            "INSERT INTO control.memberships (org_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (org_id, user_id) DO NOTHING",
            self.org_id.uuid(),
            user_id.uuid(),
            role.as_str(),
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(added.rows_affected() > 0)
    }

    /// Gives a member another role and ends the console's keys that they made here, which have the rights of the old
    /// one; nodes are told. With a lower role go the invitations that they sent.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn set_role(&mut self, member: &MemberRecord, role: Role, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE control.memberships SET role = $3 WHERE org_id = $1 AND user_id = $2",
            self.org_id.uuid(),
            member.user_id.uuid(),
            role.as_str(),
        )
        .execute(&mut *self.tx)
        .await?;
        if role < member.role {
            self.withdraw_invitations_by(member.user_id).await?;
        }
        self.revoke_console_keys(member.user_id, now).await
    }

    /// Removes a member with the console's keys that they made here and the invitations that they sent; nodes are told.
    /// API keys are the organisation's and stay.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn remove_member(&mut self, user_id: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM control.memberships WHERE org_id = $1 AND user_id = $2",
            self.org_id.uuid(),
            user_id.uuid(),
        )
        .execute(&mut *self.tx)
        .await?;
        self.withdraw_invitations_by(user_id).await?;
        self.revoke_console_keys(user_id, now).await
    }
}
