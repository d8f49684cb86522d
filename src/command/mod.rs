//! The subcommands, one a file.

mod backup;
mod control_plane;
mod data_plane;
mod doctor;
mod migrate;
mod openapi;
mod restore;
mod up;

use std::fmt;
use std::process::ExitCode;

use clap::Subcommand;

use crate::config::{Config, ConfigError};
use crate::data_dir::DataDirError;

/// What the program is asked to do.
#[derive(Subcommand)]
pub enum Command {
    /// Run everything in this process; with nothing configured, on a private PostgreSQL and a directory
    Up,
    /// Run the control plane and billing alone
    ControlPlane(control_plane::Options),
    /// Run a data-plane node alone
    DataPlane,
    /// Make roles and bring the database up to date
    Migrate,
    /// Back the metadata up into a directory; the service may run meanwhile
    Backup(backup::Options),
    /// Bring the metadata back from a backup
    Restore(restore::Options),
    /// Print the description of the public API (OpenAPI 3.1)
    Openapi,
    /// Check every part the service needs, and say what is wrong
    Doctor,
}

impl Command {
    /// Runs it to its end.
    pub async fn run(self, config: Config) -> Result<ExitCode, Failure> {
        match self {
            Self::Up => up::run(&config).await,
            Self::ControlPlane(options) => control_plane::run(&config, &options).await,
            Self::DataPlane => data_plane::run(&config).await,
            Self::Migrate => migrate::run(&config).await,
            Self::Backup(options) => backup::run(&config, &options).await,
            Self::Restore(options) => restore::run(&config, &options).await,
            Self::Openapi => openapi::run(),
            Self::Doctor => doctor::run(&config).await,
        }
    }
}

/// Why the program ends with something other than success.
pub enum Failure {
    /// The configuration is wrong: nothing was touched.
    Config(ConfigError),
    /// The data directory cannot be used.
    DataDir(DataDirError),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    /// 2: wrong configuration (as for wrong flags); 3: the data directory is in use; 1: all else.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::from(2),
            Self::DataDir(DataDirError::InUse { .. }) => ExitCode::from(3),
            Self::DataDir(_) | Self::Other(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::DataDir(error) => error.fmt(f),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Self {
        Self::DataDir(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}
