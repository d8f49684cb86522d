use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::contents::{Contents, tables};
use super::manifest::{DUMP, Manifest};
use super::tool::Tool;
use super::{BackupError, SCHEMAS, connection};
use crate::database::{Access, unknown_migrations};

/// A connection of a process that was just stopped takes a moment to go.
const GOING: Duration = Duration::from_secs(2);

/// Brings back what is in the backup: schemas, rows, owners, grants and policies, and the roles they name, which get the
/// configured passwords. In a database that is not empty only when `replace` is its name. What was there before stays
/// beside it until everything has been compared with the manifest, and comes back if anything goes wrong, also when the
/// restore was cut short and is run again.
pub async fn load(access: &Access, directory: &Path, replace: Option<&str>) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(directory)?;
    refuse_newer(&manifest, directory)?;
    let mut database = connection::open(access).await?;
    let tool = Tool::find("pg_restore", manifest.pg_dump_major, access)?;
    nobody_else(&mut database).await?;
    put_back(&mut database).await?;
    may_replace(&mut database, replace).await?;
    set_aside(&mut database).await?;
    let restored = async {
        restore(access, &mut database, &tool, directory).await?;
        let found = Contents::read(&mut database).await?;
        if let Some(difference) = manifest.contents.difference(&found) {
            return Err(BackupError::Different(difference));
        }
        // An older backup is brought up to date.
        access.migrate().await?;
        Ok(())
    };
    if let Err(error) = restored.await {
        undo(&mut database).await?;
        return Err(error);
    }
    // At once: one that is left would be taken for a restore that was cut short.
    let before = SCHEMAS.map(aside).join(", ");
    execute(&mut database, format!("DROP SCHEMA IF EXISTS {before} CASCADE")).await?;
    database.close().await?;
    Ok(manifest)
}

/// A newer program's schema is not this one's to serve.
fn refuse_newer(manifest: &Manifest, directory: &Path) -> Result<(), BackupError> {
    let unknown = unknown_migrations(&manifest.contents.migrations);
    if unknown.is_empty() {
        return Ok(());
    }
    let why = format!("it was taken by a newer program (migrations {}); restore it with that one", unknown.join(", "));
    Err(BackupError::NotABackup { path: directory.to_path_buf(), why })
}

/// Of two restores one works, and none while a service does.
async fn nobody_else(database: &mut PgConnection) -> Result<(), BackupError> {
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended('agentdb restore', 0))")
        .fetch_one(&mut *database)
        .await?;
    if !alone {
        return Err(BackupError::InUse(1));
    }
    let deadline = tokio::time::Instant::now() + GOING;
    loop {
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
             AND usename IN ('agentdb_app', 'agentdb_jobs', 'agentdb_key_lookup')",
        )
        .fetch_one(&mut *database)
        .await?;
        if others == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(BackupError::InUse(others));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn may_replace(database: &mut PgConnection, replace: Option<&str>) -> Result<(), BackupError> {
    let name: String = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut *database).await?;
    match replace {
        Some(said) if said == name => Ok(()),
        Some(said) => Err(BackupError::OtherDatabase { said: said.to_owned(), is: name }),
        None if tables(database).await?.is_empty() => Ok(()),
        None => Err(BackupError::NotEmpty(name)),
    }
}

/// Where a schema waits until what replaces it has been compared.
fn aside(schema: &str) -> String {
    format!("{schema}_before_restore")
}

/// Both or none: what is sent at once is one transaction.
async fn set_aside(database: &mut PgConnection) -> Result<(), BackupError> {
    let mut statements = String::new();
    for schema in SCHEMAS {
        if exists(database, schema).await? {
            statements.push_str(&format!("ALTER SCHEMA {schema} RENAME TO {};", aside(schema)));
        }
    }
    execute(database, statements).await
}

/// An earlier restore was cut short: what it had set aside comes back.
async fn put_back(database: &mut PgConnection) -> Result<(), BackupError> {
    for schema in SCHEMAS {
        if exists(database, &aside(schema)).await? {
            return undo(database).await;
        }
    }
    Ok(())
}

/// As it was before [`set_aside`].
async fn undo(database: &mut PgConnection) -> Result<(), BackupError> {
    let mut statements = format!("DROP SCHEMA IF EXISTS {} CASCADE;", SCHEMAS.join(", "));
    for schema in SCHEMAS {
        if exists(database, &aside(schema)).await? {
            statements.push_str(&format!("ALTER SCHEMA {} RENAME TO {schema};", aside(schema)));
        }
    }
    execute(database, statements).await
}

async fn restore(
    access: &Access,
    database: &mut PgConnection,
    tool: &Tool,
    directory: &Path,
) -> Result<(), BackupError> {
    access.ensure_roles().await?;
    // The dump makes the schemas, with what may be done in them.
    execute(database, format!("DROP SCHEMA IF EXISTS {}", SCHEMAS.join(", "))).await?;
    let dump = directory.join(DUMP);
    let name: String = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut *database).await?;
    let arguments = [
        OsStr::new("--single-transaction"),
        OsStr::new("--exit-on-error"),
        OsStr::new("--dbname"),
        OsStr::new(&name),
        dump.as_os_str(),
    ];
    tool.run(&arguments).await
}

async fn exists(database: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)")
        .bind(schema)
        .fetch_one(database)
        .await
}

async fn execute(database: &mut PgConnection, statements: String) -> Result<(), BackupError> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(database).await?;
    Ok(())
}
