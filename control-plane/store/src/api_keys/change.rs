//! Changing a key, and putting another in its place.

use chrono::{DateTime, Utc};

use super::{ApiKeyRecord, NewApiKey, address_texts, limits_json, scope_texts};
use crate::{OrgTx, StoreError, policy};

impl OrgTx {
    /// Gives a key the name, the rules and the end that `key` says and tells every node, unless the key is revoked or
    /// has another version than `key` by now. Whether it did; its version is then one more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn update_api_key(&mut self, key: &ApiKeyRecord, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (scopes, addresses) = (scope_texts(&key.scopes), address_texts(&key.allowed_addresses));
        let updated = sqlx::query!(
            "UPDATE control.api_keys
             SET name = $4, scopes = $5, namespaces = $6, allowed_addresses = $7, expires_at = $8, changed_at = $9,
                 limits = $10, version = version + 1
             WHERE org_id = $1 AND key_id = $2 AND version = $3 AND kind = 'api' AND revoked_at IS NULL",
            self.org_id.uuid(),
            key.id.uuid(),
            i64::try_from(key.version).map_err(StoreError::corrupt)?,
            key.name.as_str(),
            &scopes,
            key.namespaces.as_str(),
            &addresses,
            key.expires_at,
            now,
            limits_json(&key.limits)?,
        )
        .execute(&mut *self.tx)
        .await?;
        self.publish_change(key, updated.rows_affected(), now).await
    }

    /// Lets a key end at `ends_at`, keeps `successor`, which replaces it, and tells every node, unless the key is
    /// revoked or has another version than `key` by now. Whether it did.
    ///
    /// # Errors
    /// When the store cannot be reached, or the key was replaced before.
    pub async fn replace_api_key(
        &mut self,
        key: &ApiKeyRecord,
        ends_at: DateTime<Utc>,
        successor: &NewApiKey<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = sqlx::query!(
            "UPDATE control.api_keys SET expires_at = $4, changed_at = $5, version = version + 1
             WHERE org_id = $1 AND key_id = $2 AND version = $3 AND kind = 'api' AND revoked_at IS NULL",
            self.org_id.uuid(),
            key.id.uuid(),
            i64::try_from(key.version).map_err(StoreError::corrupt)?,
            ends_at,
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        if ended.rows_affected() > 0 {
            self.add_api_key(successor).await?;
        }
        self.publish_change(key, ended.rows_affected(), now).await
    }

    /// Tells every node of a change, if there was one.
    async fn publish_change(&mut self, key: &ApiKeyRecord, rows: u64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if rows == 0 {
            return Ok(false);
        }
        let nodes = policy::Audience::Everybody;
        policy::publish_widely(&mut self.tx, nodes, self.org_id, &[policy::Subject::Key(key.id)], now).await?;
        Ok(true)
    }
}
