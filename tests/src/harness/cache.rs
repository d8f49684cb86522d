//! What is fetched once and kept for every clone on the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// `AGENTDB_CACHE`, or where `make` puts it.
pub fn cache() -> Result<PathBuf> {
    if let Some(cache) = std::env::var_os("AGENTDB_CACHE") {
        return Ok(PathBuf::from(cache));
    }
    let home = std::env::var_os("HOME").context("neither AGENTDB_CACHE nor HOME is set")?;
    Ok(Path::new(&home).join(".cache/agentdb"))
}
