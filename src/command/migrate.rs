//! `agentdb migrate`: roles and schemas of a PostgreSQL that somebody runs for us.

use std::process::ExitCode;

use agentdb_clock::SystemEntropy;

use super::Failure;
use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;
use crate::database::{Access, role_passwords};

/// Safe to run again, and before an upgrade of the processes that serve: migrations only add.
pub async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let Some(url) = &config.database.url else {
        return Err(ConfigError::Missing {
            setting: "database.url",
            why: "only `agentdb up` has a database of its own, and migrates it at start",
        }
        .into());
    };
    let passwords = match config.database.role_passwords() {
        Some(configured) => configured,
        // They are kept in the data directory, which must not be in use while they may be made.
        None => role_passwords(&config.database, &DataDir::lock(&config.data_dir()?)?, &SystemEntropy)?,
    };
    let access = Access::configured(url, passwords, config.database.max_connections).map_err(anyhow::Error::from)?;
    access.migrate().await.map_err(anyhow::Error::from)?;
    println!("roles and schemas are up to date");
    Ok(ExitCode::SUCCESS)
}
