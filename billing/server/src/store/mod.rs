//! Every SQL statement of billing.

mod error;
mod intake;
mod migrate;
mod month;
mod usage;
mod usage_cursor;

pub use migrate::{MigrateError, migrate};

pub(crate) use error::StoreError;
pub(crate) use intake::MAX_VALUE;
pub(crate) use usage::{UsageFilter, UsageSum};
pub(crate) use usage_cursor::UsageCursor;

use agentdb_ids::OrgId;
use sqlx::{Postgres, Transaction};

use crate::Pools;

/// The store as its two roles.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pools: Pools,
}

impl Store {
    pub(crate) const fn new(pools: Pools) -> Self {
        Self { pools }
    }

    /// A transaction that sees one organisation; row-level security reads the setting.
    async fn org(&self, org_id: OrgId) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pools.app).await?;
        sqlx::query!(r#"SELECT set_config('app.org_id', $1::text, true) AS "set!""#, org_id.uuid().to_string())
            .fetch_one(&mut *tx)
            .await?;
        Ok(tx)
    }
}
