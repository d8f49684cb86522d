//! Plain LanceDB, by its Python package: that is its optimised build, where the crate in this program is not.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::install;

const PROGRAM: &str = include_str!("lance.py");

/// The command that builds and measures with an index kind of `lance.py`; it writes the outcome itself.
pub fn lance(dir: &Path, time: Duration, kind: &str) -> Result<Command> {
    let program = dir.join("lance.py");
    std::fs::write(&program, PROGRAM).with_context(|| format!("cannot write {}", program.display()))?;
    let mut command = Command::new(install::programs()?.python);
    command.arg(program).arg(dir).arg(time.as_secs_f64().to_string()).arg(kind);
    Ok(command)
}
