use anyhow::{Context as _, Result, bail};

use crate::harness::Place;

/// What `make demo ARGS="..."` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A running service; without one the demo starts its own and ends it.
    pub url: Option<String>,
    /// Where its own service keeps its data.
    pub place: Place,
    /// Passages taken of one page.
    pub passages_per_page: usize,
    /// Records of one upsert.
    pub batch: usize,
    /// Upserts under way at once.
    pub writers: usize,
}

const USAGE: &str = "usage: demo [--url http://host:port] [--store directory|s3] [--passages-per-page N] [--batch N] \
    [--writers N]\n  AGENTDB_URL is taken for --url when that is absent";

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// An unknown or incomplete argument; the text says what is taken.
    pub fn parse(mut arguments: impl Iterator<Item = String>, url: Option<String>) -> Result<Self> {
        let mut options = Self { url, place: Place::Directory, passages_per_page: 4, batch: 20, writers: 2 };
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
            let number = || -> Result<usize> {
                let number = value.parse().with_context(|| format!("{name} {value}: not a number"))?;
                anyhow::ensure!(number > 0, "{name} must be at least 1");
                Ok(number)
            };
            match (name.as_str(), value.as_str()) {
                ("--url", _) => options.url = Some(value.trim_end_matches('/').to_owned()),
                ("--store", "directory") => options.place = Place::Directory,
                ("--store", "s3") => options.place = Place::S3,
                ("--passages-per-page", _) => options.passages_per_page = number()?,
                ("--batch", _) => options.batch = number()?.min(1_000),
                ("--writers", _) => options.writers = number()?,
                _ => bail!("{name} {value} is not understood\n{USAGE}"),
            }
        }
        Ok(options)
    }
}
