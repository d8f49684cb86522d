use sqlx::{PgPool, migrate::Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection, or not allowed to act as the owner.
    #[error("cannot act as agentdb_owner, who owns the tables: {0}")]
    Owner(#[from] sqlx::Error),
    /// A migration failed or does not fit those applied before.
    #[error("a migration of billing failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Brings the schema `billing` up to date. `admin` logs in as somebody who may act as `agentdb_owner`; the tables belong
/// to that role. Safe to run again and from several processes at once: an advisory lock lets one work.
///
/// # Errors
/// When the database cannot be reached or a migration fails; what was applied before stays.
pub async fn migrate(admin: &PgPool) -> Result<(), MigrateError> {
    let mut connection = admin.acquire().await?.detach();
    sqlx::query("SET ROLE agentdb_owner").execute(&mut connection).await?;
    let mut migrator = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    // The control plane keeps its own record in its own schema.
    migrator.dangerous_set_table_name("billing._sqlx_migrations");
    migrator.run(&mut connection).await?;
    sqlx::Connection::close(connection).await?;
    Ok(())
}
