//! Log-ins whose first proof is given and whose second factor is not.

use agentdb_ids::UserId;
use chrono::{DateTime, Utc};

use super::{NewSession, keep};
use crate::{FactorProof, NewMail, People, PersonTx, StoreError, TotpFactorId, User, mail, users::ACCOUNT_GRACE};

/// The most log-ins of one person that wait for their factor; the oldest go first.
const MAX_CHALLENGES: i64 = 10;

/// A log-in that waits for its second factor, if the person has one.
#[derive(Clone, Copy)]
pub struct NewChallenge {
    /// SHA-256 of the cookie.
    pub token_sha256: [u8; 32],
    /// It can be finished until then.
    pub expires_at: DateTime<Utc>,
}

/// What has begun for who has proven who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStart {
    /// The session.
    Session,
    /// The challenge: the person has a second factor.
    Challenge,
    /// Nothing: what was proven is the person's no more.
    Refused,
}

/// What became of a log-in that had waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogInEnd {
    /// The session is kept.
    SignedIn,
    /// It waits still: the code was used before, or is none of the factor's.
    Unproven,
    /// It waits no more: it was finished, or its time was up, or what had been proven is the person's no more.
    Gone,
}

pub(super) async fn add(
    connection: &mut sqlx::PgConnection,
    session: &NewSession<'_>,
    challenge: &NewChallenge,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO control.login_challenges (token_sha256, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        &challenge.token_sha256[..],
        session.user_id.uuid(),
        session.created_at,
        challenge.expires_at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM control.login_challenges WHERE token_sha256 IN (
            SELECT token_sha256 FROM control.login_challenges WHERE user_id = $1 ORDER BY created_at DESC OFFSET $2)",
        session.user_id.uuid(),
        MAX_CHALLENGES,
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl People {
    /// Whose log-in waits for a second factor under this token; `None` when it is unknown, finished or its time is up.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn challenged(&self, token_sha256: [u8; 32], now: DateTime<Utc>) -> Result<Option<User>, StoreError> {
        let row = sqlx::query!(
            "SELECT u.user_id, u.email, u.created_at
             FROM control.login_challenges c JOIN control.users u ON u.user_id = c.user_id
             WHERE c.token_sha256 = $1 AND c.expires_at > $2",
            &token_sha256[..],
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| User { id: UserId::from_uuid(row.user_id), email: row.email, created_at: row.created_at }))
    }
}

impl PersonTx {
    /// Finishes a log-in that has been found [waiting](People::challenged): keeps the session, takes back the deletion
    /// of an account in its grace, and posts `notice`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn finish_log_in(
        mut self,
        token_sha256: [u8; 32],
        factor: TotpFactorId,
        proof: FactorProof,
        session: &NewSession<'_>,
        notice: Option<&NewMail<'_>>,
    ) -> Result<LogInEnd, StoreError> {
        let now = session.created_at;
        self.hold().await?;
        let waited = sqlx::query!(
            "DELETE FROM control.login_challenges WHERE token_sha256 = $1 AND user_id = $2 AND expires_at > $3",
            &token_sha256[..],
            self.user_id.uuid(),
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        if waited.rows_affected() == 0 || session.user_id != self.user_id {
            return Ok(LogInEnd::Gone);
        }
        if !self.use_factor(factor, proof).await? {
            return Ok(LogInEnd::Unproven);
        }
        let back = sqlx::query!(
            "UPDATE control.users SET deleted_at = NULL
             WHERE user_id = $1 AND (deleted_at IS NULL OR deleted_at > $2)",
            self.user_id.uuid(),
            now - ACCOUNT_GRACE,
        )
        .execute(&mut *self.tx)
        .await?;
        if back.rows_affected() == 0 {
            return Ok(LogInEnd::Gone);
        }
        keep(&mut self.tx, session).await?;
        if let Some(notice) = notice {
            mail::post(&mut self.tx, notice).await?;
        }
        self.tx.commit().await?;
        Ok(LogInEnd::SignedIn)
    }

    /// Ends the log-ins that wait for the person's second factor. Call when the person is [held](Self::hold).
    pub(crate) async fn remove_challenges(&mut self) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM control.login_challenges WHERE user_id = $1", self.user_id.uuid())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
