//! Namespaces: made and ended here, filled at their node.

pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod put;

mod labels;

use std::collections::BTreeMap;

use agentdb_control_plane_store::{NamespaceRecord, NamespaceStatus};
use agentdb_ids::NamespaceId;
use agentdb_problem::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

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
