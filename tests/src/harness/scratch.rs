//! A private temporary directory that knows whether its test went well.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Lines of each log that are printed when a test failed.
const SHOWN_LINES: usize = 120;

/// A directory with the data and logs of one test. It is removed with the handle, but for the logs of a test that
/// failed, which are printed and kept.
pub struct Scratch {
    path: PathBuf,
    succeeded: bool,
}

impl Scratch {
    /// A new directory. Others may pass through it: when tests run as root, PostgreSQL runs as somebody else.
    pub fn new() -> Result<Self> {
        let configured = std::env::temp_dir();
        let parent = if configured.is_dir() { configured } else { PathBuf::from("/tmp") };
        let path = tempfile::Builder::new()
            .prefix("agentdb-test-")
            .permissions(std::fs::Permissions::from_mode(0o711))
            .tempdir_in(&parent)
            .with_context(|| format!("no temporary directory in {}", parent.display()))?
            .keep();
        Ok(Self { path, succeeded: false })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a directory inside.
    pub fn dir(&self, name: &str) -> Result<PathBuf> {
        let dir = self.path.join(name);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o711))?;
        Ok(dir)
    }

    /// Where the log of the process called `name` goes.
    pub fn log(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.log"))
    }

    /// The test is through: nothing of it is worth keeping.
    pub fn succeed(&mut self) {
        self.succeeded = true;
    }

    fn entries(&self) -> impl Iterator<Item = PathBuf> {
        std::fs::read_dir(&self.path).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.succeeded && !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.path);
            return;
        }
        for path in self.entries() {
            if path.is_dir() {
                let _ = std::fs::remove_dir_all(&path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                print_tail(&path);
            }
        }
    }
}

fn print_tail(log: &Path) {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    eprintln!("--- {} ({} lines, the last {}) ---\n{}\n---", log.display(), lines.len(), shown.len(), shown.join("\n"));
}
