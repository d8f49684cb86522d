//! The PostgreSQL manual as Debian packages it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::harness::cache;

const PACKAGE: &str = "postgresql-doc-15";
/// Where the package puts its pages.
const PAGES: &str = "usr/share/doc/postgresql-doc-15/html";

/// A page's file name and content.
pub struct Page {
    /// `sql-vacuum.html`.
    pub name: String,
    /// XHTML.
    pub source: String,
}

/// All pages, by name. Downloads the package (2 MB) into the cache the first time.
pub fn pages() -> Result<Vec<Page>> {
    let mut pages = std::fs::read_dir(directory()?)?
        .map(|entry| {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_none_or(|extension| extension != "html") {
                return Ok(None);
            }
            let source = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
            Ok(Some(Page { name, source }))
        })
        .filter_map(Result::transpose)
        .collect::<Result<Vec<_>>>()?;
    ensure!(pages.len() > 1_000, "{PACKAGE} has only {} pages", pages.len());
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pages)
}

fn directory() -> Result<PathBuf> {
    let cache = cache()?.join(PACKAGE);
    let pages = cache.join(PAGES);
    if pages.is_dir() {
        return Ok(pages);
    }
    println!("fetching the PostgreSQL manual (Debian package {PACKAGE}, 2 MB) into {}", cache.display());
    let parent = cache.parent().context("the cache has a parent")?;
    std::fs::create_dir_all(parent)?;
    // Unpacked beside its place and moved there whole, so that half a manual never stands there.
    let work = tempfile::Builder::new().prefix(".manual-").tempdir_in(parent)?;
    run(Command::new("apt-get").args(["download", PACKAGE]).current_dir(work.path()))
        .context("the manual is a Debian package; elsewhere unpack it there by hand")?;
    let package = std::fs::read_dir(work.path())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded nothing")?;
    let unpacked = work.path().join("unpacked");
    run(Command::new("dpkg").arg("-x").arg(package).arg(&unpacked))?;
    std::fs::rename(&unpacked, &cache).with_context(|| format!("cannot fill {}", cache.display()))?;
    Ok(pages)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
