//! Access to the metadata store: who logs in how, roles and migrations of both planes that keep something there.

use std::str::FromStr;
use std::time::Duration;

use agentdb_clock::Entropy;
use agentdb_control_plane_store::RolePasswords;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::{self, Secret};
use crate::data_dir::{DataDir, DataDirError};

/// The database that a private PostgreSQL gets.
pub const NAME: &str = "agentdb";
/// Who starts with all rights in a private PostgreSQL.
pub const SUPERUSER: &str = "agentdb_superuser";

/// A request waits this long for a free connection before it is refused.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections of the roles that work behind the scenes.
const JOBS_CONNECTIONS: u32 = 8;
const KEY_LOOKUP_CONNECTIONS: u32 = 4;

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

/// Where the store is and what is needed to log in.
#[derive(Clone)]
pub struct Access {
    admin: PgConnectOptions,
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
        Ok(Self { admin, passwords, max_connections })
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
        Self { admin, passwords, max_connections }
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

    /// Makes roles and brings all schemas up to date. Safe to run again and from several processes at once.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let admin = self.admin_pool().await?;
        agentdb_control_plane_store::ensure_roles(&admin, &self.passwords).await.map_err(DatabaseError::Roles)?;
        agentdb_control_plane_store::migrate(&admin).await?;
        agentdb_billing_server::migrate(&admin).await?;
        admin.close().await;
        Ok(())
    }

    /// A few connections as the user of `database.url`.
    pub async fn admin_pool(&self) -> Result<PgPool, DatabaseError> {
        let connect = |source| DatabaseError::Connect { user: "the user of database.url", source };
        // A pool would say that it waited too long, not why.
        let first = self.admin.connect().await.map_err(connect)?;
        sqlx::Connection::close(first).await.map_err(connect)?;
        pool_options(2).connect_with(self.admin.clone()).await.map_err(connect)
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
    /// Closes all connections.
    pub async fn close(&self) {
        self.app.close().await;
        self.jobs.close().await;
        self.key_lookup.close().await;
    }
}

fn pool_options(size: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// What `doctor` asks the database.
pub struct Health {
    /// The server's version, for example `15.8`.
    pub server: String,
    /// Migrations that have been applied, of all planes.
    pub migrations: i64,
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
            let mut migrations = 0;
            for (table, count) in [
                ("control._sqlx_migrations", "SELECT count(*) FROM control._sqlx_migrations WHERE success"),
                ("billing._sqlx_migrations", "SELECT count(*) FROM billing._sqlx_migrations WHERE success"),
            ] {
                let exists: bool =
                    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&pool).await?;
                if exists {
                    migrations += sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await?;
                }
            }
            let unbound_roles = sqlx::query_scalar(
                "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'agentdb\\_%' AND rolname <> $1 \
                 AND (rolsuper OR rolbypassrls) AND rolname <> current_user ORDER BY rolname",
            )
            .bind(SUPERUSER)
            .fetch_all(&pool)
            .await?;
            Ok(Health { server, migrations, unbound_roles })
        };
        let outcome =
            health.await.map_err(|source| DatabaseError::Connect { user: "the user of database.url", source });
        pool.close().await;
        outcome
    }
}

fn no_passwords() -> RolePasswords {
    RolePasswords { app: String::new(), jobs: String::new(), key_lookup: String::new() }
}

/// The configured passwords of the roles that serve, or those kept in the data directory.
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
