//! What repeatable requests were answered.

use agentdb_ids::OrgId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{MAX_MEMBERSHIPS, OrgTx, PersonTx, StoreError, stores::set_org};

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptAnswer {
    /// SHA-256 of the request that it answered.
    pub request_sha256: [u8; 32],
    /// What it said, without secrets.
    pub answer: Value,
}

impl PersonTx {
    /// What was answered in this scope when the person came to belong to an organisation, at `since` or later. Look
    /// under [`lock_person`](Self::lock_person).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn kept_answer(
        &mut self,
        scope_sha256: [u8; 32],
        since: DateTime<Utc>,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let joined = sqlx::query_scalar!(
            "SELECT org_id FROM control.memberships WHERE user_id = $1 AND created_at >= $2
             ORDER BY created_at DESC LIMIT $3",
            self.user_id.uuid(),
            since,
            i64::from(MAX_MEMBERSHIPS),
        )
        .fetch_all(&mut *self.tx)
        .await?;
        for org_id in joined.into_iter().map(OrgId::from_uuid) {
            set_org(&mut self.tx, org_id).await?;
            if let Some(kept) = kept_answer(&mut self.tx, org_id, scope_sha256).await? {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }
}

impl OrgTx {
    /// What was answered in this scope, at least for a day. Look under
    /// [`lock_organization`](Self::lock_organization): of two equal requests at once the second then finds the answer of
    /// the first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn kept_answer(&mut self, scope_sha256: [u8; 32]) -> Result<Option<KeptAnswer>, StoreError> {
        kept_answer(&mut self.tx, self.org_id, scope_sha256).await
    }

    /// Keeps an answer, which becomes true with what the transaction does.
    ///
    /// # Errors
    /// When the store cannot be reached, or the scope has an answer.
    pub async fn keep_answer(
        &mut self,
        scope_sha256: [u8; 32],
        kept: &KeptAnswer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO control.idempotency (org_id, scope_sha256, request_sha256, answer, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            self.org_id.uuid(),
            &scope_sha256[..],
            &kept.request_sha256[..],
            kept.answer,
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// In a transaction that is narrowed to the organisation.
async fn kept_answer(
    connection: &mut PgConnection,
    org_id: OrgId,
    scope_sha256: [u8; 32],
) -> Result<Option<KeptAnswer>, StoreError> {
    let row = sqlx::query!(
        "SELECT request_sha256, answer FROM control.idempotency WHERE org_id = $1 AND scope_sha256 = $2",
        org_id.uuid(),
        &scope_sha256[..],
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let request_sha256 =
            row.request_sha256.try_into().map_err(|_| StoreError::corrupt("the hash of a repeatable request"))?;
        Ok(KeptAnswer { request_sha256, answer: row.answer })
    })
    .transpose()
}
