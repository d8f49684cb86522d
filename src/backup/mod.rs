//! Backup and restore of the metadata: the schemas of the control plane and of billing, by PostgreSQL's own `pg_dump` and
//! `pg_restore`.
//!
//! A backup is a directory: the dump, of one consistent snapshot, and a manifest that says what was in that snapshot. What
//! a restore has brought is compared with the manifest, row for row, before it takes the place of anything. It does not
//! hold the keys that secrets in it are encrypted under, nor tenants' data, which are in the object store.

mod connection;
mod contents;
mod load;
mod manifest;
mod take;
mod tool;

use std::path::PathBuf;

use crate::database::DatabaseError;
use crate::postgres::PostgresError;

pub use connection::{for_backup, for_restore};
pub use load::load;
pub use take::take;

/// The schemas of a backup.
const SCHEMAS: [&str; 2] = ["control", "billing"];

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Database(#[from] DatabaseError),
    #[error("{0}")]
    Postgres(#[from] PostgresError),
    #[error("the database refused: {0}")]
    Refused(#[from] sqlx::Error),
    #[error(
        "the user {0} does not see all rows: row-level security binds even the owner of the tables; give database.url a \
         user who is superuser or has BYPASSRLS"
    )]
    Bound(String),
    #[error("{program} failed: {why}")]
    Tool { program: &'static str, why: String },
    #[error("{0} is there already and not empty; a backup takes a directory of its own")]
    Taken(PathBuf),
    #[error("cannot {what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} is no backup that this program can read: {why}")]
    NotABackup { path: PathBuf, why: String },
    #[error(
        "the database {0} is not empty, and nothing of it was touched; to have everything in its schemas control and \
         billing replaced, say so: --replace {0}"
    )]
    NotEmpty(String),
    #[error("--replace names {said}, but the database is {is}; nothing was touched")]
    OtherDatabase { said: String, is: String },
    #[error("{0} connections of the service are open; stop every process of it first")]
    InUse(i64),
    #[error("what was restored is not what was backed up: {0}; the database is as it was before")]
    Different(String),
}

impl BackupError {
    fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}

#[cfg(test)]
mod tests;
