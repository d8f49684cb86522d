//! `agentdb openapi`: the description of the public API.

use std::io::Write;
use std::process::ExitCode;

use super::Failure;

/// Prints it, the same bytes for the same code.
pub fn run() -> Result<ExitCode, Failure> {
    let description = crate::openapi::description()?;
    let mut out = std::io::stdout().lock();
    out.write_all(description.as_bytes()).and_then(|()| out.flush()).map_err(anyhow::Error::from)?;
    Ok(ExitCode::SUCCESS)
}
