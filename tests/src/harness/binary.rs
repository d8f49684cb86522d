//! Finds the program under test.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// The program named by `AGENTDB_BIN`, or the one built into the same target directory as the running test.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("AGENTDB_BIN") {
        let path = PathBuf::from(path);
        ensure!(path.is_file(), "AGENTDB_BIN={} is not a file", path.display());
        return Ok(path);
    }
    let own = std::env::current_exe().context("the path of the running test is unknown")?;
    // A test stands in `<target>/debug/deps`, a program in `<target>/debug`.
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join("agentdb"))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("no `agentdb` near {}: run `cargo build --workspace --bins` first", own.display()))
}
