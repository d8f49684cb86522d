use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::BackupError;
use crate::database::Access;
use crate::postgres::client_program;

/// One of PostgreSQL's programs, told where the database is.
pub struct Tool {
    name: &'static str,
    path: PathBuf,
    /// Its major version.
    pub major: u32,
    environment: Vec<(&'static str, String)>,
}

impl Tool {
    /// The one that is no older than `at_least`, and otherwise the oldest: a program writes what it knows, and a server
    /// refuses what is newer than itself.
    pub fn find(name: &'static str, at_least: u32, access: &Access) -> Result<Self, BackupError> {
        let (major, path) = client_program(name, at_least)?;
        Ok(Self { name, path, major, environment: access.client_environment() })
    }

    /// Runs it to its end. The password is in its environment, which only its user sees, and on no command line.
    pub async fn run(&self, arguments: &[&OsStr]) -> Result<(), BackupError> {
        let failed = |why: String| BackupError::Tool { program: self.name, why };
        let mut command = Command::new(&self.path);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C").env("TZ", "UTC");
        // Where the server's user keeps passwords and certificates.
        for kept in ["HOME", "PGPASSWORD", "PGPASSFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command.arg("--no-password").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.map_err(|error| failed(format!("{}: {error}", self.path.display())))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(failed(format!("{}; it said: {}", output.status, said.trim())))
    }
}
