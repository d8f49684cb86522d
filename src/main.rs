//! AgentDB Cloud in one program: the planes in several roles. This crate is the composition root: it reads the
//! configuration, starts the parts in order, connects them and stops them; it holds no rule of the product.

mod backup;
mod command;
mod config;
mod data_dir;
mod database;
mod http;
mod open_files;
mod openapi;
mod postgres;
mod roles;
mod shutdown;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::command::{Command, Failure};
use crate::config::{Config, Flags};

/// A managed, multi-tenant database for AI agents.
#[derive(Parser)]
#[command(name = "agentdb", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Config::load(&cli.flags)
        .map_err(Failure::from)
        .and_then(|config| telemetry::start_log(&config.log).map(|()| config).map_err(Failure::from))
        .and_then(|config| run(cli.command, config));
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("agentdb: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    open_files::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from)?;
    let outcome = runtime.block_on(command.run(config));
    // Whatever still runs belongs to nobody now; the data it could touch is closed.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    outcome
}
