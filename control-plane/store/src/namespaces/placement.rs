//! Which node serves a namespace.

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
}
