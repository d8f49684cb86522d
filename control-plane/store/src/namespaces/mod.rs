//! Namespaces: what they are called, where they are in their life, and which node has them.

mod change;
mod life;
mod list;
mod placement;
mod settle;

use std::collections::BTreeSet;

use agentdb_control_plane_contract::Suspension;
use agentdb_ids::NamespaceId;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{OrgTx, StoreError};

pub use change::NamespaceMove;
pub use life::{Deletion, LifeEvent, LifeRefusal, NamespaceLife, NamespaceStatus};
pub use list::{LabelFilter, NamespaceFilter};
pub use placement::Placement;

/// A namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct NamespaceRecord {
    /// Which.
    pub id: NamespaceId,
    /// Unique in its organisation among those that are living.
    pub name: String,
    /// Where it is in its life.
    pub life: NamespaceLife,
    /// Since when it is there.
    pub status_changed_at: DateTime<Utc>,
    /// Rises with every change that somebody asks for.
    pub version: u64,
    /// An object of texts.
    pub labels: Value,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl NamespaceRecord {
    /// Where it is in its life.
    #[must_use]
    pub const fn status(&self) -> NamespaceStatus {
        self.life.status
    }
}

/// A namespace to be made.
#[derive(Debug)]
pub struct NewNamespace<'a> {
    /// Which.
    pub id: NamespaceId,
    /// Its name.
    pub name: &'a str,
    /// An object of texts.
    pub labels: &'a Value,
    /// Now.
    pub created_at: DateTime<Utc>,
}

struct Row {
    namespace_id: uuid::Uuid,
    name: String,
    status: String,
    status_changed_at: DateTime<Utc>,
    suspended_by: Vec<String>,
    deleted_at: Option<DateTime<Utc>>,
    purge_after: Option<DateTime<Utc>>,
    version: i64,
    labels: Value,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for NamespaceRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let deletion = row.deleted_at.zip(row.purge_after).map(|(at, purge_after)| Deletion { at, purge_after });
        Ok(Self {
            id: NamespaceId::from_uuid(row.namespace_id),
            name: row.name,
            life: NamespaceLife {
                status: NamespaceStatus::parse(&row.status)?,
                suspended_by: suspensions_of(&row.suspended_by)?,
                deletion,
            },
            status_changed_at: row.status_changed_at,
            version: u64::try_from(row.version).map_err(StoreError::corrupt)?,
            labels: row.labels,
            created_at: row.created_at,
        })
    }
}

pub(crate) fn suspensions_of(texts: &[String]) -> Result<BTreeSet<Suspension>, StoreError> {
    texts.iter().map(|text| text.parse().map_err(StoreError::corrupt)).collect()
}

impl OrgTx {
    /// The living namespace of this name.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespace(&mut self, name: &str) -> Result<Option<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                    labels, created_at
             FROM control.namespaces
             WHERE org_id = $1 AND name = $2 AND status IN ('creating', 'ready', 'suspended')",
            self.org_id.uuid(),
            name,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// The namespace of this id, wherever it is in its life.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespace_by_id(&mut self, id: NamespaceId) -> Result<Option<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                    labels, created_at
             FROM control.namespaces WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// The namespace of this id, whose row is locked to the end of the transaction. Call after
    /// [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn lock_namespace(&mut self, id: NamespaceId) -> Result<Option<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                    labels, created_at
             FROM control.namespaces WHERE org_id = $1 AND namespace_id = $2 FOR NO KEY UPDATE",
            self.org_id.uuid(),
            id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Makes a namespace that no node serves yet. `None` when the name is taken.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_namespace(&mut self, new: &NewNamespace<'_>) -> Result<Option<NamespaceRecord>, StoreError> {
        let begun = NamespaceLife::begin().status.as_str();
        let Some(row) = sqlx::query_as!(
            Row,
            "INSERT INTO control.namespaces
                (namespace_id, org_id, name, status, status_changed_at, labels, created_at)
             VALUES ($1, $2, $3, $6, $5, $4, $5)
             ON CONFLICT (org_id, name) WHERE status IN ('creating', 'ready', 'suspended') DO NOTHING
             RETURNING namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                       labels, created_at",
            new.id.uuid(),
            self.org_id.uuid(),
            new.name,
            new.labels,
            new.created_at,
            begun,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        else {
            return Ok(None);
        };
        change::note(&mut self.tx, self.org_id, new.id, None, NamespaceStatus::Creating, new.created_at).await?;
        row.try_into().map(Some)
    }

    /// Replaces the labels; the version is then one more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn set_labels(&mut self, id: NamespaceId, labels: &Value) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE control.namespaces SET labels = $3, version = version + 1 WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            id.uuid(),
            labels,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
