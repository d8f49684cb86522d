//! `make demo`. See `agentdb_tests::demo`.

use std::process::ExitCode;

use agentdb_tests::demo::{Options, run};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse(std::env::args().skip(1), std::env::var("AGENTDB_URL").ok());
    let outcome = match options {
        Ok(options) => run(options).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
