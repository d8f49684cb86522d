use agentdb_ids::{AuditEventId, RequestId};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{OrgTx, StoreError};

/// Which events; what is `None` excludes nothing.
#[derive(Debug, Clone, Copy)]
pub struct AuditFilter<'a> {
    /// With this action.
    pub action: Option<&'a str>,
    /// With any action on this kind of thing.
    pub target_kind: Option<&'a str>,
    /// By whom: an identifier, or the name at the time.
    pub actor: Option<&'a str>,
    /// To what: an identifier, or the name at the time.
    pub target: Option<&'a str>,
    /// `done` or `refused`.
    pub outcome: Option<&'a str>,
    /// Then or later.
    pub from: DateTime<Utc>,
    /// Before then.
    pub to: Option<DateTime<Utc>>,
}

/// An event as it was kept. Words are texts, since another version of this program may have written ones that this one
/// does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Which.
    pub id: AuditEventId,
    /// When.
    pub at: DateTime<Utc>,
    /// `person`, `api_key` or `service`.
    pub actor_kind: String,
    /// Who, unless it was the service.
    pub actor_id: Option<String>,
    /// What they were called then: an address, or the name of a key.
    pub actor_name: Option<String>,
    /// From where.
    pub client_address: Option<String>,
    /// With what, as they said.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<RequestId>,
    /// See [`AuditAction`](crate::AuditAction).
    pub action: String,
    /// What kind of thing it was done to.
    pub target_kind: String,
    /// Which, if the request said so or it is known.
    pub target_id: Option<String>,
    /// What it was called then.
    pub target_name: Option<String>,
    /// `done` or `refused`.
    pub outcome: String,
    /// The code of a refusal.
    pub problem_code: Option<String>,
    /// Refusals before this one that were too many to be recorded.
    pub left_out: u32,
    /// What changed, by field.
    pub details: Value,
}

struct Row {
    event_id: uuid::Uuid,
    at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    client_address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<uuid::Uuid>,
    action: String,
    target_kind: String,
    target_id: Option<String>,
    target_name: Option<String>,
    outcome: String,
    problem_code: Option<String>,
    left_out: i32,
    details: Value,
}

impl TryFrom<Row> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: AuditEventId::from_uuid(row.event_id),
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            client_address: row.client_address,
            user_agent: row.user_agent,
            request_id: row.request_id.map(RequestId::from_uuid),
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            outcome: row.outcome,
            problem_code: row.problem_code,
            left_out: u32::try_from(row.left_out).map_err(StoreError::corrupt)?,
            details: row.details,
        })
    }
}

impl OrgTx {
    /// Events, newest first, at most `limit` before the event `before`. An event that is written meanwhile is never
    /// twice in a list, and takes no other out of it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn audit_events(
        &mut self,
        filter: &AuditFilter<'_>,
        before: Option<AuditEventId>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT event_id, at, actor_kind, actor_id, actor_name, client_address, user_agent, request_id, action,
                    target_kind, target_id, target_name, outcome, problem_code, left_out, details
             FROM control.audit_events
             WHERE org_id = $1 AND at >= $4 AND ($2::uuid IS NULL OR event_id < $2)
               AND ($5::timestamptz IS NULL OR at < $5)
               AND ($6::text IS NULL OR action = $6) AND ($7::text IS NULL OR target_kind = $7)
               AND ($8::text IS NULL OR actor_id = $8 OR actor_name = $8)
               AND ($9::text IS NULL OR target_id = $9 OR target_name = $9)
               AND ($10::text IS NULL OR outcome = $10)
             ORDER BY event_id DESC LIMIT $3",
            self.org_id.uuid(),
            before.map(AuditEventId::uuid),
            limit,
            filter.from,
            filter.to,
            filter.action,
            filter.target_kind,
            filter.actor,
            filter.target,
            filter.outcome,
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// The event, if it is not older than `from`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn audit_event(
        &mut self,
        id: AuditEventId,
        from: DateTime<Utc>,
    ) -> Result<Option<AuditRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT event_id, at, actor_kind, actor_id, actor_name, client_address, user_agent, request_id, action,
                    target_kind, target_id, target_name, outcome, problem_code, left_out, details
             FROM control.audit_events WHERE org_id = $1 AND event_id = $2 AND at >= $3",
            self.org_id.uuid(),
            id.uuid(),
            from,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }
}
