//! Finding namespaces, and counting them.

use agentdb_control_plane_contract::NamespacePattern;
use agentdb_ids::NamespaceId;

use super::{NamespaceRecord, NamespaceStatus, Row};
use crate::{OrgTx, StoreError};

/// A label that a namespace must have.
#[derive(Debug, Clone, Copy)]
pub struct LabelFilter<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value; any when there is none.
    pub value: Option<&'a str>,
}

/// Which namespaces.
#[derive(Debug, Clone, Copy)]
pub struct NamespaceFilter<'a> {
    /// Within it.
    pub reach: &'a NamespacePattern,
    /// Those that are there in their lives; the living when there is none.
    pub status: Option<NamespaceStatus>,
    /// Those that have it.
    pub label: Option<LabelFilter<'a>>,
}

impl OrgTx {
    /// Namespaces by name in byte order, those of one name by id, at most `limit` after `after`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn namespaces(
        &mut self,
        filter: &NamespaceFilter<'_>,
        after: Option<(&str, NamespaceId)>,
        limit: i64,
    ) -> Result<Vec<NamespaceRecord>, StoreError> {
        let (after_name, after_id) = (after.map(|(name, _)| name), after.map(|(_, id)| id.uuid()));
        sqlx::query_as!(
            Row,
            r#"SELECT namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                      labels, created_at
               FROM control.namespaces
               WHERE org_id = $1
                 AND CASE WHEN $6::text IS NULL THEN status IN ('creating', 'ready', 'suspended') ELSE status = $6 END
                 AND ($2::text IS NULL OR (name COLLATE "C", namespace_id) > ($2, $3::uuid))
                 AND CASE WHEN $4::text IS NULL THEN name = $5 ELSE starts_with(name, $4) END
                 AND ($7::text IS NULL
                      OR CASE WHEN $8::text IS NULL THEN labels ? $7 ELSE labels ->> $7 = $8 END)
               ORDER BY name COLLATE "C", namespace_id LIMIT $9"#,
            self.org_id.uuid(),
            after_name,
            after_id,
            filter.reach.prefix(),
            filter.reach.as_str(),
            filter.status.map(NamespaceStatus::as_str),
            filter.label.map(|label| label.key),
            filter.label.and_then(|label| label.value),
            limit,
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// The namespaces of this name that are deleted and not purged, at most `limit` of them, what was deleted last first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn deleted_namespaces_of(&mut self, name: &str, limit: i64) -> Result<Vec<NamespaceRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT namespace_id, name, status, status_changed_at, suspended_by, deleted_at, purge_after, version,
                    labels, created_at
             FROM control.namespaces WHERE org_id = $1 AND name = $2 AND status = 'deleting'
             ORDER BY deleted_at DESC, namespace_id DESC LIMIT $3",
            self.org_id.uuid(),
            name,
            limit,
        )
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// How many namespaces take up a place: the living. Count under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_namespaces(&mut self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.namespaces
               WHERE org_id = $1 AND status IN ('creating', 'ready', 'suspended')"#,
            self.org_id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// How many namespaces are deleted and not gone. Count under [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_deleted_namespaces(&mut self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.namespaces
               WHERE org_id = $1 AND status IN ('deleting', 'purging')"#,
            self.org_id.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }
}
