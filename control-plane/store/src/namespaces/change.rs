//! Steps in the life of a namespace, with what its node is told of them.

use agentdb_control_plane_contract::Suspension;
use agentdb_ids::{NamespaceId, NodeId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{LifeEvent, LifeRefusal, NamespaceRecord, NamespaceStatus};
use crate::{
    Jobs, OrgTx, StoreError,
    policy::{self, Subject},
};

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum NamespaceMove {
    /// It is made; this is the namespace now.
    Made(NamespaceRecord),
    /// It was so before.
    Nothing(NamespaceRecord),
    /// It cannot be made.
    Refused(LifeRefusal),
}

impl OrgTx {
    /// Lets `event` happen to a namespace, under the lock of its row, and tells its node. With `name` it gets that name,
    /// which no living namespace may have, if anything changes. `None` when it is not there. Call after
    /// [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn move_namespace(
        &mut self,
        id: NamespaceId,
        event: LifeEvent,
        name: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<NamespaceMove>, StoreError> {
        let Some(record) = self.lock_namespace(id).await? else { return Ok(None) };
        let next = match record.life.after(event) {
            Ok(next) if next == record.life => return Ok(Some(NamespaceMove::Nothing(record))),
            Ok(next) => next,
            Err(refusal) => return Ok(Some(NamespaceMove::Refused(refusal))),
        };
        let (from, to) = (record.status(), next.status);
        let moved = NamespaceRecord {
            name: name.map_or(record.name, str::to_owned),
            life: next,
            status_changed_at: if from == to { record.status_changed_at } else { now },
            version: record.version + 1,
            ..record
        };
        self.keep_moved(&moved).await?;
        if from != to {
            note(&mut self.tx, self.org_id, id, Some(from), to, now).await?;
        }
        self.tell_node(&moved, now).await?;
        Ok(Some(NamespaceMove::Made(moved)))
    }

    async fn keep_moved(&mut self, moved: &NamespaceRecord) -> Result<(), StoreError> {
        let suspended_by: Vec<String> =
            moved.life.suspended_by.iter().copied().map(Suspension::as_str).map(str::to_owned).collect();
        sqlx::query!(
            "UPDATE control.namespaces
             SET name = $3, status = $4, status_changed_at = $5, suspended_by = $6, deleted_at = $7, purge_after = $8,
                 version = version + 1
             WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            moved.id.uuid(),
            moved.name,
            moved.status().as_str(),
            moved.status_changed_at,
            &suspended_by,
            moved.life.deletion.map(|deletion| deletion.at),
            moved.life.deletion.map(|deletion| deletion.purge_after),
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn tell_node(&mut self, moved: &NamespaceRecord, now: DateTime<Utc>) -> Result<(), StoreError> {
        let assigned = sqlx::query_scalar!(
            "SELECT node_id FROM control.assignments WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            moved.id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        let Some(node_id) = assigned.map(NodeId::from_uuid) else { return Ok(()) };
        let cursor = policy::publish_to(&mut self.tx, node_id, self.org_id, Subject::Assignment(moved.id), now).await?;
        sqlx::query!(
            "UPDATE control.assignments SET state = $3, cursor = $4, changed_at = $5
             WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            moved.id.uuid(),
            moved.status().assignment_state(),
            cursor,
            now,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Whether the node that has the namespace, if there is one, has acted by all that was said of it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn is_namespace_heard(&mut self, id: NamespaceId) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT NOT EXISTS (
                   SELECT FROM control.assignments a JOIN control.nodes d ON d.node_id = a.node_id
                   WHERE a.org_id = $1 AND a.namespace_id = $2 AND a.cursor > d.acked_cursor) AS "heard!""#,
            self.org_id.uuid(),
            id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?)
    }
}

/// Keeps a step. In the transaction that makes it.
pub(super) async fn note(
    connection: &mut PgConnection,
    org_id: OrgId,
    id: NamespaceId,
    from: Option<NamespaceStatus>,
    to: NamespaceStatus,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO control.namespace_transitions (org_id, namespace_id, at, from_status, to_status)
         VALUES ($1, $2, $3, $4, $5)",
        org_id.uuid(),
        id.uuid(),
        at,
        from.map(NamespaceStatus::as_str),
        to.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Jobs {
    /// Deleted namespaces whose grace is over at `now`, at most `limit` of them, those that wait for longest first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespaces_past_grace(
        &self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(OrgId, NamespaceId)>, StoreError> {
        let rows = sqlx::query!(
            "SELECT org_id, namespace_id FROM control.namespaces
             WHERE status = 'deleting' AND purge_after <= $1 ORDER BY purge_after LIMIT $2",
            now,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (OrgId::from_uuid(row.org_id), NamespaceId::from_uuid(row.namespace_id)))
            .collect())
    }
}
