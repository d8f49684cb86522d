//! `agentdb migrate`: roles and schemas of a PostgreSQL that somebody runs for us.

use std::process::ExitCode;

use super::Failure;
use crate::config::{Config, ConfigError};
use crate::database::Access;

/// Safe to run again, and before an upgrade of the processes that serve: migrations only add.
pub async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let Some(url) = &config.database.url else {
        return Err(ConfigError::Missing {
            setting: "database.url",
            why: "only `agentdb up` has a database of its own, and migrates it at start",
        }
        .into());
    };
    let passwords = config.database.role_passwords()?;
    let access = Access::configured(url, passwords, config.database.max_connections).map_err(anyhow::Error::from)?;
    access.migrate().await.map_err(anyhow::Error::from)?;
    println!("roles and schemas are up to date");
    Ok(ExitCode::SUCCESS)
}
