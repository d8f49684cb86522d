//! Another address for an account.

use agentdb_ids::UserId;
use chrono::{DateTime, Utc};

use super::NewLink;
use crate::{NewMail, People, PersonTx, StoreError, mail};

/// An address that a person wants to have instead of theirs.
#[derive(Debug, Clone, Copy)]
pub struct NewEmailChange<'a> {
    /// As typed.
    pub email: &'a str,
    /// Posted to it.
    pub link: NewLink,
}

impl PersonTx {
    /// Keeps the change, in place of an older one, posts `confirmation`, which has the link, and `notice`. When
    /// somebody else has the address, `taken` is posted instead of the link. Both ways do the same work. `false`, and
    /// nothing has changed, when `proven` is not the hash of the person's password any more: who changed it wants no
    /// other address.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn request_email_change(
        mut self,
        proven: &str,
        change: &NewEmailChange<'_>,
        confirmation: &NewMail<'_>,
        taken: &NewMail<'_>,
        notice: &NewMail<'_>,
    ) -> Result<bool, StoreError> {
        let held = sqlx::query_scalar!(
            "SELECT user_id FROM control.users
             WHERE user_id = $1 AND password_hash = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
            self.user_id.uuid(),
            proven,
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        if held.is_none() {
            return Ok(false);
        }
        let known = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM control.users WHERE lower(email) = lower($1) AND user_id <> $2) AS "known!""#,
            change.email,
            self.user_id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        sqlx::query!(
            "INSERT INTO control.email_changes (user_id, token_sha256, email, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE SET token_sha256 = excluded.token_sha256, email = excluded.email,
                 created_at = excluded.created_at, expires_at = excluded.expires_at",
            self.user_id.uuid(),
            &change.link.token_sha256[..],
            change.email,
            change.link.created_at,
            change.link.expires_at,
        )
        .execute(&mut *self.tx)
        .await?;
        mail::post(&mut self.tx, if known { taken } else { confirmation }).await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(true)
    }

    /// Gives the person the address of a link that has been found [pending](People::pending_email_change). Links to set
    /// a new password that were sent to the old address end. `false`, and the address stays as it was, when the link is
    /// not good any more or somebody has the address by now.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn confirm_email(mut self, token_sha256: [u8; 32], now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.hold().await?;
        let Some(email) = sqlx::query_scalar!(
            "DELETE FROM control.email_changes WHERE user_id = $1 AND token_sha256 = $2 AND expires_at > $3
             RETURNING email",
            self.user_id.uuid(),
            &token_sha256[..],
            now,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        else {
            return Ok(false);
        };
        let changed = sqlx::query!(
            "UPDATE control.users SET email = $2, verified_at = $3 WHERE user_id = $1",
            self.user_id.uuid(),
            email,
            now,
        )
        .execute(&mut *self.tx)
        .await;
        if changed.as_ref().is_err_and(is_taken) {
            return Ok(false);
        }
        changed?;
        self.void_links().await?;
        self.tx.commit().await?;
        Ok(true)
    }
}

impl People {
    /// Whose address a link changes; `None` when it is unknown, used, replaced or expired.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn pending_email_change(
        &self,
        token_sha256: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError> {
        let user_id = sqlx::query_scalar!(
            "SELECT user_id FROM control.email_changes WHERE token_sha256 = $1 AND expires_at > $2",
            &token_sha256[..],
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(user_id.map(UserId::from_uuid))
    }
}

/// Whether somebody else has the address: the index of addresses decides, also between two who come at once.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
