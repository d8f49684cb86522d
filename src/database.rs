//! Access to the metadata store: who logs in how, roles and migrations of both planes that keep something there.

mod client;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use agentdb_clock::Entropy;
use agentdb_control_plane_store::RolePasswords;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::{self, Secret};
use crate::data_dir::{DataDir, DataDirError};

/// What the stores apply; here only to tell whether they have.
static CONTROL_MIGRATIONS: Migrator = sqlx::migrate!("control-plane/store/migrations");
static BILLING_MIGRATIONS: Migrator = sqlx::migrate!("billing/server/migrations");

/// The database that a private PostgreSQL gets.
pub const NAME: &str = "agentdb";
/// Who starts with all rights in a private PostgreSQL.
pub const SUPERUSER: &str = "agentdb_superuser";

/// A request waits this long for a free connection before it is refused.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection in use gets this long to come back when the pools are closed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// Connections of the roles that work behind the scenes.
const JOBS_CONNECTIONS: u32 = 8;
const KEY_LOOKUP_CONNECTIONS: u32 = 4;
/// Connections to migrate and to look at the server.
const ADMIN_CONNECTIONS: u32 = 2;
/// Beside ours: what a private server keeps for its superuser, and a person with `psql` or `pg_dump`.
const OTHER_CONNECTIONS: u32 = 14;

/// Why the metadata store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("database.url is not a PostgreSQL address (postgres://user:password@host/database): {0}")]
    Address(String),
    #[error("cannot connect to PostgreSQL as {user}: {source}")]
    Connect { user: &'static str, source: sqlx::Error },
    #[error(
        "cannot make the roles of the service: {0}; the user of database.url must be allowed to create roles and schemas"
    )]
    Roles(sqlx::Error),
    #[error("{0}")]
    ControlPlane(#[from] agentdb_control_plane_store::MigrateError),
    #[error("{0}")]
    Billing(#[from] agentdb_billing_server::MigrateError),
}

/// How many connections a private server must take when requests use `max_connections`.
pub const fn private_connections(max_connections: u32) -> u32 {
    max_connections.saturating_add(JOBS_CONNECTIONS + KEY_LOOKUP_CONNECTIONS + ADMIN_CONNECTIONS + OTHER_CONNECTIONS)
}

/// Where the store is and what is needed to log in.
#[derive(Clone)]
pub struct Access {
    admin: PgConnectOptions,
    /// What PostgreSQL's own programs log in with.
    credentials: Vec<(&'static str, String)>,
    passwords: RolePasswords,
    max_connections: u32,
}

/// A pool for each role that serves.
pub struct Pools {
    pub app: PgPool,
    pub jobs: PgPool,
    pub key_lookup: PgPool,
}

impl Access {
    /// Of a server that somebody runs for us.
    pub fn configured(url: &Secret, passwords: RolePasswords, max_connections: u32) -> Result<Self, DatabaseError> {
        let admin =
            PgConnectOptions::from_str(url.expose()).map_err(|error| DatabaseError::Address(error.to_string()))?;
        Ok(Self { admin, credentials: client::credentials(url)?, passwords, max_connections })
    }

    /// Of the private server behind a unix socket.
    pub fn private(
        socket_dir: &std::path::Path,
        password: &Secret,
        passwords: RolePasswords,
        max_connections: u32,
    ) -> Self {
        let admin = PgConnectOptions::new_without_pgpass()
            .socket(socket_dir)
            .port(5432)
            .username(SUPERUSER)
            .password(password.expose())
            .database(NAME);
        let credentials = vec![("PGPASSWORD", password.expose().to_owned())];
        Self { admin, credentials, passwords, max_connections }
    }

    /// Another database of the same server.
    #[cfg(test)]
    pub fn in_database(mut self, name: &str) -> Self {
        self.admin = self.admin.database(name);
        self
    }

    /// Makes the database itself where it is missing; only for a private server.
    pub async fn create_database(&self) -> Result<(), DatabaseError> {
        let connect = |source| DatabaseError::Connect { user: "superuser", source };
        let mut connection = self.admin.clone().database("postgres").connect().await.map_err(connect)?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(NAME)
            .fetch_one(&mut connection)
            .await
            .map_err(connect)?;
        if !exists {
            sqlx::raw_sql("CREATE DATABASE agentdb").execute(&mut connection).await.map_err(connect)?;
        }
        sqlx::Connection::close(connection).await.map_err(connect)
    }

    /// Makes the roles and their schemas, and sets the passwords. Safe to run again.
    pub async fn ensure_roles(&self) -> Result<(), DatabaseError> {
        let admin = self.admin_pool().await?;
        agentdb_control_plane_store::ensure_roles(&admin, &self.passwords).await.map_err(DatabaseError::Roles)?;
        admin.close().await;
        Ok(())
    }

    /// Makes roles and brings all schemas up to date. Safe to run again and from several processes at once.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let admin = self.admin_pool().await?;
        agentdb_control_plane_store::ensure_roles(&admin, &self.passwords).await.map_err(DatabaseError::Roles)?;
        agentdb_control_plane_store::migrate(&admin).await?;
        agentdb_billing_server::migrate(&admin).await?;
        admin.close().await;
        Ok(())
    }

    /// How to connect as the user of `database.url`.
    pub const fn admin(&self) -> &PgConnectOptions {
        &self.admin
    }

    /// A few connections as the user of `database.url`.
    pub async fn admin_pool(&self) -> Result<PgPool, DatabaseError> {
        let connect = |source| DatabaseError::Connect { user: "the user of database.url", source };
        // A pool would say that it waited too long, not why.
        let first = self.admin.connect().await.map_err(connect)?;
        sqlx::Connection::close(first).await.map_err(connect)?;
        pool_options(ADMIN_CONNECTIONS).connect_with(self.admin.clone()).await.map_err(connect)
    }

    /// Pools for serving; they connect when they are used, so the service starts also while the store is away.
    pub fn pools(&self) -> Pools {
        let pool = |role: &str, password: &str, size| {
            pool_options(size).connect_lazy_with(self.admin.clone().username(role).password(password))
        };
        Pools {
            app: pool("agentdb_app", &self.passwords.app, self.max_connections),
            jobs: pool("agentdb_jobs", &self.passwords.jobs, JOBS_CONNECTIONS),
            key_lookup: pool("agentdb_key_lookup", &self.passwords.key_lookup, KEY_LOOKUP_CONNECTIONS),
        }
    }
}

impl Pools {
    /// Closes all connections. One that is still in use after [`CLOSE_PATIENCE`] is left to end with the process.
    pub async fn close(&self) {
        self.close_within(CLOSE_PATIENCE).await;
    }

    async fn close_within(&self, patience: Duration) {
        let closing = async { tokio::join!(self.app.close(), self.jobs.close(), self.key_lookup.close()) };
        if tokio::time::timeout(patience, closing).await.is_err() {
            tracing::warn!("connections to the database are still in use and are dropped");
        }
    }
}

fn pool_options(size: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// What `doctor` asks the database.
pub struct Health {
    /// The server's version, for example `15.8`.
    pub server: String,
    /// The same as a number, for example `150008`.
    pub server_version: i32,
    /// Migrations of this program that have been applied, of all planes.
    pub applied: usize,
    /// Migrations of this program that have not.
    pub missing: usize,
    /// Applied migrations that this program does not know: another version's.
    pub unknown: usize,
    /// Roles of ours that row-level security would not bind.
    pub unbound_roles: Vec<String>,
}

impl Access {
    /// To look at a server without being able to serve.
    pub fn to_look_at(url: &Secret) -> Result<Self, DatabaseError> {
        Self::configured(url, no_passwords(), 1)
    }

    /// The same for the private server.
    pub fn private_to_look_at(socket_dir: &std::path::Path, password: &Secret) -> Self {
        Self::private(socket_dir, password, no_passwords(), 1)
    }

    /// Looks at versions, migrations and roles.
    pub async fn health(&self) -> Result<Health, DatabaseError> {
        let pool = self.admin_pool().await?;
        let health = async {
            let server = sqlx::query_scalar("SHOW server_version").fetch_one(&pool).await?;
            let server_version =
                sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(&pool).await?;
            let (mut applied, mut missing, mut unknown) = (0, 0, 0);
            for (table, versions, embedded) in [
                (
                    "control._sqlx_migrations",
                    "SELECT version FROM control._sqlx_migrations WHERE success",
                    &CONTROL_MIGRATIONS,
                ),
                (
                    "billing._sqlx_migrations",
                    "SELECT version FROM billing._sqlx_migrations WHERE success",
                    &BILLING_MIGRATIONS,
                ),
            ] {
                let exists: bool =
                    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&pool).await?;
                let found: Vec<i64> =
                    if exists { sqlx::query_scalar(versions).fetch_all(&pool).await? } else { Vec::new() };
                let compared = compare(embedded.iter().map(|migration| migration.version), &found);
                (applied, missing, unknown) = (applied + compared.0, missing + compared.1, unknown + compared.2);
            }
            let unbound_roles = sqlx::query_scalar(
                "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'agentdb\\_%' AND rolname <> $1 \
                 AND (rolsuper OR rolbypassrls) AND rolname <> current_user ORDER BY rolname",
            )
            .bind(SUPERUSER)
            .fetch_all(&pool)
            .await?;
            Ok(Health { server, server_version, applied, missing, unknown, unbound_roles })
        };
        let outcome =
            health.await.map_err(|source| DatabaseError::Connect { user: "the user of database.url", source });
        pool.close().await;
        outcome
    }
}

/// Migrations by schema that this program does not have, as `control 17`.
pub fn unknown_migrations(applied: &BTreeMap<String, Vec<i64>>) -> Vec<String> {
    let mut unknown = Vec::new();
    for (schema, versions) in applied {
        let embedded = if schema == "billing" { &BILLING_MIGRATIONS } else { &CONTROL_MIGRATIONS };
        let known = |version: &i64| embedded.iter().any(|migration| migration.version == *version);
        unknown.extend(versions.iter().filter(|version| !known(version)).map(|version| format!("{schema} {version}")));
    }
    unknown
}

/// Of the versions in the program and those in the database: how many are in both, only here, only there.
fn compare(embedded: impl Iterator<Item = i64>, found: &[i64]) -> (usize, usize, usize) {
    let (known, missing): (Vec<i64>, Vec<i64>) = embedded.partition(|version| found.contains(version));
    let unknown = found.iter().filter(|version| !known.contains(version)).count();
    (known.len(), missing.len(), unknown)
}

fn no_passwords() -> RolePasswords {
    RolePasswords { app: String::new(), jobs: String::new(), key_lookup: String::new() }
}

/// The configured passwords of the roles that serve, or those kept in the data directory: for `agentdb up`, which both
/// makes the roles and uses them.
pub fn role_passwords(
    settings: &config::Database,
    data_dir: &DataDir,
    entropy: &dyn Entropy,
) -> Result<RolePasswords, DataDirError> {
    let password = |configured: &Option<Secret>, name| match configured {
        Some(secret) => Ok(secret.expose().to_owned()),
        None => data_dir.secret(name, entropy).map(|secret| secret.expose().to_owned()),
    };
    Ok(RolePasswords {
        app: password(&settings.app_password, "database-app")?,
        jobs: password(&settings.jobs_password, "database-jobs")?,
        key_lookup: password(&settings.key_lookup_password, "database-key-lookup")?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use crate::postgres::{PrivatePostgres, Superuser};

    use super::*;

    #[test]
    fn migrations_are_compared_one_by_one() {
        let applied = BTreeMap::from([("billing".to_owned(), vec![1, 7_777]), ("control".to_owned(), vec![1])]);
        assert_eq!(unknown_migrations(&applied), ["billing 7777"]);
        assert_eq!(compare([1, 2, 3].into_iter(), &[]), (0, 3, 0));
        assert_eq!(compare([1, 2, 3].into_iter(), &[1, 2, 3]), (3, 0, 0));
        assert_eq!(compare([1, 2, 3].into_iter(), &[1, 2, 4, 5]), (2, 1, 2));
        assert!(CONTROL_MIGRATIONS.iter().count() > 1 && BILLING_MIGRATIONS.iter().count() > 0);
    }

    /// The number of connections was fixed once, and a larger setting ran into it under load; a connection in use once held
    /// up the end of the program for as long as its query took.
    #[tokio::test]
    async fn a_private_server_takes_the_connections_of_the_setting_and_closing_them_is_bounded() {
        let root = tempfile::Builder::new().prefix("agentdb-pg-").tempdir_in("/tmp").unwrap();
        // Root's server runs as another user, who must be able to pass.
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let password = Secret::new("a password".to_owned());
        let superuser = Superuser { name: SUPERUSER.to_owned(), password: password.expose().to_owned() };
        let base = root.path().join("postgres");
        let postgres = PrivatePostgres::start(&base, &superuser, private_connections(100)).await.unwrap();
        let access = Access::private(postgres.socket_dir(), &password, no_passwords(), 100);
        access.create_database().await.unwrap();
        let pool = access.admin_pool().await.unwrap();
        let taken: i32 =
            sqlx::query_scalar("SELECT current_setting('max_connections')::int").fetch_one(&pool).await.unwrap();
        assert!(taken >= 100 + 8 + 4 + 2 + 3, "{taken}");

        let in_use = pool.acquire().await.unwrap();
        let pools = Pools { app: pool.clone(), jobs: pool.clone(), key_lookup: pool };
        let closing = pools.close_within(Duration::from_millis(100));
        tokio::time::timeout(Duration::from_secs(20), closing).await.expect("closed in time");
        drop(in_use);
        postgres.stop(Duration::from_secs(20)).await;
    }
}
