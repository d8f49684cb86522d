//! Nodes of the data plane.

use agentdb_ids::{NamespaceId, NodeId};
use chrono::{DateTime, Utc};

use crate::{Jobs, StoreError};

/// Where a node is in its feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeCursors {
    /// The newest event there is for it.
    pub newest: u64,
    /// Whether this contact acknowledged something that was open before: an event, or a removal.
    pub advanced: bool,
}

impl Jobs {
    /// Notes that the node is there and has applied everything up to `applied`, but that it still has the data of the
    /// namespaces `erasing`. A node that is not known becomes known. `None` when the node says that it has applied what
    /// was never sent: it knows another database.
    ///
    /// Who has applied less than was acknowledged before does not know what is to be removed: a node that begins anew,
    /// or a request that comes late. Nothing is removed by that word, so the list that there was stays.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn hear_node(
        &self,
        node_id: NodeId,
        applied: u64,
        erasing: &[NamespaceId],
        now: DateTime<Utc>,
    ) -> Result<Option<NodeCursors>, StoreError> {
        let applied = i64::try_from(applied).unwrap_or(i64::MAX);
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        sqlx::query!(
            "INSERT INTO control.nodes (node_id, first_seen_at, last_seen_at) VALUES ($1, $2, $2)
             ON CONFLICT (node_id) DO NOTHING",
            node_id.uuid(),
            now,
        )
        .execute(&mut *tx)
        .await?;
        let node = sqlx::query!(
            "SELECT policy_cursor, acked_cursor, erasing FROM control.nodes WHERE node_id = $1 FOR NO KEY UPDATE",
            node_id.uuid()
        )
        .fetch_one(&mut *tx)
        .await?;
        let known = applied <= node.policy_cursor;
        let (acked, still) = if known && applied >= node.acked_cursor {
            (applied, erasing.iter().map(|id| id.uuid()).collect())
        } else {
            (node.acked_cursor, node.erasing.clone())
        };
        sqlx::query!(
            "UPDATE control.nodes SET last_seen_at = greatest(last_seen_at, $2), acked_cursor = $3, erasing = $4
             WHERE node_id = $1",
            node_id.uuid(),
            now,
            acked,
            &still,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(known.then_some(NodeCursors {
            newest: u64::try_from(node.policy_cursor).map_err(StoreError::corrupt)?,
            advanced: acked > node.acked_cursor || node.erasing.iter().any(|id| !still.contains(id)),
        }))
    }
}
