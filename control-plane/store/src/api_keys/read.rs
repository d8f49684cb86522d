//! Keys as their organisation sees them.

use agentdb_control_plane_contract::{AddressRange, KeyLimits, NamespacePattern, Scope};
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};

use super::{addresses_of, limits_of, scopes_of};
use crate::{OrgTx, StoreError};

/// A key as its organisation sees it: all but the secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKeyRecord {
    /// Which.
    pub id: ApiKeyId,
    /// Rises with every change.
    pub version: u64,
    /// What its people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Where.
    pub namespaces: NamespacePattern,
    /// From where; from anywhere when there are none.
    pub allowed_addresses: Vec<AddressRange>,
    /// How fast, below what its organisation may.
    pub limits: KeyLimits,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key in whose place it is.
    pub replaces: Option<ApiKeyId>,
    /// The key in its place.
    pub replaced_by: Option<ApiKeyId>,
    /// When a node saw it last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From where it came then, as far as the node was told.
    pub last_used_address: Option<String>,
}

struct Row {
    key_id: uuid::Uuid,
    version: i64,
    name: String,
    scopes: Vec<String>,
    namespaces: String,
    allowed_addresses: Vec<String>,
    limits: serde_json::Value,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    replaces: Option<uuid::Uuid>,
    replaced_by: Option<uuid::Uuid>,
    last_used_at: Option<DateTime<Utc>>,
    last_used_address: Option<String>,
}

impl TryFrom<Row> for ApiKeyRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ApiKeyId::from_uuid(row.key_id),
            version: u64::try_from(row.version).map_err(StoreError::corrupt)?,
            name: row.name,
            scopes: scopes_of(&row.scopes)?,
            namespaces: row.namespaces.try_into().map_err(StoreError::corrupt)?,
            allowed_addresses: addresses_of(&row.allowed_addresses)?,
            limits: limits_of(row.limits)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            replaces: row.replaces.map(ApiKeyId::from_uuid),
            replaced_by: row.replaced_by.map(ApiKeyId::from_uuid),
            last_used_at: row.last_used_at,
            last_used_address: row.last_used_address,
        })
    }
}

impl OrgTx {
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
            r#"SELECT k.key_id AS "key_id!", k.version AS "version!", k.name AS "name!", k.scopes AS "scopes!",
                      k.namespaces AS "namespaces!", k.allowed_addresses AS "allowed_addresses!",
                      k.limits AS "limits!",
                      k.created_at AS "created_at!", k.expires_at AS "expires_at?", k.replaces AS "replaces?",
                      s.key_id AS "replaced_by?", u.last_used_at AS "last_used_at?",
                      u.last_used_address AS "last_used_address?"
               FROM control.api_keys k
               LEFT JOIN control.api_keys s ON s.org_id = k.org_id AND s.replaces = k.key_id
               LEFT JOIN control.key_uses u ON u.org_id = k.org_id AND u.key_id = k.key_id
               WHERE k.org_id = $1 AND k.kind = 'api' AND k.revoked_at IS NULL AND ($2::uuid IS NULL OR k.key_id > $2)
                 AND CASE WHEN $4::text IS NULL THEN k.namespaces = $5 ELSE starts_with(k.namespaces, $4) END
               ORDER BY k.key_id LIMIT $3"#,
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
            r#"SELECT k.key_id AS "key_id!", k.version AS "version!", k.name AS "name!", k.scopes AS "scopes!",
                      k.namespaces AS "namespaces!", k.allowed_addresses AS "allowed_addresses!",
                      k.limits AS "limits!",
                      k.created_at AS "created_at!", k.expires_at AS "expires_at?", k.replaces AS "replaces?",
                      s.key_id AS "replaced_by?", u.last_used_at AS "last_used_at?",
                      u.last_used_address AS "last_used_address?"
               FROM control.api_keys k
               LEFT JOIN control.api_keys s ON s.org_id = k.org_id AND s.replaces = k.key_id
               LEFT JOIN control.key_uses u ON u.org_id = k.org_id AND u.key_id = k.key_id
               WHERE k.org_id = $1 AND k.key_id = $2 AND k.kind = 'api' AND k.revoked_at IS NULL
                 AND CASE WHEN $3::text IS NULL THEN k.namespaces = $4 ELSE starts_with(k.namespaces, $3) END"#,
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

    /// Whether there is such a key that is good at `now`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn is_api_key_good(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            "SELECT key_id FROM control.api_keys
             WHERE org_id = $1 AND key_id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)",
            self.org_id.uuid(),
            id.uuid(),
            now,
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        Ok(found.is_some())
    }
}
