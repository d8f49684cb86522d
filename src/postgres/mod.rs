//! The private PostgreSQL of `agentdb up`: found on the machine, created in the data directory, started on a unix
//! socket as a user that is not root, watched, and stopped with the program.
//!
//! Owns: the processes it starts and `<data>/postgres`. Does not own: roles, schemas and migrations (the store crates).
//! Invariants: the server listens on no network address; its passwords never appear on a command line or in a log; at
//! most one server runs on a cluster, also after this program was killed. It fails with an error that says what to
//! install or change; a server that dies later is started again, and its clients see connection errors meanwhile.

mod account;
mod binaries;
mod cluster;
mod leftovers;
mod log;
mod process;
mod server;
mod socket;

pub use account::Account;
pub use binaries::{Binaries, MIN_MAJOR, client_program};
pub use leftovers::running_socket_dir;
pub use server::{PrivatePostgres, Superuser};

use std::path::PathBuf;

/// Why the private PostgreSQL could not be created or started. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error(
        "no PostgreSQL {MIN_MAJOR} or newer was found (looked on the PATH and in /usr/lib/postgresql/*/bin); install it \
         (Debian: apt-get install postgresql) or set database.url to a server you run yourself"
    )]
    NotFound,
    #[error(
        "no {name} of PostgreSQL {at_least} or newer was found (looked on the PATH and in /usr/lib/postgresql/*/bin); \
         install it (Debian: apt-get install postgresql-client)"
    )]
    NoClient { name: &'static str, at_least: u32 },
    #[error(
        "the cluster in {dir} was made by PostgreSQL {made}, but this machine has only {found}; install PostgreSQL \
         {made} again, or move the data with pg_dump and pg_restore"
    )]
    OtherMajor { dir: PathBuf, made: u32, found: String },
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody` to run it as; \
         start agentdb as an ordinary user"
    )]
    NoAccount,
    #[error(
        "user `{user}`, who runs the private PostgreSQL, may not enter {blocked}; choose another --data-dir (for \
         example /var/lib/agentdb) or allow it: chmod o+x {blocked}"
    )]
    Unreachable { user: String, blocked: PathBuf },
    #[error("no directory short enough for a unix socket is available: {0}")]
    NoSocketDir(String),
    #[error("initdb failed: {0}")]
    Initdb(String),
    #[error("PostgreSQL did not start: {0}")]
    Start(String),
    #[error("a PostgreSQL left behind by an earlier run (process {0}) does not end; stop it by hand")]
    Leftover(i32),
    #[error("{what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
}

impl PostgresError {
    fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}
