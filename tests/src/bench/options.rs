use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// What `make bench ARGS="..."` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Vectors of 384 numbers.
    pub vectors: usize,
    /// Passages taken of each page of the manual.
    pub passages_per_page: usize,
    /// How long each figure is measured.
    pub time: Duration,
    /// Where the figures go.
    pub out: PathBuf,
}

const USAGE: &str = "usage: bench [--vectors N] [--passages-per-page N] [--seconds N] [--out FILE]";

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// An unknown or incomplete argument; the text says what is taken.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            vectors: 20_000,
            passages_per_page: 1,
            time: Duration::from_secs(5),
            out: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md")),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
            let number = || value.parse().with_context(|| format!("{name} {value}: not a number"));
            match name.as_str() {
                "--vectors" => options.vectors = number()?,
                "--passages-per-page" => options.passages_per_page = number()?,
                "--seconds" => options.time = Duration::from_secs(number()? as u64),
                "--out" => options.out = PathBuf::from(value),
                _ => bail!("{name} is not understood\n{USAGE}"),
            }
        }
        Ok(options)
    }
}
