//! What follows when nodes say that they serve a namespace, or that nothing of it is left.

use chrono::{DateTime, Utc};

use super::{LifeEvent, NamespaceLife, NamespaceStatus};
use crate::{Jobs, StoreError, policy};

/// The most namespaces that one transaction settles.
const BATCH: usize = 1_000;

/// The most transactions of one run.
const BATCHES: usize = 100;

impl Jobs {
    /// Follows what nodes have acknowledged: `creating` becomes `ready`; `purging` becomes `deleted`, unless the node
    /// says that it still has the data. How many changed, at most a hundred thousand. Running it twice changes nothing
    /// more.
    ///
    /// # Errors
    /// When the store cannot be reached; what was settled stays so.
    pub async fn settle_namespaces(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut settled = 0;
        for _ in 0..BATCHES {
            let batch = self.settle_some(now).await?;
            settled += batch as u64;
            if batch < BATCH {
                break;
            }
        }
        Ok(settled)
    }

    async fn settle_some(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        // In one order, so that two who settle never wait for each other.
        let heard = sqlx::query!(
            "SELECT n.namespace_id, n.org_id, n.status FROM control.namespaces n
             WHERE (n.status = 'creating' AND EXISTS (
                        SELECT FROM control.assignments a JOIN control.nodes d ON d.node_id = a.node_id
                        WHERE a.namespace_id = n.namespace_id AND a.state = 'serve' AND a.cursor <= d.acked_cursor))
                OR (n.status = 'purging' AND NOT EXISTS (
                        SELECT FROM control.assignments a JOIN control.nodes d ON d.node_id = a.node_id
                        WHERE a.namespace_id = n.namespace_id
                          AND NOT (a.state = 'delete' AND a.cursor <= d.acked_cursor
                                   AND a.namespace_id <> ALL (d.erasing))))
             ORDER BY n.namespace_id LIMIT $1 FOR NO KEY UPDATE OF n",
            BATCH as i64,
        )
        .fetch_all(&mut *tx)
        .await?;
        let (mut orgs, mut ids, mut from, mut to) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in &heard {
            let status = NamespaceStatus::parse(&row.status)?;
            if let Some(next) = settled(status) {
                orgs.push(row.org_id);
                ids.push(row.namespace_id);
                from.push(status.as_str().to_owned());
                to.push(next.as_str().to_owned());
            }
        }
        if ids.is_empty() {
            return Ok(0);
        }
        sqlx::query!(
            "WITH moved AS (
                 SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
                     AS m (org_id, namespace_id, from_status, to_status)),
             noted AS (
                 INSERT INTO control.namespace_transitions (org_id, namespace_id, at, from_status, to_status)
                 SELECT org_id, namespace_id, $5, from_status, to_status FROM moved)
             UPDATE control.namespaces n SET status = m.to_status, status_changed_at = $5
             FROM moved m WHERE n.namespace_id = m.namespace_id",
            &orgs,
            &ids,
            &from,
            &to,
            now,
        )
        .execute(&mut *tx)
        .await?;
        policy::notify(&mut tx).await?;
        tx.commit().await?;
        Ok(heard.len())
    }
}

/// What a namespace becomes of which its node says that it has done as it was told; `None` when it stays what it is.
fn settled(status: NamespaceStatus) -> Option<NamespaceStatus> {
    let event = if status == NamespaceStatus::Creating { LifeEvent::NodeServes } else { LifeEvent::NodeErased };
    let life = NamespaceLife { status, ..NamespaceLife::begin() };
    life.after(event).ok().map(|next| next.status).filter(|next| *next != status)
}
