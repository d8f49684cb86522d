//! Reading a node's feed.

use std::collections::HashSet;

use agentdb_control_plane_contract::Assignment;
use agentdb_ids::{ApiKeyId, NodeId};
use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::state::{self, AssignmentRow, PolicyState};
use crate::{Jobs, OrganizationRecord, StoreError, organizations::OrganizationRow};

/// Changes of keys this young, revocations among them, are part of a snapshot: a node that starts anew may still hold
/// an older grant. Longer than a grant is usable without the control plane.
const KEY_CHANGES: Duration = Duration::hours(1);

/// The most changes of keys in a snapshot, the newest.
const MAX_KEY_CHANGES: i64 = 10_000;

/// Something a node must know, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedItem {
    /// A namespace that is, or was, the node's.
    Assignment(Assignment),
    /// An organisation's limits.
    Organization(OrganizationRecord),
    /// A key that changed, and its version now.
    Key(ApiKeyId, u64),
}

/// A part of a node's feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Everything up to here is contained.
    pub cursor: u64,
    /// Whether `items` is all there is.
    pub snapshot: bool,
    /// In order.
    pub items: Vec<FeedItem>,
    /// The node's whole policy at `cursor`, when it was asked for and `items` leaves nothing out.
    pub state: Option<PolicyState>,
}

impl Jobs {
    /// What happened after `cursor`, at most `limit` events; a snapshot for cursor 0 or one that is trimmed or never
    /// was. One consistent moment.
    ///
    /// # Errors
    /// When the store cannot be reached, or the node was never [heard](Self::hear_node).
    pub async fn read_feed(
        &self,
        node_id: NodeId,
        cursor: u64,
        limit: i64,
        with_state: bool,
        now: DateTime<Utc>,
    ) -> Result<Feed, StoreError> {
        let mut tx =
            agentdb_transaction::begin_with(&self.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let node =
            sqlx::query!("SELECT policy_cursor, trimmed_cursor FROM control.nodes WHERE node_id = $1", node_id.uuid())
                .fetch_one(&mut *tx)
                .await?;
        let newest = u64::try_from(node.policy_cursor).map_err(StoreError::corrupt)?;
        let trimmed = u64::try_from(node.trimmed_cursor).map_err(StoreError::corrupt)?;
        if cursor == 0 || cursor < trimmed || cursor > newest {
            return snapshot(&mut tx, node_id, newest, with_state, now).await;
        }
        let events = sqlx::query!(
            "SELECT cursor, kind, subject FROM control.policy_events
             WHERE node_id = $1 AND cursor > $2 ORDER BY cursor LIMIT $3",
            node_id.uuid(),
            i64::try_from(cursor).map_err(StoreError::corrupt)?,
            limit,
        )
        .fetch_all(&mut *tx)
        .await?;
        let reached = match events.last() {
            Some(event) => u64::try_from(event.cursor).map_err(StoreError::corrupt)?,
            None => cursor,
        };
        let mut items = Vec::with_capacity(events.len());
        let mut seen = HashSet::new();
        for event in events {
            // What it is now is the same however often it changed.
            if seen.insert(event.subject)
                && let Some(item) = item(&mut tx, node_id, &event.kind, event.subject).await?
            {
                items.push(item);
            }
        }
        let state = if with_state && reached == newest { Some(state::read(&mut tx, node_id).await?) } else { None };
        Ok(Feed { cursor: reached, snapshot: false, items, state })
    }
}

async fn snapshot(
    connection: &mut PgConnection,
    node_id: NodeId,
    newest: u64,
    with_state: bool,
    now: DateTime<Utc>,
) -> Result<Feed, StoreError> {
    let state = state::read(&mut *connection, node_id).await?;
    let changed = sqlx::query!(
        "SELECT key_id, version FROM control.api_keys WHERE revoked_at > $1 OR changed_at > $1
         ORDER BY greatest(revoked_at, changed_at) DESC LIMIT $2",
        now - KEY_CHANGES,
        MAX_KEY_CHANGES,
    )
    .fetch_all(connection)
    .await?;
    let organizations = state.organizations.iter().cloned().map(FeedItem::Organization);
    let assignments = state.assignments.iter().cloned().map(FeedItem::Assignment);
    let mut items: Vec<FeedItem> = organizations.chain(assignments).collect();
    for row in changed {
        let version = u64::try_from(row.version).map_err(StoreError::corrupt)?;
        items.push(FeedItem::Key(ApiKeyId::from_uuid(row.key_id), version));
    }
    Ok(Feed { cursor: newest, snapshot: true, items, state: with_state.then_some(state) })
}

async fn item(
    connection: &mut PgConnection,
    node_id: NodeId,
    kind: &str,
    subject: Uuid,
) -> Result<Option<FeedItem>, StoreError> {
    match kind {
        "assignment" => sqlx::query_as!(
            AssignmentRow,
            "SELECT a.namespace_id, a.org_id, n.name, a.generation, a.state, n.suspended_by
             FROM control.assignments a JOIN control.namespaces n ON n.namespace_id = a.namespace_id
             WHERE a.namespace_id = $1 AND a.node_id = $2",
            subject,
            node_id.uuid(),
        )
        .fetch_optional(connection)
        .await?
        .map(|row| row.try_into().map(FeedItem::Assignment))
        .transpose(),
        "organization" => sqlx::query_as!(
            OrganizationRow,
            "SELECT org_id, name, edition, standing, limit_overrides, policy_version, created_at
             FROM control.organizations WHERE org_id = $1",
            subject,
        )
        .fetch_optional(connection)
        .await?
        .map(|row| row.try_into().map(FeedItem::Organization))
        .transpose(),
        "key" => {
            let version = sqlx::query_scalar!("SELECT version FROM control.api_keys WHERE key_id = $1", subject)
                .fetch_optional(connection)
                .await?;
            version
                .map(|version| {
                    let version = u64::try_from(version).map_err(StoreError::corrupt)?;
                    Ok(FeedItem::Key(ApiKeyId::from_uuid(subject), version))
                })
                .transpose()
        }
        other => Err(StoreError::corrupt(format!("kind of event `{other}`"))),
    }
}
