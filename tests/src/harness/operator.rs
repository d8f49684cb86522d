//! What an operator of the service does by SQL, since there is no other way yet.

use std::path::Path;
use std::str::FromStr as _;

use agentdb_ids::OrgId;
use anyhow::{Context as _, Result, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::Account;

/// A log-in to the service's database as a superuser.
pub struct Operator {
    options: PgConnectOptions,
}

impl Operator {
    /// Of the private PostgreSQL in a data directory: its socket and its password stand there.
    pub(super) async fn of_data_dir(data_dir: &Path) -> Result<Self> {
        let password = data_dir.join("secrets/postgres");
        let password = std::fs::read_to_string(&password).with_context(|| password.display().to_string())?;
        let options = PgConnectOptions::new_without_pgpass()
            .socket(data_dir.join("postgres/run"))
            .username("agentdb_superuser")
            .password(password.trim())
            .database("agentdb");
        Ok(Self { options })
    }

    /// Of a PostgreSQL with an address.
    pub(super) async fn at(url: &str) -> Result<Self> {
        Ok(Self { options: PgConnectOptions::from_str(url).context("the database's address")? })
    }

    /// A connection with all rights.
    pub async fn connect(&self) -> Result<PgConnection> {
        self.options.connect().await.context("the operator cannot log in")
    }
}

impl Operator {
    /// Raises an organisation's limits beyond what a test can reach. To be called before it has a namespace: a node
    /// learns of an organisation with its first one.
    pub async fn unbound(&self, account: &Account) -> Result<()> {
        let overrides = serde_json::json!({
            "namespaces": 1_000,
            "api_keys": 1_000,
            "members": 1_000,
            "requests_per_second": 1_000_000,
            "request_burst": 1_000_000,
            "query_milli_units_per_second": 1_u64 << 50,
            "query_milli_units_burst": 1_u64 << 50,
            "write_milli_units_per_second": 1_u64 << 50,
            "write_milli_units_burst": 1_u64 << 50,
            "concurrent_requests": 10_000,
            "vector_dimension": 4_096,
            "storage_bytes": 1_u64 << 50,
            "collections_per_namespace": 1_000,
            "query_milli_units_per_month": 1_u64 << 50,
            "write_milli_units_per_month": 1_u64 << 50,
            "embedding_tokens_per_month": 1_u64 << 50,
        });
        self.override_limits(&account.org, &overrides).await
    }

    /// Gives an organisation another edition, as the sales desk would.
    pub async fn subscribe(&self, account: &Account, edition: &str) -> Result<()> {
        let org: OrgId = account.org.parse().with_context(|| format!("{} is no organisation", account.org))?;
        let mut connection = self.connect().await?;
        let done = sqlx::query(
            "UPDATE control.organizations SET edition = $2, policy_version = policy_version + 1 WHERE org_id = $1",
        )
        .bind(org.uuid())
        .bind(edition)
        .execute(&mut connection)
        .await?;
        ensure!(done.rows_affected() == 1, "{} is not there", account.org);
        connection.close().await?;
        Ok(())
    }

    /// Sets the limits of an organisation that differ from its edition's.
    pub async fn override_limits(&self, org: &str, overrides: &serde_json::Value) -> Result<()> {
        let org: OrgId = org.parse().with_context(|| format!("{org} is no organisation"))?;
        let mut connection = self.connect().await?;
        let done = sqlx::query(
            "UPDATE control.organizations SET limit_overrides = $2, policy_version = policy_version + 1
             WHERE org_id = $1",
        )
        .bind(org.uuid())
        .bind(overrides)
        .execute(&mut connection)
        .await?;
        ensure!(done.rows_affected() == 1, "{org} is not there");
        connection.close().await?;
        Ok(())
    }
}
