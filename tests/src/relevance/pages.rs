//! Manual pages as Debian packages them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::roff;
use crate::harness::cache;

/// A package of manual pages in one language.
pub struct Source {
    pub language: &'static str,
    package: &'static str,
    /// Where the package puts its pages.
    pages: &'static str,
}

pub const SOURCES: [Source; 3] = [
    Source { language: "English", package: "manpages", pages: "usr/share/man" },
    Source { language: "Chinese", package: "manpages-zh", pages: "usr/share/man/zh_CN" },
    Source { language: "Japanese", package: "manpages-ja", pages: "usr/share/man/ja" },
];

/// Characters of a page that says something.
const MIN_TEXT: usize = 200;

/// A page: its file's name, the line about it, the rest.
pub struct Page {
    pub name: String,
    pub about: String,
    pub text: String,
}

impl Source {
    /// All pages that have a line about themselves in the language, by name.
    pub fn pages(&self) -> Result<Vec<Page>> {
        let mut pages = Vec::new();
        for folder in std::fs::read_dir(self.directory()?)? {
            let folder = folder?.path();
            let is_section = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("man"));
            if !is_section || !folder.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(&folder)? {
                let file = file?;
                if file.file_type()?.is_file() {
                    pages.extend(self.page(&file.path())?);
                }
            }
        }
        pages.sort_by(|a, b| a.name.cmp(&b.name));
        pages.dedup_by(|a, b| a.name == b.name);
        ensure!(pages.len() > 100, "{} has only {} pages", self.package, pages.len());
        Ok(pages)
    }

    fn page(&self, path: &Path) -> Result<Option<Page>> {
        let unpacked = output(Command::new("gzip").arg("-dc").arg(path))?;
        // A few pages are in older encodings.
        let Ok(source) = String::from_utf8(unpacked) else { return Ok(None) };
        let Some((about, text)) = roff::read(&source) else { return Ok(None) };
        let translated = self.language == "English" || about.chars().any(|c| c as u32 >= 0x3040);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((translated && text.chars().count() >= MIN_TEXT).then_some(Page { name, about, text }))
    }

    /// Where the pages are. Downloads the package into the cache the first time.
    fn directory(&self) -> Result<PathBuf> {
        let cache = cache()?.join(self.package);
        let pages = cache.join(self.pages);
        if pages.is_dir() {
            return Ok(pages);
        }
        println!("fetching manual pages (Debian package {}) into {}", self.package, cache.display());
        let parent = cache.parent().context("the cache has a parent")?;
        std::fs::create_dir_all(parent)?;
        // Unpacked beside its place and moved there whole, so that half a package never stands there.
        let work = tempfile::Builder::new().prefix(".pages-").tempdir_in(parent)?;
        output(Command::new("apt-get").args(["download", self.package]).current_dir(work.path()))
            .context("the pages are a Debian package; elsewhere unpack it there by hand")?;
        let package = std::fs::read_dir(work.path())?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .context("apt-get downloaded nothing")?;
        let unpacked = work.path().join("unpacked");
        output(Command::new("dpkg").arg("-x").arg(package).arg(&unpacked))?;
        std::fs::rename(&unpacked, &cache).with_context(|| format!("cannot fill {}", cache.display()))?;
        Ok(pages)
    }
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
