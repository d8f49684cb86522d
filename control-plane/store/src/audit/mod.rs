//! The audit log: what was changed in an organisation and by whom, and what was refused.
//!
//! Owns the form of an event. Invariants: an event is written in the transaction of its change, so there is neither
//! without the other; it is never changed, and removed by age alone; it holds no secret, since nothing but the typed
//! fields of [`AuditDetails`] goes in.

mod action;
mod details;
mod list;
mod retention;

use std::net::IpAddr;

use agentdb_ids::{ApiKeyId, AuditEventId, InvitationId, NamespaceId, OrgId, RequestId, UserId};
use chrono::{DateTime, Utc};

use crate::{OrgTx, StoreError};

pub use action::AuditAction;
pub use details::AuditDetails;
pub use list::{AuditFilter, AuditRecord};

/// The longest name that is kept, in characters: that of an address of mail.
const NAME_MAX_LEN: usize = 254;

/// The longest user agent that is kept, in characters; what is longer is cut.
const USER_AGENT_MAX_LEN: usize = 256;

/// The longest identifier that a refused request may have named.
const ID_MAX_LEN: usize = 64;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActor {
    /// A signed-in person.
    Person(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// The service, of its own accord.
    Service,
}

/// Who does something, and how they came. The name they had is added by the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCaller {
    /// Who.
    pub actor: AuditActor,
    /// From where.
    pub client_address: Option<IpAddr>,
    /// With what, as they say.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<RequestId>,
}

/// An identifier that may be kept as that of a target.
pub trait AuditTargetId: Copy + std::fmt::Display {}

impl AuditTargetId for ApiKeyId {}
impl AuditTargetId for InvitationId {}
impl AuditTargetId for NamespaceId {}
impl AuditTargetId for OrgId {}
impl AuditTargetId for UserId {}

/// What something is done to; its kind is that of the action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditTarget {
    id: Option<String>,
    name: Option<String>,
}

impl AuditTarget {
    /// A thing that is there, under the name that people give it.
    #[must_use]
    pub fn of(id: impl AuditTargetId, name: &str) -> Self {
        Self { id: Some(id.to_string()), name: Some(plain(name, NAME_MAX_LEN)) }
    }

    /// What a refused request named, which need not be there. What cannot be an identifier or a name is not kept.
    #[must_use]
    pub fn sought(id: Option<&str>, name: Option<&str>) -> Self {
        let ours = |text: &&str| {
            text.len() <= ID_MAX_LEN && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let id = id.filter(ours).map(str::to_owned);
        Self { id, name: name.filter(|name| agentdb_ids::check_name(name).is_ok()).map(str::to_owned) }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It is so.
    Done,
    /// Nothing has changed.
    Refused {
        /// The code of the refusal.
        code: &'static str,
        /// Refusals before this one that were too many to be recorded.
        left_out: u32,
    },
}

/// An event to be kept.
#[derive(Debug, Clone, Copy)]
pub struct AuditEvent<'a> {
    /// Which.
    pub id: AuditEventId,
    /// Now.
    pub at: DateTime<Utc>,
    /// By whom.
    pub caller: &'a AuditCaller,
    /// What.
    pub action: AuditAction,
    /// To what.
    pub target: &'a AuditTarget,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// What it changed.
    pub details: &'a AuditDetails,
}

impl OrgTx {
    /// Keeps an event, which becomes true with what the transaction does. The address of a person and the name of a key
    /// are looked up here, as they are at this moment.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn record(&mut self, event: &AuditEvent<'_>) -> Result<(), StoreError> {
        let caller = event.caller;
        let (kind, actor_id, person, key) = match caller.actor {
            AuditActor::Person(id) => ("person", Some(id.to_string()), Some(id.uuid()), None),
            AuditActor::ApiKey(id) => ("api_key", Some(id.to_string()), None, Some(id.uuid())),
            AuditActor::Service => ("service", None, None, None),
        };
        let (outcome, code, left_out) = match event.outcome {
            AuditOutcome::Done => ("done", None, 0),
            AuditOutcome::Refused { code, left_out } => ("refused", Some(code), left_out),
        };
        let address = caller.client_address.map(|address| address.to_string());
        let user_agent = caller.user_agent.as_deref().map(|text| plain(text, USER_AGENT_MAX_LEN));
        let details = event.details.to_json();
        sqlx::query!(
            "INSERT INTO control.audit_events
                (org_id, event_id, at, actor_kind, actor_id, actor_name, client_address, user_agent, request_id,
                 action, target_kind, target_id, target_name, outcome, problem_code, left_out, details)
             VALUES ($1, $2, $3, $4, $5,
                     coalesce((SELECT u.email FROM control.users u WHERE u.user_id = $6),
                              (SELECT k.name FROM control.api_keys k WHERE k.org_id = $1 AND k.key_id = $7)),
                     $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            self.org_id.uuid(),
            event.id.uuid(),
            event.at,
            kind,
            actor_id.as_deref(),
            person,
            key,
            address.as_deref(),
            user_agent.as_deref(),
            caller.request_id.map(RequestId::uuid),
            event.action.as_str(),
            event.action.target_kind(),
            event.target.id.as_deref(),
            event.target.name.as_deref(),
            outcome,
            code,
            i32::try_from(left_out).unwrap_or(i32::MAX),
            details,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// At most so many characters of a text, none of them control characters.
fn plain(text: &str, max_len: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max_len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refused_request_names_is_kept_only_if_it_can_be_a_name() {
        let sought = AuditTarget::sought(Some("key_01j9z3k8m5v0q2r4t6w8y0a1b3"), Some("prod-eu"));
        assert_eq!(sought.id.as_deref(), Some("key_01j9z3k8m5v0q2r4t6w8y0a1b3"));
        assert_eq!(sought.name.as_deref(), Some("prod-eu"));
        for wrong in ["a\0b", "a b", "ä", "..", &"x".repeat(200)] {
            assert_eq!(AuditTarget::sought(Some(wrong), Some(wrong)), AuditTarget::default(), "{wrong}");
        }
    }

    #[test]
    fn texts_are_cut_at_characters_and_hold_no_control_characters() {
        assert_eq!(plain("a\u{0}ü\nc", 3), "aüc");
        assert_eq!(plain("üüüü", 3), "üüü");
    }
}
