//! `make bench`, `make neighbour`, `make peers` and `make texts`. See `agentdb_tests::{bench, peers, relevance}`.

// The futures of the engine and of Lance in those of the programs: deeper than what is usual.
#![recursion_limit = "256"]

use std::path::Path;
use std::process::ExitCode;

use agentdb_tests::{bench, peers, relevance};
use anyhow::{Context as _, Result};

#[tokio::main]
async fn main() -> ExitCode {
    match begin(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn begin(arguments: Vec<String>) -> Result<()> {
    let mut rest = arguments.iter().skip(1).cloned();
    match arguments.first().map(String::as_str) {
        Some("peers") => peers::run(peers::Options::parse(rest)?).await,
        // A contender in a process of its own, as `peers` starts it.
        Some("peer") => {
            let mut next = || rest.next().context("usage: bench peer NAME DIRECTORY SECONDS");
            let (name, dir, seconds) = (next()?, next()?, next()?);
            peers::one(&name, Path::new(&dir), &seconds).await
        }
        Some("neighbour") => bench::neighbour::run(bench::neighbour::Options::parse(rest)?).await,
        Some("limits") => bench::limits::run(bench::neighbour::Options::parse(rest)?).await,
        Some("keys") => bench::keys::run(bench::neighbour::Options::parse(rest)?).await,
        // What absorbs a storm, as `neighbour` starts it.
        Some("dummy") => bench::dummy::serve(&rest.next().context("usage: bench dummy PORT")?).await,
        Some("texts") => {
            relevance::run(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md"))).await
        }
        _ => bench::run(bench::Options::parse(arguments.into_iter())?).await,
    }
}
