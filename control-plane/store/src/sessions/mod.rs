//! Signed-in browsers.

use std::time::Duration;

use agentdb_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};

use crate::{People, StoreError, User};

/// The most sessions of one person; the oldest go first.
const MAX_SESSIONS: i64 = 50;

/// How exact the time of the last use is, in seconds: not every request writes.
const TOUCH_S: i64 = 60;

/// A session to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the cookie.
    pub token_sha256: [u8; 32],
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Over at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session that is good.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: User,
}

impl People {
    /// Keeps a session.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        sqlx::query!(
            "INSERT INTO control.sessions (session_id, user_id, token_sha256, created_at, last_seen_at, expires_at)
             VALUES ($1, $2, $3, $4, $4, $5)",
            session.id.uuid(),
            session.user_id.uuid(),
            &session.token_sha256[..],
            session.created_at,
            session.expires_at,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "DELETE FROM control.sessions WHERE session_id IN (
                SELECT session_id FROM control.sessions WHERE user_id = $1 ORDER BY created_at DESC OFFSET $2)",
            session.user_id.uuid(),
            MAX_SESSIONS,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The session of this cookie, unless it is over or was left unused for `idle`. Notes that it was used.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn session(
        &self,
        token_sha256: [u8; 32],
        idle: Duration,
        now: DateTime<Utc>,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let used_since = now - idle;
        let Some(row) = sqlx::query!(
            "SELECT s.session_id, s.last_seen_at, u.user_id, u.email, u.created_at
             FROM control.sessions s JOIN control.users u ON u.user_id = s.user_id
             WHERE s.token_sha256 = $1 AND s.expires_at > $2 AND s.last_seen_at > $3",
            &token_sha256[..],
            now,
            used_since,
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        if (now - row.last_seen_at).num_seconds() >= TOUCH_S {
            sqlx::query!(
                "UPDATE control.sessions SET last_seen_at = greatest(last_seen_at, $2) WHERE session_id = $1",
                row.session_id,
                now
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(Some(SessionRecord {
            id: SessionId::from_uuid(row.session_id),
            user: User { id: UserId::from_uuid(row.user_id), email: row.email, created_at: row.created_at },
        }))
    }
}
