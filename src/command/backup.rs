//! `agentdb backup`: the metadata as they are, whether a service runs on them or not.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;
use crate::backup;
use crate::config::Config;
use crate::roles::Environment;

/// Flags of this command.
#[derive(clap::Args)]
pub struct Options {
    /// Where it goes: a directory that is made, or that is empty
    directory: PathBuf,
}

/// Prints what is in it.
pub async fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let environment = Environment::system();
    let database = backup::for_backup(config, &environment).await?;
    let taken = backup::take(&database.access, &options.directory, &*environment.clock).await;
    database.close().await;
    let manifest = taken.map_err(anyhow::Error::from)?;
    let contents = &manifest.contents;
    println!(
        "{} rows of {} tables are in {} ({} bytes)",
        contents.rows(),
        contents.tables.len(),
        options.directory.display(),
        manifest.dump_bytes
    );
    println!(
        "beside it keep the keys of encryption.key_file, or `secrets` of the data directory, and the object store"
    );
    Ok(ExitCode::SUCCESS)
}
