use std::collections::BTreeMap;

use agentdb_billing_rating::Period;
use agentdb_control_plane_contract::{Meter, MonthTotals};
use agentdb_ids::OrgId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Store, StoreError, error::unsigned};

impl Store {
    /// What an organisation has used in a month, by meter.
    pub(crate) async fn month(&self, org_id: OrgId, start_hour: i64) -> Result<Vec<(String, u64)>, StoreError> {
        let mut tx = self.org(org_id).await?;
        let rows = sqlx::query!(
            "SELECT meter, quantity FROM billing.usage_monthly WHERE org_id = $1 AND month_start_hour = $2",
            org_id.uuid(),
            start_hour
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        rows.into_iter().map(|row| Ok((row.meter, unsigned(row.quantity)?))).collect()
    }
}

/// Totals of many organisations for the month, each organisation once and also when it has used nothing.
pub(super) async fn totals(
    connection: &mut PgConnection,
    orgs: impl Iterator<Item = OrgId>,
    month: Period,
) -> Result<Vec<MonthTotals>, StoreError> {
    let mut totals: BTreeMap<Uuid, MonthTotals> = orgs.map(|org_id| (org_id.uuid(), nothing(org_id, month))).collect();
    let ids: Vec<Uuid> = totals.keys().copied().collect();
    let rows = sqlx::query!(
        "SELECT org_id, meter, quantity FROM billing.usage_monthly WHERE org_id = ANY($1) AND month_start_hour = $2",
        &ids,
        month.start_hour()
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let quantity = unsigned(row.quantity)?;
        let Some(total) = totals.get_mut(&row.org_id) else { continue };
        match row.meter.parse() {
            Ok(Meter::Query) => total.query = quantity,
            Ok(Meter::Write) => total.write = quantity,
            Ok(Meter::EmbeddingTokens) => total.embedding_tokens = quantity,
            // No limit depends on the others.
            Ok(Meter::StorageByteHours | Meter::EgressBytes) | Err(_) => {}
        }
    }
    Ok(totals.into_values().collect())
}

const fn nothing(org_id: OrgId, month: Period) -> MonthTotals {
    MonthTotals {
        org_id,
        month_start_hour: month.start_hour(),
        month_end_hour: month.end_hour(),
        query: 0,
        write: 0,
        embedding_tokens: 0,
    }
}
