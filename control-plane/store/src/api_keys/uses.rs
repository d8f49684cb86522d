//! When and from where keys were last used.

use agentdb_control_plane_contract::KeyUse;
use agentdb_ids::NodeId;
use chrono::{DateTime, Utc};

use crate::{Jobs, StoreError};

impl Jobs {
    /// Keeps what was seen of keys, as far as it is newer than what is known; what is of the future is of now. With
    /// `on_node` it keeps nothing of keys that the node would be [given no grant of](crate::Stores::find_key), and in
    /// no case of the console's. How many uses it kept.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn keep_key_uses(
        &self,
        on_node: Option<NodeId>,
        uses: &[KeyUse],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let ids: Vec<_> = uses.iter().map(|used| used.key_id.uuid()).collect();
        let times: Vec<_> = uses.iter().map(|used| used.at).collect();
        let addresses: Vec<_> =
            uses.iter().map(|used| used.address.map_or_else(String::new, |address| address.to_string())).collect();
        // In the order of keys, so that two reports never wait for each other.
        let kept = sqlx::query!(
            "INSERT INTO control.key_uses AS u (key_id, org_id, last_used_at, last_used_address)
             SELECT DISTINCT ON (k.key_id) k.key_id, k.org_id, least(r.at, $5), nullif(r.address, '')
             FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS r (key_id, at, address)
             JOIN control.api_keys k ON k.key_id = r.key_id
             WHERE k.kind = 'api' AND k.revoked_at IS NULL
               AND ($1::uuid IS NULL
                    OR EXISTS (SELECT FROM control.assignments a
                               WHERE a.org_id = k.org_id AND a.node_id = $1 AND a.state <> 'delete')
                    OR NOT EXISTS (SELECT FROM control.assignments a
                                   WHERE a.org_id = k.org_id AND a.state <> 'delete'))
             ORDER BY k.key_id, r.at DESC
             ON CONFLICT (key_id) DO UPDATE
             SET last_used_at = excluded.last_used_at, last_used_address = excluded.last_used_address
             WHERE u.last_used_at < excluded.last_used_at",
            on_node.map(NodeId::uuid) as Option<uuid::Uuid>,
            &ids,
            &times,
            &addresses,
            now,
        )
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected())
    }
}
