//! The audit log of an organisation.

pub(super) mod get;
pub(super) mod list;

mod params;

use agentdb_control_plane_contract::{OrgScope, Role};
use agentdb_control_plane_store::AuditRecord;
use agentdb_ids::{AuditEventId, RequestId};
use agentdb_problem::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::refusal::forbidden;

/// What was done or refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEvent {
    id: AuditEventId,
    at: DateTime<Utc>,
    actor: Actor,
    client: Client,
    /// The `request_id` of the answer.
    request_id: Option<RequestId>,
    /// The kind of thing, a dot, and what was done to it.
    #[schema(example = "api_key.create")]
    action: String,
    target: Target,
    /// `done`, or `refused`: then nothing has changed.
    #[schema(example = "done")]
    outcome: String,
    /// The code of the refusal.
    #[schema(example = "forbidden")]
    code: Option<String>,
    /// Refusals since the one before this that are not in the log, since there were too many at once.
    left_out: u32,
    /// By field what it was and what it became, `{"from": …, "to": …}`, of those that changed; `{"omitted": true}`
    /// where that is too long. No secrets.
    #[schema(value_type = Object)]
    details: Value,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct Actor {
    /// `person`, `api_key`, or `service` for what the service does of its own accord.
    #[schema(example = "person")]
    kind: String,
    /// Null for the service.
    #[schema(example = "usr_01j9z3k8m5v0q2r4t6w8y0a1b3")]
    id: Option<String>,
    /// At that time: a person's e-mail address, a key's name.
    name: Option<String>,
}

/// Where it came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditClient)]
struct Client {
    /// The IP address.
    address: Option<String>,
    /// As the client says; cut after 256 characters.
    user_agent: Option<String>,
}

/// What it was done to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditTarget)]
struct Target {
    /// The first part of the action.
    #[schema(example = "api_key")]
    kind: String,
    /// Null when a refused request did not say.
    #[schema(example = "key_01j9z3k8m5v0q2r4t6w8y0a1b3")]
    id: Option<String>,
    /// At that time; null when a refused request did not say.
    name: Option<String>,
}

impl From<AuditRecord> for AuditEvent {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.id,
            at: record.at,
            actor: Actor { kind: record.actor_kind, id: record.actor_id, name: record.actor_name },
            client: Client { address: record.client_address, user_agent: record.user_agent },
            request_id: record.request_id,
            action: record.action,
            target: Target { kind: record.target_kind, id: record.target_id, name: record.target_name },
            outcome: record.outcome,
            code: record.problem_code,
            left_out: record.left_out,
            details: record.details,
        }
    }
}

/// The log tells of everything in the organisation, and where its people are: those who answer for it read it.
fn may_read(scope: &OrgScope) -> Result<(), Problem> {
    if !matches!(scope.role, Role::Admin | Role::Owner) {
        return Err(forbidden("the role admin or owner"));
    }
    if !scope.whole_org {
        return Err(forbidden("a key that itself reaches every namespace"));
    }
    Ok(())
}
