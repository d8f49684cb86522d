use agentdb_control_plane_contract::Edition;
use chrono::{DateTime, Utc};

use crate::{Jobs, StoreError};

/// Rows that one statement removes, so that no lock lasts long.
const BATCH: i64 = 1_000;

/// Statements that one run takes at most for one edition.
const BATCHES: usize = 100;

impl Jobs {
    /// Removes events of organisations with this edition that are older than `before`, a bounded number. How many. Safe
    /// to run twice and at once with itself. Events of the last seven days stay whatever is asked for: the table's own
    /// rule, by the database's clock.
    ///
    /// # Errors
    /// When the store cannot be reached; what was removed stays so.
    pub async fn remove_audit_events(&self, edition: Edition, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut removed = 0;
        for _ in 0..BATCHES {
            let batch = sqlx::query!(
                "DELETE FROM control.audit_events WHERE (org_id, event_id) IN (
                    SELECT e.org_id, e.event_id FROM control.organizations o
                    JOIN control.audit_events e ON e.org_id = o.org_id
                    WHERE o.edition = $1 AND e.at < $2 LIMIT $3)",
                edition.as_str(),
                before,
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
