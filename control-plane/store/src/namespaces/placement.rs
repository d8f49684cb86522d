//! Which node serves a namespace, and what follows when the node says that it does, or no longer does.

use agentdb_ids::{NamespaceId, NodeId, OrgId};
use chrono::{DateTime, Utc};

use crate::{
    Jobs, OrgTx, StoreError,
    policy::{self, Subject},
};

/// The most namespaces that one run places.
const PLACE_BATCH: i64 = 100;

/// Where a namespace was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The node.
    pub node_id: NodeId,
    /// Which owner in a row, from 1.
    pub generation: u64,
}

impl OrgTx {
    /// Gives a new namespace to the node with the fewest among those seen since `seen_since`, and tells it. `None`
    /// when there is no such node: a reconciler does it later.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn place_namespace(
        &mut self,
        id: NamespaceId,
        seen_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Placement>, StoreError> {
        place(&mut self.tx, self.org_id, id, seen_since, now).await
    }

    /// Ends a namespace: its name is refused to data requests from the moment that its node hears of it. Whether
    /// there was one to end.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn start_deleting(&mut self, id: NamespaceId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let ended = sqlx::query!(
            "UPDATE control.namespaces SET status = 'deleting'
             WHERE org_id = $1 AND namespace_id = $2 AND status IN ('creating', 'ready')",
            self.org_id.uuid(),
            id.uuid(),
        )
        .execute(&mut *self.tx)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        let assigned = sqlx::query_scalar!(
            "SELECT node_id FROM control.assignments WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        if let Some(node_id) = assigned.map(NodeId::from_uuid) {
            let cursor = policy::publish_to(&mut self.tx, node_id, self.org_id, Subject::Assignment(id), now).await?;
            sqlx::query!(
                "UPDATE control.assignments SET state = 'delete', cursor = $3, changed_at = $4
                 WHERE org_id = $1 AND namespace_id = $2",
                self.org_id.uuid(),
                id.uuid(),
                cursor,
                now,
            )
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(true)
    }
}

async fn place(
    connection: &mut sqlx::PgConnection,
    org_id: OrgId,
    id: NamespaceId,
    seen_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Placement>, StoreError> {
    let Some(node) =
        sqlx::query_scalar!("SELECT control.least_loaded_node($1)", seen_since).fetch_one(&mut *connection).await?
    else {
        return Ok(None);
    };
    let node_id = NodeId::from_uuid(node);
    // The organisation's limits come first, so that the node never serves without them.
    policy::publish_to(&mut *connection, node_id, org_id, Subject::Organization, now).await?;
    let cursor = policy::publish_to(&mut *connection, node_id, org_id, Subject::Assignment(id), now).await?;
    sqlx::query!(
        "INSERT INTO control.assignments (namespace_id, org_id, node_id, generation, state, cursor, changed_at)
         VALUES ($1, $2, $3, 1, 'serve', $4, $5)",
        id.uuid(),
        org_id.uuid(),
        node,
        cursor,
        now,
    )
    .execute(&mut *connection)
    .await?;
    Ok(Some(Placement { node_id, generation: 1 }))
}

impl Jobs {
    /// Places namespaces that found no node when they were made, at most a hundred a run. How many.
    ///
    /// # Errors
    /// When the store cannot be reached; what was placed stays so.
    pub async fn place_waiting(&self, seen_since: DateTime<Utc>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let waiting = sqlx::query!(
            "SELECT n.namespace_id, n.org_id FROM control.namespaces n
             WHERE n.status = 'creating'
               AND NOT EXISTS (SELECT FROM control.assignments a WHERE a.namespace_id = n.namespace_id)
             ORDER BY n.namespace_id LIMIT $1",
            PLACE_BATCH,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut placed = 0;
        for row in waiting {
            let (org_id, id) = (OrgId::from_uuid(row.org_id), NamespaceId::from_uuid(row.namespace_id));
            match self.place_one(org_id, id, seen_since, now).await? {
                Some(true) => placed += 1,
                Some(false) => {}
                None => break,
            }
        }
        Ok(placed)
    }

    /// Whether it was still to be placed; `None` when there is no node. One transaction for each, which locks the
    /// organisation, the namespace and the node in the order of all others.
    async fn place_one(
        &self,
        org_id: OrgId,
        id: NamespaceId,
        seen_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        sqlx::query!("SELECT org_id FROM control.organizations WHERE org_id = $1 FOR NO KEY UPDATE", org_id.uuid())
            .fetch_optional(&mut *tx)
            .await?;
        let waits = sqlx::query_scalar!(
            r#"SELECT NOT EXISTS (SELECT FROM control.assignments a WHERE a.namespace_id = n.namespace_id) AS "waits!"
               FROM control.namespaces n WHERE n.namespace_id = $1 AND n.status = 'creating' FOR NO KEY UPDATE OF n"#,
            id.uuid(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        if waits != Some(true) {
            return Ok(Some(false));
        }
        let placed = place(&mut tx, org_id, id, seen_since, now).await?;
        tx.commit().await?;
        Ok(placed.map(|_| true))
    }

    /// Follows what nodes have acknowledged: `creating` becomes `ready`; `deleting` becomes `deleted`, unless the node
    /// says that it still has the data. How many changed. Running it twice changes nothing more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn settle_namespaces(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let settled = sqlx::query!(
            "UPDATE control.namespaces n
             SET status = CASE n.status WHEN 'creating' THEN 'ready' ELSE 'deleted' END,
                 deleted_at = CASE n.status WHEN 'deleting' THEN $1::timestamptz END
             WHERE (n.status = 'creating' AND EXISTS (
                        SELECT FROM control.assignments a JOIN control.nodes d ON d.node_id = a.node_id
                        WHERE a.namespace_id = n.namespace_id AND a.state = 'serve' AND a.cursor <= d.acked_cursor))
                OR (n.status = 'deleting' AND NOT EXISTS (
                        SELECT FROM control.assignments a JOIN control.nodes d ON d.node_id = a.node_id
                        WHERE a.namespace_id = n.namespace_id
                          AND NOT (a.state = 'delete' AND a.cursor <= d.acked_cursor
                                   AND a.namespace_id <> ALL (d.erasing))))",
            now,
        )
        .execute(&self.pool)
        .await?;
        if settled.rows_affected() > 0 {
            policy::notify(&mut *self.pool.acquire().await?).await?;
        }
        Ok(settled.rows_affected())
    }
}
