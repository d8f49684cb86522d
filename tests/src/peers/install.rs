//! Where `scripts/setup/peers.sh` puts the other stores.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::harness::cache;

/// The virtual environment of the other stores.
pub struct Programs {
    /// Its interpreter.
    pub python: PathBuf,
    /// Chroma's command.
    pub chroma: PathBuf,
    /// Its `site-packages`.
    pub packages: PathBuf,
}

/// What is installed.
///
/// # Errors
/// When nothing is.
pub fn programs() -> Result<Programs> {
    let venv = cache()?.join("peers");
    let python = venv.join("bin/python");
    ensure!(python.is_file(), "{} is missing: run scripts/setup/peers.sh", python.display());
    let versions = std::fs::read_dir(venv.join("lib")).context("the environment of the other stores has no lib")?;
    let packages = versions
        .filter_map(Result::ok)
        .map(|version| version.path().join("site-packages"))
        .find(|path| path.is_dir())
        .with_context(|| format!("no site-packages in {}", venv.display()))?;
    Ok(Programs { python, chroma: venv.join("bin/chroma"), packages })
}
