//! Namespaces and their place.

mod placement;

use agentdb_control_plane_contract::NamespacePattern;
use agentdb_ids::NamespaceId;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{OrgTx, StoreError};

pub use placement::Placement;

/// Where a namespace is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamespaceStatus {
    /// No node has taken it up yet.
    Creating,
    /// A node answers for it.
    Ready,
    /// Gone for data requests; its data are being removed.
    Deleting,
    /// Over; its name is free.
    Deleted,
}

impl NamespaceStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Creating, Self::Ready, Self::Deleting, Self::Deleted]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| StoreError::corrupt(format!("status `{text}`")))
    }
}

/// A namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct NamespaceRecord {
    /// Which.
    pub id: NamespaceId,
    /// Unique in its organisation until it is deleted.
    pub name: String,
    /// Where it is in its life.
    pub status: NamespaceStatus,
    /// An object of texts.
    pub labels: Value,
    /// Since when.
    pub created_at: DateTime<Utc>,
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
    labels: Value,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for NamespaceRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: NamespaceId::from_uuid(row.namespace_id),
            name: row.name,
            status: NamespaceStatus::parse(&row.status)?,
            labels: row.labels,
            created_at: row.created_at,
        })
    }
}

impl OrgTx {
    /// Namespaces within `reach` that are not deleted, by name in byte order, at most `limit` after `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespaces(
        &mut self,
        reach: &NamespacePattern,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT namespace_id, name, status, labels, created_at FROM control.namespaces
               WHERE org_id = $1 AND status <> 'deleted' AND ($2::text IS NULL OR name COLLATE "C" > $2)
                 AND CASE WHEN $4::text IS NULL THEN name = $5 ELSE starts_with(name, $4) END
               ORDER BY name COLLATE "C" LIMIT $3"#,
            self.org_id.uuid(),
            after,
            limit,
            reach.prefix(),
            reach.as_str(),
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// The namespace of this name that is not deleted.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespace(&mut self, name: &str) -> Result<Option<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT namespace_id, name, status, labels, created_at FROM control.namespaces
             WHERE org_id = $1 AND name = $2 AND status <> 'deleted'",
            self.org_id.uuid(),
            name,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// How many namespaces take up a place. Count under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_namespaces(&mut self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.namespaces
               WHERE org_id = $1 AND status IN ('creating', 'ready')"#,
            self.org_id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// Makes a namespace that no node serves yet. `None` when the name is taken.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_namespace(&mut self, new: &NewNamespace<'_>) -> Result<Option<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "INSERT INTO control.namespaces (namespace_id, org_id, name, status, labels, created_at)
             VALUES ($1, $2, $3, 'creating', $4, $5)
             ON CONFLICT (org_id, name) WHERE status <> 'deleted' DO NOTHING
             RETURNING namespace_id, name, status, labels, created_at",
            new.id.uuid(),
            self.org_id.uuid(),
            new.name,
            new.labels,
            new.created_at,
        )
        .fetch_optional(&mut *self.tx)
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Replaces the labels.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn set_labels(&mut self, id: NamespaceId, labels: &Value) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE control.namespaces SET labels = $3 WHERE org_id = $1 AND namespace_id = $2",
            self.org_id.uuid(),
            id.uuid(),
            labels,
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
