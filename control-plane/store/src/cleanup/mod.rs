//! Removing what is over.

mod people;

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

/// Events are removed in this many statements at most, each of [`BATCH`] rows, so that no lock lasts long.
const EVENT_BATCHES: usize = 100;

/// Keys are kept this long after their revocation, far longer than any node may still hold a grant.
const REVOKED_KEPT: Duration = Duration::days(30);

/// A repeatable request may be repeated this long.
const ANSWERS_KEPT: Duration = Duration::hours(24);

/// The steps of a namespace's life are kept this long, as long as the longest audit log.
const TRANSITIONS_KEPT: Duration = Duration::days(400);

/// What one run removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanUp {
    /// Sessions that are over.
    pub sessions: u64,
    /// Sign-ups whose time is up.
    pub signups: u64,
    /// Invitations whose time is up.
    pub invitations: u64,
    /// Links to set a password or an address whose time is up.
    pub links: u64,
    /// Log-ins and second factors that were begun and not finished in time.
    pub unfinished: u64,
    /// Addresses and people whose failures count no more.
    pub log_ins: u64,
    /// People who left and did not come back in time.
    pub people: u64,
    /// Mails whose time is up, captured, void or never sent.
    pub mails: u64,
    /// Answers to repeatable requests that are older than a day.
    pub answers: u64,
    /// The console's keys that have expired.
    pub console_keys: u64,
    /// Other keys that were revoked long ago.
    pub revoked_keys: u64,
    /// Assignments of namespaces that were deleted long ago.
    pub assignments: u64,
    /// Steps of namespaces' lives that were made long ago.
    pub transitions: u64,
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
        let invitations = sqlx::query!(
            "DELETE FROM control.invitations WHERE invitation_id IN (
                SELECT invitation_id FROM control.invitations WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let links = self.remove_links(now).await?;
        let unfinished = self.remove_unfinished(now).await?;
        let log_ins = self.remove_log_ins(now).await?;
        let people = self.remove_people(now).await?;
        let mails = sqlx::query!(
            "DELETE FROM control.mail_outbox WHERE mail_id IN (
                SELECT mail_id FROM control.mail_outbox
                WHERE expires_at <= $1 OR (expires_at IS NULL AND created_at <= $1 - interval '24 hours') LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let answers = sqlx::query!(
            "DELETE FROM control.idempotency WHERE (org_id, scope_sha256) IN (
                SELECT org_id, scope_sha256 FROM control.idempotency WHERE created_at < $1 LIMIT $2)",
            now - ANSWERS_KEPT,
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
        let revoked_keys = sqlx::query!(
            "DELETE FROM control.api_keys WHERE key_id IN (
                SELECT key_id FROM control.api_keys WHERE kind = 'api' AND revoked_at < $1 LIMIT $2)",
            now - REVOKED_KEPT,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let assignments = sqlx::query!(
            "DELETE FROM control.assignments WHERE namespace_id IN (
                SELECT a.namespace_id FROM control.assignments a
                JOIN control.namespaces n ON n.namespace_id = a.namespace_id
                WHERE n.status = 'deleted' AND n.status_changed_at < $1 LIMIT $2)",
            now - REMOVALS_KEPT,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let transitions = sqlx::query!(
            "DELETE FROM control.namespace_transitions WHERE number IN (
                SELECT number FROM control.namespace_transitions WHERE at < $1 LIMIT $2)",
            now - TRANSITIONS_KEPT,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        self.mark_trimmed(now).await?;
        let events = self.remove_trimmed().await?;
        Ok(CleanUp {
            sessions,
            signups,
            invitations,
            links,
            unfinished,
            log_ins,
            people,
            mails,
            answers,
            console_keys,
            revoked_keys,
            assignments,
            transitions,
            events,
        })
    }

    /// Decides which events nobody needs any more. From then on a node that is behind the mark gets a snapshot, whether
    /// the events are still there or not.
    async fn mark_trimmed(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        // In the order of all who lock nodes.
        sqlx::query!("SELECT node_id FROM control.nodes ORDER BY node_id FOR NO KEY UPDATE")
            .fetch_all(&mut *tx)
            .await?;
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
        tx.commit().await?;
        Ok(())
    }

    /// Removes what is behind the marks. Holds no lock that a publisher or a reader waits for.
    async fn remove_trimmed(&self) -> Result<u64, StoreError> {
        let mut removed = 0;
        for _ in 0..EVENT_BATCHES {
            let batch = sqlx::query!(
                "DELETE FROM control.policy_events WHERE (node_id, cursor) IN (
                    SELECT e.node_id, e.cursor FROM control.nodes n
                    JOIN control.policy_events e ON e.node_id = n.node_id AND e.cursor <= n.trimmed_cursor
                    LIMIT $1)",
                BATCH,
            )
            .execute(&self.pool)
            .await?
            .rows_affected();
            removed += batch;
            if batch < BATCH.unsigned_abs() {
                break;
            }
        }
        Ok(removed)
    }
}
