use std::ffi::OsStr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use agentdb_clock::Clock;
use sqlx::{Connection, PgConnection};

use super::contents::Contents;
use super::manifest::{DUMP, Manifest, measure};
use super::tool::Tool;
use super::{BackupError, SCHEMAS, connection};
use crate::database::Access;

/// Backs the metadata up into `directory`, which is made. The service may run meanwhile: what is written after the
/// beginning is not in it.
pub async fn take(access: &Access, directory: &Path, clock: &dyn Clock) -> Result<Manifest, BackupError> {
    let mut database = connection::open(access).await?;
    let server_version = connection::server_version(&mut database).await?;
    let tool = Tool::find("pg_dump", u32::try_from(server_version / 10_000).unwrap_or(0), access)?;
    let name = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut database).await?;
    make(directory)?;
    let mut manifest = Manifest::new(clock.now().to_rfc3339(), name, server_version, tool.major);
    manifest.contents = one_snapshot(&mut database, &tool, directory).await?;
    database.close().await?;
    let dump = directory.join(DUMP);
    (manifest.dump_bytes, manifest.dump_sha256) = measure(&dump)?;
    manifest.write(directory)?;
    Ok(manifest)
}

/// The dump, and what is in it: both of the snapshot that the transaction sees.
async fn one_snapshot(database: &mut PgConnection, tool: &Tool, directory: &Path) -> Result<Contents, BackupError> {
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *database).await?;
    let snapshot: String = sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut *database).await?;
    let dump = directory.join(DUMP);
    let snapshot = format!("--snapshot={snapshot}");
    let mut arguments =
        vec![OsStr::new("--format=custom"), OsStr::new(&snapshot), OsStr::new("--file"), dump.as_os_str()];
    let schemas = SCHEMAS.map(|schema| format!("--schema={schema}"));
    arguments.extend(schemas.iter().map(OsStr::new));
    tool.run(&arguments).await?;
    let closed = std::fs::set_permissions(&dump, std::fs::Permissions::from_mode(0o600))
        .and_then(|()| std::fs::File::open(&dump)?.sync_all());
    closed.map_err(BackupError::io("close to other users", &dump))?;
    let contents = Contents::read(database).await?;
    sqlx::raw_sql("COMMIT").execute(database).await?;
    Ok(contents)
}

/// The directory, new or empty, and closed to other users: it holds hashes of passwords and people's addresses.
fn make(directory: &Path) -> Result<(), BackupError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(BackupError::io("create", directory))?;
    let mut entries = std::fs::read_dir(directory).map_err(BackupError::io("read", directory))?;
    if entries.next().is_some() {
        return Err(BackupError::Taken(directory.to_path_buf()));
    }
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
        .map_err(BackupError::io("close to other users", directory))
}
