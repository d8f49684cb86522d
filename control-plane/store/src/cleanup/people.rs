use chrono::{DateTime, Utc};

use super::BATCH;
use crate::{Jobs, StoreError, totp::TOTP_PENDING, users::ACCOUNT_GRACE};

/// Failed log-ins are removed in this many statements at most, each of [`BATCH`] rows: anybody can make them.
const LOG_IN_BATCHES: usize = 50;

impl Jobs {
    /// Links to set a password or an address whose time is up. How many.
    pub(super) async fn remove_links(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let resets = sqlx::query!(
            "DELETE FROM control.password_resets WHERE expires_at <= $1 AND user_id IN (
                SELECT user_id FROM control.password_resets WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let changes = sqlx::query!(
            "DELETE FROM control.email_changes WHERE expires_at <= $1 AND user_id IN (
                SELECT user_id FROM control.email_changes WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(resets + changes)
    }

    /// Log-ins that were not finished in time, and second factors that were not confirmed in time. How many.
    pub(super) async fn remove_unfinished(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let challenges = sqlx::query!(
            "DELETE FROM control.login_challenges WHERE token_sha256 IN (
                SELECT token_sha256 FROM control.login_challenges WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        let factors = sqlx::query!(
            "DELETE FROM control.totp_factors WHERE confirmed_at IS NULL AND factor_id IN (
                SELECT factor_id FROM control.totp_factors WHERE confirmed_at IS NULL AND created_at <= $1 LIMIT $2)",
            now - TOTP_PENDING,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(challenges + factors)
    }

    /// Failed log-ins that count no more. How many addresses'.
    pub(super) async fn remove_log_ins(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut removed = 0;
        for _ in 0..LOG_IN_BATCHES {
            let batch = sqlx::query!(
                "DELETE FROM control.login_failures WHERE forget_at <= $1 AND email_sha256 IN (
                    SELECT email_sha256 FROM control.login_failures WHERE forget_at <= $1 LIMIT $2)",
                now,
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

    /// People who left and did not come back, with their memberships. How many.
    pub(super) async fn remove_people(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let people = sqlx::query!(
            "DELETE FROM control.users WHERE deleted_at <= $1 AND user_id IN (
                SELECT user_id FROM control.users WHERE deleted_at <= $1 LIMIT $2)",
            now - ACCOUNT_GRACE,
            BATCH,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(people)
    }
}
