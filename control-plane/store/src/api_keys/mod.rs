//! API keys.

mod change;
mod console;
mod lookup;
mod read;
mod uses;

use agentdb_control_plane_contract::{AddressRange, KeyKind, KeyLimits, NamespacePattern, Scope};
use agentdb_ids::{ApiKeyId, UserId};
use chrono::{DateTime, Utc};

use crate::{OrgTx, StoreError, policy};

pub use lookup::FoundKey;
pub use read::ApiKeyRecord;

/// A key to be kept.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Which.
    pub id: ApiKeyId,
    /// What made it.
    pub kind: KeyKind,
    /// What its people call it.
    pub name: &'a str,
    /// SHA-256 of the whole key text, lower-case hex.
    pub token_sha256: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// Where.
    pub namespaces: &'a NamespacePattern,
    /// From where; from anywhere when there are none.
    pub allowed_addresses: &'a [AddressRange],
    /// How fast, below what its organisation may.
    pub limits: KeyLimits,
    /// The person who made it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key in whose place it is.
    pub replaces: Option<ApiKeyId>,
}

impl OrgTx {
    /// How many keys, without the console's, are good at `now`. Count under
    /// [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_api_keys(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.api_keys
               WHERE org_id = $1 AND kind = 'api' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"#,
            self.org_id.uuid(),
            now,
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// Keeps a key.
    ///
    /// # Errors
    /// When the store cannot be reached, or the key that it replaces was replaced before.
    pub async fn add_api_key(&mut self, key: &NewApiKey<'_>) -> Result<(), StoreError> {
        let (scopes, addresses) = (scope_texts(key.scopes), address_texts(key.allowed_addresses));
        sqlx::query!(
            "INSERT INTO control.api_keys
                (key_id, org_id, kind, name, token_sha256, scopes, namespaces, allowed_addresses, created_by,
                 created_at, expires_at, replaces, limits)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            key.id.uuid(),
            self.org_id.uuid(),
            kind_text(key.kind),
            key.name,
            key.token_sha256,
            &scopes,
            key.namespaces.as_str(),
            &addresses,
            key.created_by.map(UserId::uuid),
            key.created_at,
            key.expires_at,
            key.replaces.map(ApiKeyId::uuid),
            limits_json(&key.limits)?,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Revokes a key that reaches no further than `reach` and tells every node. Whether there was one to revoke.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn revoke_api_key(
        &mut self,
        reach: &NamespacePattern,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let revoked = sqlx::query!(
            "UPDATE control.api_keys SET revoked_at = $3, version = version + 1
             WHERE org_id = $1 AND key_id = $2 AND kind = 'api' AND revoked_at IS NULL
               AND CASE WHEN $4::text IS NULL THEN namespaces = $5 ELSE starts_with(namespaces, $4) END",
            self.org_id.uuid(),
            id.uuid(),
            now,
            reach.prefix(),
            reach.as_str(),
        )
        .execute(&mut *self.tx)
        .await?;
        if revoked.rows_affected() == 0 {
            return Ok(false);
        }
        let nodes = policy::Audience::Everybody;
        policy::publish_widely(&mut self.tx, nodes, self.org_id, &[policy::Subject::Key(id)], now).await?;
        Ok(true)
    }
}

const fn kind_text(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Api => "api",
        KeyKind::Console => "console",
    }
}

fn kind_of(text: &str) -> Result<KeyKind, StoreError> {
    [KeyKind::Api, KeyKind::Console]
        .into_iter()
        .find(|kind| kind_text(*kind) == text)
        .ok_or_else(|| StoreError::corrupt(format!("kind of key `{text}`")))
}

fn scopes_of(texts: &[String]) -> Result<Vec<Scope>, StoreError> {
    texts.iter().map(|text| text.parse().map_err(StoreError::corrupt)).collect()
}

fn scope_texts(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

fn addresses_of(texts: &[String]) -> Result<Vec<AddressRange>, StoreError> {
    texts.iter().map(|text| text.parse().map_err(StoreError::corrupt)).collect()
}

fn limits_of(json: serde_json::Value) -> Result<KeyLimits, StoreError> {
    serde_json::from_value(json).map_err(StoreError::corrupt)
}

fn limits_json(limits: &KeyLimits) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(limits).map_err(StoreError::corrupt)
}

fn address_texts(ranges: &[AddressRange]) -> Vec<String> {
    ranges.iter().map(ToString::to_string).collect()
}
