//! Namespaces: made and ended here, filled at their node.

pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod put;

mod labels;

use std::collections::BTreeMap;

use agentdb_control_plane_store::{NamespaceRecord, NamespaceStatus};
use agentdb_ids::{NamespaceId, OrgId};
use agentdb_problem::Problem;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which namespace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct NamespacePath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The namespace's name: 1 to 128 of `A-Za-z0-9._-`
    #[param(max_length = 128, pattern = "^[A-Za-z0-9._-]{1,128}$")]
    ns: String,
}

/// A namespace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Namespace {
    id: NamespaceId,
    name: String,
    status: Status,
    labels: BTreeMap<String, String>,
    created_at: DateTime<Utc>,
}

/// Where a namespace is in its life.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NamespaceStatus)]
enum Status {
    /// On its way: data operations do not find it yet.
    Creating,
    /// Data operations work.
    Ready,
    /// Data operations do not find it any more; its data are being removed.
    Deleting,
}

impl TryFrom<NamespaceRecord> for Namespace {
    type Error = Problem;

    fn try_from(record: NamespaceRecord) -> Result<Self, Problem> {
        Ok(Self {
            id: record.id,
            name: record.name,
            status: match record.status {
                NamespaceStatus::Creating => Status::Creating,
                NamespaceStatus::Ready => Status::Ready,
                NamespaceStatus::Deleting => Status::Deleting,
                NamespaceStatus::Deleted => return Err(Problem::not_found()),
            },
            labels: serde_json::from_value(record.labels).map_err(Problem::internal)?,
            created_at: record.created_at,
        })
    }
}
