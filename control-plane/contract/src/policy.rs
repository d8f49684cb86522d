//! What a node is told: which namespaces it serves, under which limits, and which keys have changed.
//!
//! The feed is level-triggered. A node polls `GET /internal/v1/nodes/{node}/policy?cursor=C&wait_s=W`;
//! polling with a cursor tells the control plane that everything up to it is applied. Only removing data may
//! take longer: `&erasing=ns_…,ns_…` names the namespaces up to the cursor whose data are still there, at most
//! [`MAX_ERASING`], and leaving one out tells that its data are gone. Cursor 0, or one that is too old, is
//! answered with a snapshot, which has every removal that is not done; a poll with cursor 0 tells of none.
//! Once a minute the node compares digests.

use std::collections::HashSet;

use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{OrgPolicy, Suspension};

/// The most namespaces that a poll names as not removed yet. With more than that a node keeps its cursor back.
pub const MAX_ERASING: usize = 64;

/// What a node should do with a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// Answer for it.
    Serve,
    /// Refuse it and say why; its data stay.
    Suspend(Suspension),
    /// Refuse it as not there; its data stay, since its organisation may want it back.
    Retain,
    /// Finish, fold, and let go of it; its data stay.
    Drain,
    /// Refuse it as not there, and remove its data: the organisation deleted it.
    Delete,
}

impl AssignmentState {
    /// Whether the data are kept here for their organisation, and are stored at its expense.
    #[must_use]
    pub const fn keeps_data(self) -> bool {
        matches!(self, Self::Serve | Self::Suspend(_) | Self::Retain)
    }

    /// Whether the namespace has its name. Another one may have that of a deleted one.
    #[must_use]
    pub const fn has_name(self) -> bool {
        matches!(self, Self::Serve | Self::Suspend(_) | Self::Drain)
    }
}

/// A namespace placed on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The namespace.
    pub namespace_id: NamespaceId,
    /// The organisation that owns it.
    pub org_id: OrgId,
    /// Its name, unique in the organisation among those that are not deleted.
    pub name: String,
    /// Where its objects are, relative to the object store's root.
    pub prefix: String,
    /// Rises with every change of owner; fences the one before.
    pub generation: u64,
    /// What to do.
    pub state: AssignmentState,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PolicyEvent {
    /// A namespace was placed here, changed, or taken away.
    Assignment(Assignment),
    /// An organisation's edition, limits or standing changed.
    Organisation(OrgPolicy),
    /// A key changed: grants of it below `version` must not be used any more.
    KeyChanged {
        /// The key.
        key_id: ApiKeyId,
        /// The version that now holds.
        version: u64,
    },
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyBatch {
    /// Poll with this next.
    pub cursor: u64,
    /// Whether `events` is everything there is: what is not in it is not the node's.
    pub snapshot: bool,
    /// In order.
    pub events: Vec<PolicyEvent>,
    /// [`digest`] of the node's whole policy at `cursor`, when it was asked for.
    pub digest: Option<String>,
}

/// A short text that is equal for equal policies, whatever order they are given in. Namespaces that are to
/// be deleted are left out, since a node forgets them when it is done, and with them organisations that own
/// no other one: whether they are still known does not matter.
#[must_use]
pub fn digest<'a>(
    assignments: impl Iterator<Item = &'a Assignment>,
    organisations: impl Iterator<Item = &'a OrgPolicy>,
) -> String {
    let mut owners = HashSet::new();
    let mut lines: Vec<String> = assignments
        .filter(|a| a.state != AssignmentState::Delete)
        .inspect(|a| _ = owners.insert(a.org_id))
        .map(|a| format!("{} {} {} {} {:?}", a.namespace_id, a.org_id, a.name, a.generation, a.state))
        .collect();
    let owning = organisations.filter(|o| owners.contains(&o.org_id));
    lines.extend(owning.map(|o| format!("{} {}", o.org_id, o.version)));
    lines.sort_unstable();
    hex::encode(Sha256::digest(lines.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests {
    use agentdb_clock::{ManualClock, SeededEntropy};
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::{Edition, Limits, Standing};

    fn policy(org_id: OrgId, version: u64) -> OrgPolicy {
        let limits = Limits {
            namespaces: 1,
            api_keys: 1,
            members: 1,
            requests_per_second: 1,
            request_burst: 1,
            concurrent_requests: 1,
            query_milli_units_per_second: 1 << 40,
            query_milli_units_burst: 1 << 40,
            write_milli_units_per_second: 1 << 40,
            write_milli_units_burst: 1 << 40,
            fair_share: 1,
            vector_dimension: 4_096,
            storage_bytes: 1,
            collections_per_namespace: 1,
            history_days: 1,
            undelete_days: 1,
            query_milli_units_per_month: None,
            write_milli_units_per_month: None,
            embedding_tokens_per_month: None,
        };
        let (edition, standing) = (Edition::Community, Standing::Good);
        OrgPolicy { org_id, version, edition, features: [].into(), limits, standing }
    }

    #[test]
    fn the_digest_is_of_what_is_served_and_of_the_limits_it_is_served_under() {
        let (clock, entropy) = (ManualClock::at(DateTime::UNIX_EPOCH), SeededEntropy::new(1));
        let (org, other) = (OrgId::generate(&clock, &entropy), OrgId::generate(&clock, &entropy));
        let assignment = |org_id, state| Assignment {
            namespace_id: NamespaceId::generate(&clock, &entropy),
            org_id,
            name: "ns".to_owned(),
            prefix: "ns/1".to_owned(),
            generation: 1,
            state,
        };
        let (served, removed) = (assignment(org, AssignmentState::Serve), assignment(other, AssignmentState::Delete));
        let of = |assignments: &[&Assignment], organisations: &[OrgPolicy]| {
            digest(assignments.iter().copied(), organisations.iter())
        };
        let plain = of(&[&served], &[policy(org, 1)]);
        assert_eq!(of(&[&removed, &served], &[policy(other, 7), policy(org, 1)]), plain, "in any order");
        assert_eq!(of(&[&served], &[policy(org, 1), policy(other, 7)]), plain, "forgotten or not");
        assert_ne!(of(&[&served], &[policy(org, 2)]), plain, "a changed limit");
        assert_ne!(of(&[&served], &[]), plain, "a limit that is not known");
        assert_ne!(of(&[], &[policy(org, 1)]), plain);
        let mut digests = vec![plain];
        for state in [AssignmentState::Drain, AssignmentState::Retain]
            .into_iter()
            .chain(Suspension::ALL.into_iter().map(AssignmentState::Suspend))
        {
            digests.push(of(&[&Assignment { state, ..served.clone() }], &[policy(org, 1)]));
        }
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 6, "a state that differs is seen");
    }

    #[test]
    fn states_are_written_so_that_a_node_keeps_them_and_a_suspension_says_whose_it_is() {
        for (state, text) in [
            (AssignmentState::Serve, json!("serve")),
            (AssignmentState::Suspend(Suspension::Operator), json!({"suspend": "operator"})),
            (AssignmentState::Retain, json!("retain")),
            (AssignmentState::Drain, json!("drain")),
            (AssignmentState::Delete, json!("delete")),
        ] {
            assert_eq!(serde_json::to_value(state).expect("JSON"), text);
            assert_eq!(serde_json::from_value::<AssignmentState>(text).expect("a state"), state);
        }
    }
}
