//! The feed of what nodes must know.

mod changes;
mod feed;
mod state;

use agentdb_ids::{ApiKeyId, NamespaceId, NodeId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

pub use changes::PolicyChanges;
pub use feed::{Feed, FeedItem};
pub use state::PolicyState;

/// The channel on which listeners hear that something changed. It carries no content: they look for themselves.
pub(crate) const CHANNEL: &str = "agentdb_policy";

/// What an event is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    Assignment(NamespaceId),
    Organization,
    Key(ApiKeyId),
}

impl Subject {
    fn columns(self, org_id: OrgId) -> (&'static str, Uuid) {
        match self {
            Self::Assignment(id) => ("assignment", id.uuid()),
            Self::Organization => ("organization", org_id.uuid()),
            Self::Key(id) => ("key", id.uuid()),
        }
    }
}

/// Adds an event for one node; its row stays locked to the end of the transaction, so a reader never sees a later
/// event before an earlier one. The event's cursor.
pub(crate) async fn publish_to(
    connection: &mut PgConnection,
    node_id: NodeId,
    org_id: OrgId,
    subject: Subject,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let (kind, subject) = subject.columns(org_id);
    let cursor = sqlx::query_scalar!(
        "WITH node AS (
            UPDATE control.nodes SET policy_cursor = policy_cursor + 1 WHERE node_id = $1
            RETURNING node_id, policy_cursor)
         INSERT INTO control.policy_events (node_id, cursor, org_id, kind, subject, created_at)
         SELECT node_id, policy_cursor, $2, $3, $4, $5 FROM node
         RETURNING cursor",
        node_id.uuid(),
        org_id.uuid(),
        kind,
        subject,
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    notify(connection).await?;
    Ok(cursor)
}

/// Which nodes an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// All of them: any may hold a grant of a key.
    Everybody,
    /// Those that have, or had, a namespace of the organisation.
    NodesOfOrganization,
}

/// Adds an event about each subject for several nodes.
pub(crate) async fn publish_widely(
    connection: &mut PgConnection,
    audience: Audience,
    org_id: OrgId,
    subjects: &[Subject],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (kinds, ids): (Vec<_>, Vec<_>) = subjects
        .iter()
        .map(|subject| {
            let (kind, id) = subject.columns(org_id);
            (kind.to_owned(), id)
        })
        .unzip();
    // Always in the same order, so that two publishers never wait for each other.
    let nodes = sqlx::query_scalar!(
        "SELECT node_id FROM control.nodes
         WHERE $1 OR node_id IN (SELECT node_id FROM control.assignments WHERE org_id = $2)
         ORDER BY node_id FOR NO KEY UPDATE",
        audience == Audience::Everybody,
        org_id.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "WITH node AS (
            UPDATE control.nodes SET policy_cursor = policy_cursor + cardinality($4::uuid[]) WHERE node_id = ANY($1)
            RETURNING node_id, policy_cursor)
         INSERT INTO control.policy_events (node_id, cursor, org_id, kind, subject, created_at)
         SELECT n.node_id, n.policy_cursor - cardinality($4::uuid[]) + s.place, $2, s.kind, s.subject, $5
         FROM node n CROSS JOIN unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS s (kind, subject, place)",
        &nodes,
        org_id.uuid(),
        &kinds,
        &ids,
        now,
    )
    .execute(&mut *connection)
    .await?;
    notify(connection).await
}

/// Wakes the listeners when the transaction commits.
pub(crate) async fn notify(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(r#"SELECT pg_notify($1, '')::text AS "sent?""#, CHANNEL).fetch_one(connection).await?;
    Ok(())
}
