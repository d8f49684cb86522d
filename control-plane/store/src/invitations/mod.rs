//! People who were asked to join an organisation.

use agentdb_control_plane_contract::Role;
use agentdb_ids::{InvitationId, OrgId, UserId};
use chrono::{DateTime, Utc};

use crate::{NewMail, OrgTx, PersonTx, StoreError, mail};

/// An invitation to be kept.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    /// Which.
    pub id: InvitationId,
    /// SHA-256 of the token in the mail.
    pub token_sha256: [u8; 32],
    /// Whom.
    pub email: &'a str,
    /// As what.
    pub role: Role,
    /// Who asks.
    pub invited_by: UserId,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// The token is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

/// An invitation as its organisation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Which.
    pub id: InvitationId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

struct Row {
    invitation_id: uuid::Uuid,
    email: String,
    role: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl TryFrom<Row> for InvitationRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: InvitationId::from_uuid(row.invitation_id),
            email: row.email,
            role: row.role.parse().map_err(StoreError::corrupt)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

impl OrgTx {
    /// Invitations that are good at `now`, oldest first, at most `limit` after `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn invitations(
        &mut self,
        after: Option<InvitationId>,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<InvitationRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT invitation_id, email, role, created_at, expires_at FROM control.invitations
             WHERE org_id = $1 AND expires_at > $4 AND ($2::uuid IS NULL OR invitation_id > $2)
             ORDER BY invitation_id LIMIT $3",
            self.org_id.uuid(),
            after.map(InvitationId::uuid),
            limit,
            now,
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// How many invitations of other addresses than this one are good at `now`. Count under
    /// [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_other_invitations(&mut self, email: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.invitations
               WHERE org_id = $1 AND lower(email) <> lower($2) AND expires_at > $3"#,
            self.org_id.uuid(),
            email,
            now,
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// Keeps an invitation in the place of an older one for the same address, whose token is void from then on, and
    /// posts its mail. Call under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_invitation(&mut self, new: &NewInvitation<'_>, mail: &NewMail<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM control.invitations WHERE org_id = $1 AND lower(email) = lower($2)",
            self.org_id.uuid(),
            new.email,
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "INSERT INTO control.invitations
                (invitation_id, org_id, token_sha256, email, role, invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            new.id.uuid(),
            self.org_id.uuid(),
            &new.token_sha256[..],
            new.email,
            new.role.as_str(),
            new.invited_by.uuid(),
            new.created_at,
            new.expires_at,
        )
        .execute(&mut *self.tx)
        .await?;
        mail::post(&mut self.tx, mail).await
    }

    /// Takes an invitation back. `None` when there is none that is good at `now`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn revoke_invitation(
        &mut self,
        id: InvitationId,
        now: DateTime<Utc>,
    ) -> Result<Option<InvitationRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "DELETE FROM control.invitations WHERE org_id = $1 AND invitation_id = $2 AND expires_at > $3
             RETURNING invitation_id, email, role, created_at, expires_at",
            self.org_id.uuid(),
            id.uuid(),
            now,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Uses up the invitation of this token and address. `None` when there is none that is good at `now`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn take_invitation(
        &mut self,
        token_sha256: [u8; 32],
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<InvitationRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "DELETE FROM control.invitations
             WHERE org_id = $1 AND token_sha256 = $2 AND lower(email) = lower($3) AND expires_at > $4
             RETURNING invitation_id, email, role, created_at, expires_at",
            self.org_id.uuid(),
            &token_sha256[..],
            email,
            now,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Takes all invitations back that a person sent.
    pub(crate) async fn withdraw_invitations_by(&mut self, user_id: UserId) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM control.invitations WHERE org_id = $1 AND invited_by = $2",
            self.org_id.uuid(),
            user_id.uuid(),
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

impl PersonTx {
    /// Where the invitation of this token and address leads, by the one function that tells; `None` when there is none
    /// that is good at `now`. That the address is the person's is for the caller to see to.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn invited_to(
        &mut self,
        token_sha256: [u8; 32],
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<OrgId>, StoreError> {
        let org_id = sqlx::query_scalar!(
            r#"SELECT control.invited_to($1, $2, $3) AS "org_id?""#,
            &token_sha256[..],
            email,
            now,
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(org_id.map(OrgId::from_uuid))
    }
}
