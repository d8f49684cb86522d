//! Leaving.

use agentdb_control_plane_contract::Role;
use agentdb_ids::OrgId;
use chrono::{DateTime, Utc};

use crate::{NewMail, PersonTx, StoreError, mail, stores::set_org};

/// What became of the wish to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountDeletion {
    /// The account is out of use and goes after [`ACCOUNT_GRACE`](super::ACCOUNT_GRACE).
    Marked,
    /// Nothing has changed: another password has been set meanwhile.
    PasswordChanged,
    /// Nothing has changed: nobody else owns these.
    LastOwnerOf(Vec<OwnedOrganization>),
}

/// An organisation that a person owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedOrganization {
    /// Which.
    pub id: OrgId,
    /// What its people call it.
    pub name: String,
}

impl PersonTx {
    /// Takes the account out of use, if `proven` is the hash of its password and each organisation of the person has
    /// another owner, and posts `notice`. All sessions, the console's keys and all links of the person end.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn delete_account(
        mut self,
        proven: &str,
        notice: &NewMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<AccountDeletion, StoreError> {
        let marked = sqlx::query!(
            "UPDATE control.users SET deleted_at = $3
             WHERE user_id = $1 AND password_hash = $2 AND deleted_at IS NULL",
            self.user_id.uuid(),
            proven,
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        if marked.rows_affected() == 0 {
            return Ok(AccountDeletion::PasswordChanged);
        }
        self.void_links().await?;
        self.remove_sessions(None).await?;
        let alone = self.owned_alone().await?;
        if !alone.is_empty() {
            return Ok(AccountDeletion::LastOwnerOf(alone));
        }
        self.revoke_console_keys(now).await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(AccountDeletion::Marked)
    }

    /// The organisations that nobody but the person owns; who is about to go does not count. The organisations that the
    /// person owns are locked, so that of two owners who leave at once one is told.
    async fn owned_alone(&mut self) -> Result<Vec<OwnedOrganization>, StoreError> {
        let owner = Role::Owner.as_str();
        let owned = sqlx::query!(
            "SELECT o.org_id, o.name FROM control.memberships m JOIN control.organizations o ON o.org_id = m.org_id
             WHERE m.user_id = $1 AND m.role = $2 ORDER BY o.org_id",
            self.user_id.uuid(),
            owner,
        )
        .fetch_all(&mut *self.tx)
        .await?;
        let mut alone = Vec::new();
        for organization in owned {
            let id = OrgId::from_uuid(organization.org_id);
            set_org(&mut self.tx, id).await?;
            sqlx::query!("SELECT org_id FROM control.organizations WHERE org_id = $1 FOR NO KEY UPDATE", id.uuid())
                .fetch_optional(&mut *self.tx)
                .await?;
            let shared = sqlx::query_scalar!(
                r#"SELECT EXISTS (
                       SELECT FROM control.memberships m JOIN control.users u ON u.user_id = m.user_id
                       WHERE m.org_id = $1 AND m.user_id <> $2 AND m.role = $3 AND u.deleted_at IS NULL) AS "shared!""#,
                id.uuid(),
                self.user_id.uuid(),
                owner,
            )
            .fetch_one(&mut *self.tx)
            .await?;
            if !shared {
                alone.push(OwnedOrganization { id, name: organization.name });
            }
        }
        Ok(alone)
    }
}
