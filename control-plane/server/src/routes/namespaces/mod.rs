//! Namespaces: made, suspended and ended here, filled at their node.

pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod put;
pub(super) mod resume;
pub(super) mod suspend;
pub(super) mod undelete;
pub(super) mod update;

mod find;
mod labels;
mod moved;
mod wait;

use std::collections::{BTreeMap, BTreeSet};

use agentdb_control_plane_contract::Suspension;
use agentdb_control_plane_store::{NamespaceRecord, NamespaceStatus};
use agentdb_ids::{NamespaceId, OrgId};
use agentdb_problem::{Json, Problem};
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::version::etag;

/// Which namespace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct NamespacePath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart
    #[param(max_length = 128, pattern = "^[A-Za-z0-9._-]{1,128}$")]
    ns: String,
}

/// A namespace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Namespace {
    id: NamespaceId,
    /// Rises with every change that somebody asks for; in quotation marks it is the namespace's `ETag`.
    version: u64,
    /// Unique among those that are not deleted.
    name: String,
    status: Status,
    status_changed_at: DateTime<Utc>,
    /// On whose behalf it is suspended, or will be when it is had back.
    suspended_by: BTreeSet<Suspension>,
    labels: BTreeMap<String, String>,
    created_at: DateTime<Utc>,
    /// When it was deleted; null while it is not.
    deleted_at: Option<DateTime<Utc>>,
    /// Until then it can be had back; null while it is not deleted.
    purge_after: Option<DateTime<Utc>>,
}

/// Where a namespace is in its life.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NamespaceStatus)]
enum Status {
    /// On its way: no node has said yet that it serves it.
    Creating,
    /// Data operations work.
    Ready,
    /// Data operations are refused; the data stay.
    Suspended,
    /// Data operations do not find it; its data are kept, and it can be had back until `purge_after`.
    Deleting,
    /// It cannot be had back; its data are being removed.
    Purging,
    /// Nothing of it is left.
    Deleted,
}

impl From<NamespaceStatus> for Status {
    fn from(status: NamespaceStatus) -> Self {
        match status {
            NamespaceStatus::Creating => Self::Creating,
            NamespaceStatus::Ready => Self::Ready,
            NamespaceStatus::Suspended => Self::Suspended,
            NamespaceStatus::Deleting => Self::Deleting,
            NamespaceStatus::Purging => Self::Purging,
            NamespaceStatus::Deleted => Self::Deleted,
        }
    }
}

impl From<Status> for NamespaceStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Creating => Self::Creating,
            Status::Ready => Self::Ready,
            Status::Suspended => Self::Suspended,
            Status::Deleting => Self::Deleting,
            Status::Purging => Self::Purging,
            Status::Deleted => Self::Deleted,
        }
    }
}

impl TryFrom<NamespaceRecord> for Namespace {
    type Error = Problem;

    fn try_from(record: NamespaceRecord) -> Result<Self, Problem> {
        Ok(Self {
            id: record.id,
            version: record.version,
            status: record.status().into(),
            status_changed_at: record.status_changed_at,
            deleted_at: record.life.deletion.map(|deletion| deletion.at),
            purge_after: record.life.deletion.map(|deletion| deletion.purge_after),
            suspended_by: record.life.suspended_by,
            labels: serde_json::from_value(record.labels).map_err(Problem::internal)?,
            created_at: record.created_at,
            name: record.name,
        })
    }
}

/// A namespace with its version in the header `ETag`.
type Tagged = ([(HeaderName, HeaderValue); 1], Json<Namespace>);

/// See [`Tagged`].
fn tagged(record: NamespaceRecord) -> Result<Tagged, Problem> {
    Ok((etag(record.version)?, Json(record.try_into()?)))
}
