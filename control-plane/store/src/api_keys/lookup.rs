//! Finding a key by nothing but its id, before it is known whose it is.

use agentdb_control_plane_contract::{Edition, Grant};
use agentdb_ids::{ApiKeyId, NodeId, OrgId};

use super::{addresses_of, kind_of, limits_of, scopes_of};
use crate::{StoreError, Stores};

/// A key that is not revoked. It may have expired; whether the caller holds its secret is for the caller to prove.
#[derive(Debug, Clone)]
pub struct FoundKey {
    /// The key.
    pub grant: Grant,
    /// The edition of its organisation.
    pub edition: Edition,
}

impl Stores {
    /// The key of this id, by the one function that the role `agentdb_key_lookup` may call. With `on_node`, only when
    /// the key's organisation has a namespace on that node, or none anywhere.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn find_key(&self, id: ApiKeyId, on_node: Option<NodeId>) -> Result<Option<FoundKey>, StoreError> {
        let Some(row) = sqlx::query!(
            r#"SELECT org_id AS "org_id!", edition AS "edition!", kind AS "kind!", token_sha256 AS "token_sha256!",
                      scopes AS "scopes!", namespaces AS "namespaces!", expires_at, version AS "version!",
                      allowed_addresses AS "allowed_addresses!", limits AS "limits!"
               FROM control.lookup_key($1, $2)"#,
            id.uuid(),
            on_node.map(NodeId::uuid) as Option<uuid::Uuid>,
        )
        .fetch_optional(self.key_lookup_pool())
        .await?
        else {
            return Ok(None);
        };
        Ok(Some(FoundKey {
            edition: row.edition.parse().map_err(StoreError::corrupt)?,
            grant: Grant {
                key_id: id,
                version: u64::try_from(row.version).map_err(StoreError::corrupt)?,
                org_id: OrgId::from_uuid(row.org_id),
                token_sha256: row.token_sha256,
                kind: kind_of(&row.kind)?,
                scopes: scopes_of(&row.scopes)?,
                namespaces: row.namespaces.try_into().map_err(StoreError::corrupt)?,
                allowed_addresses: addresses_of(&row.allowed_addresses)?,
                limits: limits_of(row.limits)?,
                expires_at: row.expires_at,
            },
        }))
    }
}
