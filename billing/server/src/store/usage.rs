use agentdb_control_plane_contract::Meter;
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Store, StoreError, UsageCursor, error::unsigned};

/// Which usage to sum, and how.
#[derive(Debug, Clone)]
pub(crate) struct UsageFilter {
    /// The first hour, in whole hours since the Unix epoch.
    pub from_hour: i64,
    /// The first hour after it.
    pub to_hour: i64,
    /// Hours in a row.
    pub bucket_hours: i64,
    /// Whether rows are kept apart by key.
    pub by_key: bool,
    /// Whether rows are kept apart by namespace.
    pub by_namespace: bool,
    /// This meter alone.
    pub meter: Option<Meter>,
    /// This key alone.
    pub key_id: Option<ApiKeyId>,
    /// This namespace alone.
    pub namespace_id: Option<NamespaceId>,
}

/// A row; ids are nil where rows are not kept apart by them.
#[derive(Debug, Clone)]
pub(crate) struct UsageSum {
    pub hour: i64,
    pub meter: String,
    pub namespace_id: Uuid,
    pub key_id: Uuid,
    pub quantity: u64,
}

/// A page of rows, and the sums by meter over all pages.
#[derive(Debug)]
pub(crate) struct FoundUsage {
    pub sums: Vec<UsageSum>,
    pub totals: Vec<(String, u64)>,
}

impl Store {
    /// At most `limit` rows after `after`, in the order of hour, meter, namespace, key.
    pub(crate) async fn usage(
        &self,
        org_id: OrgId,
        filter: &UsageFilter,
        after: Option<&UsageCursor>,
        limit: i64,
    ) -> Result<FoundUsage, StoreError> {
        let mut tx = self.org(org_id).await?;
        let meter = filter.meter.map(Meter::as_str);
        let key_id = filter.key_id.map(ApiKeyId::uuid);
        let namespace_id = filter.namespace_id.map(NamespaceId::uuid);
        // Before every row: hours are not negative.
        let after = after.cloned().unwrap_or(UsageCursor {
            hour: -1,
            meter: String::new(),
            namespace_id: Uuid::nil(),
            key_id: Uuid::nil(),
        });
        let rows = sqlx::query!(
            r#"
            SELECT bucket AS "hour!", meter AS "meter!", namespace_id AS "namespace_id!", key_id AS "key_id!",
                   sum(quantity)::bigint AS "quantity!"
            FROM (
                SELECT hour - mod(hour, $4) AS bucket, meter, quantity,
                       CASE WHEN $5 THEN namespace_id ELSE '00000000-0000-0000-0000-000000000000' END AS namespace_id,
                       CASE WHEN $6 THEN key_id ELSE '00000000-0000-0000-0000-000000000000' END AS key_id
                FROM billing.usage_hourly
                WHERE org_id = $1 AND hour >= greatest($2::bigint, $10::bigint) AND hour < $3
                  AND ($7::text IS NULL OR meter = $7)
                  AND ($8::uuid IS NULL OR namespace_id = $8)
                  AND ($9::uuid IS NULL OR key_id = $9)
            ) AS kept
            WHERE (bucket, meter, namespace_id, key_id) > ($10, $11, $12, $13)
            GROUP BY 1, 2, 3, 4
            ORDER BY 1, 2, 3, 4
            LIMIT $14
            "#,
            org_id.uuid(),
            filter.from_hour,
            filter.to_hour,
            filter.bucket_hours,
            filter.by_namespace,
            filter.by_key,
            meter,
            namespace_id,
            key_id,
            after.hour,
            after.meter,
            after.namespace_id,
            after.key_id,
            limit
        )
        .fetch_all(&mut *tx)
        .await?;
        let totals = totals(&mut tx, org_id, filter).await?;
        tx.commit().await?;
        let sums = rows.into_iter().map(|row| {
            Ok(UsageSum {
                hour: row.hour,
                meter: row.meter,
                namespace_id: row.namespace_id,
                key_id: row.key_id,
                quantity: unsigned(row.quantity)?,
            })
        });
        Ok(FoundUsage { sums: sums.collect::<Result<_, StoreError>>()?, totals })
    }
}

/// The sums by meter over all rows.
async fn totals(
    connection: &mut PgConnection,
    org_id: OrgId,
    filter: &UsageFilter,
) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT meter, sum(quantity)::bigint AS "quantity!" FROM billing.usage_hourly
        WHERE org_id = $1 AND hour >= $2 AND hour < $3 AND ($4::text IS NULL OR meter = $4)
          AND ($5::uuid IS NULL OR namespace_id = $5) AND ($6::uuid IS NULL OR key_id = $6)
        GROUP BY meter ORDER BY meter
        "#,
        org_id.uuid(),
        filter.from_hour,
        filter.to_hour,
        filter.meter.map(Meter::as_str),
        filter.namespace_id.map(NamespaceId::uuid),
        filter.key_id.map(ApiKeyId::uuid)
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.meter, unsigned(row.quantity)?))).collect()
}
