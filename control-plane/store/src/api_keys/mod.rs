//! API keys.

mod console;
mod lookup;

use agentdb_control_plane_contract::{KeyKind, NamespacePattern, Scope};
use agentdb_ids::{ApiKeyId, UserId};
use chrono::{DateTime, Utc};

use crate::{OrgTx, StoreError, policy};

pub use lookup::FoundKey;

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
    /// The person who made it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as its organisation sees it: all but the secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKeyRecord {
    /// Which.
    pub id: ApiKeyId,
    /// What its people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Where.
    pub namespaces: NamespacePattern,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

struct Row {
    key_id: uuid::Uuid,
    name: String,
    scopes: Vec<String>,
    namespaces: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ApiKeyRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ApiKeyId::from_uuid(row.key_id),
            name: row.name,
            scopes: scopes_of(&row.scopes)?,
            namespaces: row.namespaces.try_into().map_err(StoreError::corrupt)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
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
    /// When the store cannot be reached.
    pub async fn add_api_key(&mut self, key: &NewApiKey<'_>) -> Result<(), StoreError> {
        let scopes: Vec<String> = key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        sqlx::query!(
            "INSERT INTO control.api_keys
                (key_id, org_id, kind, name, token_sha256, scopes, namespaces, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            key.id.uuid(),
            self.org_id.uuid(),
            kind_text(key.kind),
            key.name,
            key.token_sha256,
            &scopes,
            key.namespaces.as_str(),
            key.created_by.map(UserId::uuid),
            key.created_at,
            key.expires_at,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keys that reach no further than `reach`, are not revoked and not the console's, oldest first, at most `limit`
    /// after `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn api_keys(
        &mut self,
        reach: &NamespacePattern,
        after: Option<ApiKeyId>,
        limit: i64,
    ) -> Result<Vec<ApiKeyRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT key_id, name, scopes, namespaces, created_at, expires_at FROM control.api_keys
             WHERE org_id = $1 AND kind = 'api' AND revoked_at IS NULL AND ($2::uuid IS NULL OR key_id > $2)
               AND CASE WHEN $4::text IS NULL THEN namespaces = $5 ELSE starts_with(namespaces, $4) END
             ORDER BY key_id LIMIT $3",
            self.org_id.uuid(),
            after.map(ApiKeyId::uuid),
            limit,
            reach.prefix(),
            reach.as_str(),
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// A key that reaches no further than `reach`, is not revoked and not the console's.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn api_key(
        &mut self,
        reach: &NamespacePattern,
        id: ApiKeyId,
    ) -> Result<Option<ApiKeyRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT key_id, name, scopes, namespaces, created_at, expires_at FROM control.api_keys
             WHERE org_id = $1 AND key_id = $2 AND kind = 'api' AND revoked_at IS NULL
               AND CASE WHEN $3::text IS NULL THEN namespaces = $4 ELSE starts_with(namespaces, $3) END",
            self.org_id.uuid(),
            id.uuid(),
            reach.prefix(),
            reach.as_str(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
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
