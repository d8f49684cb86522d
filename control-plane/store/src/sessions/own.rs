use std::time::Duration;

use agentdb_ids::SessionId;
use chrono::{DateTime, Utc};

use super::MAX_SESSIONS;
use crate::{PersonTx, StoreError};

/// A session as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// Which.
    pub id: SessionId,
    /// What the browser said it is when it signed in.
    pub user_agent: Option<String>,
    /// Where it was when it was last noted.
    pub last_address: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last noted that it was used.
    pub last_seen_at: DateTime<Utc>,
    /// Over at the latest.
    pub expires_at: DateTime<Utc>,
}

impl PersonTx {
    /// The person's sessions that are neither over nor were left unused for `idle`, newest first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn sessions(&mut self, idle: Duration, now: DateTime<Utc>) -> Result<Vec<OwnSession>, StoreError> {
        let rows = sqlx::query!(
            "SELECT session_id, user_agent, last_address, created_at, last_seen_at, expires_at FROM control.sessions
             WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3
             ORDER BY created_at DESC, session_id LIMIT $4",
            self.user_id.uuid(),
            now,
            now - idle,
            MAX_SESSIONS,
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| OwnSession {
                id: SessionId::from_uuid(row.session_id),
                user_agent: row.user_agent,
                last_address: row.last_address,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                expires_at: row.expires_at,
            })
            .collect())
    }

    /// Ends a session of the person and, as [`log_out`](Self::log_out), the console's keys. Whether it is one of
    /// theirs.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn end_session(mut self, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if !self.remove_session(id).await? {
            return Ok(false);
        }
        self.revoke_console_keys(now).await?;
        self.tx.commit().await?;
        Ok(true)
    }

    /// Ends all sessions of the person but one and, as [`log_out`](Self::log_out), the console's keys.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn end_other_sessions(mut self, kept: SessionId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.hold().await?;
        self.remove_sessions(Some(kept)).await?;
        self.revoke_console_keys(now).await?;
        self.tx.commit().await?;
        Ok(())
    }

    /// Whether there was one.
    pub(crate) async fn remove_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        let removed = sqlx::query!(
            "DELETE FROM control.sessions WHERE session_id = $1 AND user_id = $2",
            id.uuid(),
            self.user_id.uuid(),
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Removes all sessions of the person, or all but one. Call when the person is [held](Self::hold).
    pub(crate) async fn remove_sessions(&mut self, kept: Option<SessionId>) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM control.sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR session_id <> $2)",
            self.user_id.uuid(),
            kept.map(SessionId::uuid),
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
