//! What a node is told: which namespaces it serves, under which limits, and which keys have changed.
//!
//! The feed is level-triggered. A node polls `GET /internal/v1/nodes/{node}/policy?cursor=C&wait_s=W`;
//! polling with a cursor tells the control plane that everything up to it is applied. Cursor 0, or one
//! that is too old, is answered with a snapshot. Once a minute the node compares digests.

use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::OrgPolicy;

/// What a node should do with a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// Answer for it.
    Serve,
    /// Finish, fold, and let go of it; its data stay.
    Drain,
    /// Refuse it as not there, and remove its data: the organisation deleted it.
    Delete,
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
/// be deleted are left out, since a node forgets them when it is done.
#[must_use]
pub fn digest<'a>(
    assignments: impl Iterator<Item = &'a Assignment>,
    organisations: impl Iterator<Item = &'a OrgPolicy>,
) -> String {
    let mut lines: Vec<String> = assignments
        .filter(|a| a.state != AssignmentState::Delete)
        .map(|a| format!("{} {} {} {} {:?}", a.namespace_id, a.org_id, a.name, a.generation, a.state))
        .chain(organisations.map(|o| format!("{} {}", o.org_id, o.version)))
        .collect();
    lines.sort_unstable();
    hex::encode(Sha256::digest(lines.join("\n").as_bytes()))
}
