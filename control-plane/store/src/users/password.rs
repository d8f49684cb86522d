//! New passwords, by the old one or by a link.

use agentdb_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};

use super::NewLink;
use crate::{NewMail, People, PersonTx, StoreError, User, mail};

impl People {
    /// The hash of a person's password.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn password_hash(&self, user_id: UserId) -> Result<Option<String>, StoreError> {
        let hash = sqlx::query_scalar!("SELECT password_hash FROM control.users WHERE user_id = $1", user_id.uuid())
            .fetch_optional(&self.pool)
            .await?;
        Ok(hash)
    }

    /// Keeps the link with which `user_id` sets a new password, in place of an older one, and posts it. With nobody to
    /// write to nothing is kept or posted, after the same work.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn request_password_reset(
        &self,
        user_id: Option<UserId>,
        link: &NewLink,
        mail: &NewMail<'_>,
    ) -> Result<(), StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        sqlx::query!(
            "INSERT INTO control.password_resets (user_id, token_sha256, created_at, expires_at)
             SELECT u.user_id, $2, $3, $4 FROM control.users u WHERE u.user_id = $1
             ON CONFLICT (user_id) DO UPDATE SET token_sha256 = excluded.token_sha256,
                 created_at = excluded.created_at, expires_at = excluded.expires_at",
            user_id.map(UserId::uuid),
            &link.token_sha256[..],
            link.created_at,
            link.expires_at,
        )
        .execute(&mut *tx)
        .await?;
        mail::post_if(&mut tx, user_id.is_some(), mail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whose password a link sets; `None` when it is unknown, used, replaced or expired.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn pending_password_reset(
        &self,
        token_sha256: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        let row = sqlx::query!(
            "SELECT u.user_id, u.email, u.created_at
             FROM control.password_resets r JOIN control.users u ON u.user_id = r.user_id
             WHERE r.token_sha256 = $1 AND r.expires_at > $2",
            &token_sha256[..],
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| User { id: UserId::from_uuid(row.user_id), email: row.email, created_at: row.created_at }))
    }
}

impl PersonTx {
    /// Sets the password by a link that has been found [pending](People::pending_password_reset), and posts `notice`.
    /// All sessions, log-ins that wait for a second factor, the console's keys and all links of the person end; the second
    /// factor stays. `false`, and nothing has changed, when the link is not good any more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn reset_password(
        mut self,
        token_sha256: [u8; 32],
        password_hash: &str,
        notice: &NewMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.hold().await?;
        let used = sqlx::query!(
            "DELETE FROM control.password_resets WHERE user_id = $1 AND token_sha256 = $2 AND expires_at > $3",
            self.user_id.uuid(),
            &token_sha256[..],
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        if used.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query!(
            "UPDATE control.users SET password_hash = $2 WHERE user_id = $1",
            self.user_id.uuid(),
            password_hash,
        )
        .execute(&mut *self.tx)
        .await?;
        self.end_with_password(None, notice, now).await?;
        Ok(true)
    }

    /// Sets the password in place of the one with the hash `proven`, and posts `notice`. All sessions but `kept`, the
    /// console's keys and all links of the person end. `false`, and nothing has changed, when another password has been
    /// set meanwhile.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn change_password(
        mut self,
        kept: SessionId,
        proven: &str,
        password_hash: &str,
        notice: &NewMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let changed = sqlx::query!(
            "UPDATE control.users SET password_hash = $3
             WHERE user_id = $1 AND password_hash = $2 AND deleted_at IS NULL",
            self.user_id.uuid(),
            proven,
            password_hash,
        )
        .execute(&mut *self.tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        self.end_with_password(Some(kept), notice, now).await?;
        Ok(true)
    }

    /// Ends what the old password had begun, and commits.
    async fn end_with_password(
        mut self,
        kept: Option<SessionId>,
        notice: &NewMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.void_links().await?;
        self.remove_challenges().await?;
        self.remove_sessions(kept).await?;
        self.revoke_console_keys(now).await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(())
    }
}
