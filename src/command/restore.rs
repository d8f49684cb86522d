//! `agentdb restore`: the metadata as they were when a backup was taken.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;
use crate::backup;
use crate::config::Config;
use crate::roles::Environment;

/// Flags of this command.
#[derive(clap::Args)]
pub struct Options {
    /// The directory of the backup
    directory: PathBuf,
    /// Replace what is in the database of this name; without it only an empty database is taken
    #[arg(long, value_name = "DATABASE")]
    replace: Option<String>,
}

/// No process of the service may run on the database.
pub async fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let environment = Environment::system();
    let database = backup::for_restore(config, &environment).await?;
    let loaded = backup::load(&database.access, &options.directory, options.replace.as_deref()).await;
    database.close().await;
    let manifest = loaded.map_err(anyhow::Error::from)?;
    let contents = &manifest.contents;
    println!(
        "{} rows of {} tables, their owners, grants and policies are as they were at {}",
        contents.rows(),
        contents.tables.len(),
        manifest.taken_at
    );
    Ok(ExitCode::SUCCESS)
}
