//! Removing what is over.

use chrono::{DateTime, Duration, Utc};

use crate::{Jobs, StoreError};

/// The most rows of one kind that one run removes.
const BATCH: i64 = 1_000;

/// Events a node has applied are kept this long, so that a node that lost a little catches up without a snapshot.
const EVENTS_KEPT: Duration = Duration::hours(1);

/// A node that starts anew is told of removals this old, in case an earlier life of it died amid one.
const REMOVALS_KEPT: Duration = Duration::days(7);

/// The most events kept for one node, applied or not.
const MAX_EVENTS: i64 = 100_000;

/// What one run removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanUp {
    /// Sessions that are over.
    pub sessions: u64,
    /// Sign-ups whose time is up.
    pub signups: u64,
    /// The console's keys that have expired.
    pub console_keys: u64,
    /// Assignments of namespaces that were deleted long ago.
    pub assignments: u64,
    /// Events that every reader has, or that are too many.
    pub events: u64,
}

impl Jobs {
    /// Removes what is over, a bounded number of rows. Safe to run twice and at once with itself.
    ///
    /// # Errors
    /// When the store cannot be reached; what was removed stays so.
    pub async fn clean_up(&self, now: DateTime<Utc>) -> Result<CleanUp, StoreError> {
        let sessions = sqlx::query!(
            "DELETE FROM control.sessions WHERE session_id IN (
                SELECT session_id FROM control.sessions WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let signups = sqlx::query!(
            "DELETE FROM control.email_verifications WHERE token_sha256 IN (
                SELECT token_sha256 FROM control.email_verifications WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let console_keys = sqlx::query!(
            "DELETE FROM control.api_keys WHERE key_id IN (
                SELECT key_id FROM control.api_keys WHERE kind = 'console' AND expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let assignments = sqlx::query!(
            "DELETE FROM control.assignments WHERE namespace_id IN (
                SELECT a.namespace_id FROM control.assignments a
                JOIN control.namespaces n ON n.namespace_id = a.namespace_id
                WHERE n.status = 'deleted' AND n.deleted_at < $1 LIMIT $2)",
            now - REMOVALS_KEPT,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let events = self.trim_events(now).await?;
        Ok(CleanUp { sessions, signups, console_keys, assignments, events })
    }

    async fn trim_events(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await?;
        // In the order of all who lock nodes.
        sqlx::query!("SELECT node_id FROM control.nodes ORDER BY node_id FOR NO KEY UPDATE")
            .fetch_all(&mut *tx)
            .await?;
        // First the mark, under the node's lock, then the rows: a reader of one moment sees both or neither.
        sqlx::query!(
            "UPDATE control.nodes n SET trimmed_cursor = t.cursor
             FROM (SELECT d.node_id, greatest(d.policy_cursor - $2, coalesce(
                       (SELECT max(e.cursor) FROM control.policy_events e
                        WHERE e.node_id = d.node_id AND e.cursor <= d.acked_cursor AND e.created_at < $1), 0)) AS cursor
                   FROM control.nodes d) t
             WHERE t.node_id = n.node_id AND t.cursor > n.trimmed_cursor",
            now - EVENTS_KEPT,
            MAX_EVENTS,
        )
        .execute(&mut *tx)
        .await?;
        let removed = sqlx::query!(
            "DELETE FROM control.policy_events e USING control.nodes n
             WHERE e.node_id = n.node_id AND e.cursor <= n.trimmed_cursor"
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(removed.rows_affected())
    }
}
