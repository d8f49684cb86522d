use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// The engine in process.
pub const ENGINE: &str = "agentdb-engine";
/// The service through HTTP.
pub const SERVICE: &str = "agentdb-http";
/// The bare graph.
pub const HNSW: &str = "hnsw_rs";
/// Chroma's server.
pub const CHROMA: &str = "chroma";
/// PostgreSQL with pgvector.
pub const PGVECTOR: &str = "pgvector";
/// Plain LanceDB; what follows names the index of `lance.py`.
pub const LANCEDB: &str = "lancedb-";
/// The fastest of LanceDB's indexes on these data.
pub const LANCEDB_BEST: &str = "lancedb-hnsw_sq";

const STANDARD: [&str; 6] = [ENGINE, SERVICE, HNSW, LANCEDB_BEST, CHROMA, PGVECTOR];
const FURTHER: [&str; 2] = ["lancedb-hnsw_flat", "lancedb-ivf_rq"];

/// What `make peers ARGS="..."` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Vectors of 384 numbers.
    pub vectors: usize,
    /// How long each figure is measured.
    pub time: Duration,
    /// Who takes part.
    pub contenders: Vec<String>,
    /// The JSON of an earlier run, whose contenders stand in the table, too.
    pub with: Option<PathBuf>,
    /// The page that the table goes into.
    pub out: PathBuf,
}

const USAGE: &str = "usage: peers [--vectors N] [--seconds N] [--only NAME,NAME] [--with FILE] [--out FILE]";

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// An unknown or incomplete argument; the text says what is taken.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            vectors: 100_000,
            time: Duration::from_secs(4),
            contenders: STANDARD.map(str::to_owned).to_vec(),
            with: None,
            out: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md")),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
            let number = || value.parse::<usize>().with_context(|| format!("{name} {value}: not a number"));
            match name.as_str() {
                "--vectors" => options.vectors = number()?,
                "--seconds" => options.time = Duration::from_secs(number()? as u64),
                "--only" => options.contenders = known(&value)?,
                "--with" => options.with = Some(PathBuf::from(value)),
                "--out" => options.out = PathBuf::from(value),
                _ => bail!("{name} is not understood\n{USAGE}"),
            }
        }
        // One row of a hundred must be enough for ten hits.
        ensure!(options.vectors >= 1_000, "--vectors {}: at least 1000 are needed", options.vectors);
        Ok(options)
    }
}

/// The place of a contender in the table.
pub fn place(name: &str) -> usize {
    STANDARD.iter().position(|standard| *standard == name).unwrap_or(STANDARD.len())
}

fn known(list: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for name in list.split(',') {
        let there = STANDARD.contains(&name) || FURTHER.contains(&name);
        ensure!(there, "--only {name}: there are {}, {}", STANDARD.join(", "), FURTHER.join(", "));
        names.push(name.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everybody_takes_part_unless_some_are_named() {
        assert_eq!(parse("").unwrap().contenders.len(), STANDARD.len());
        assert_eq!(parse("--only hnsw_rs,lancedb-ivf_rq").unwrap().contenders, ["hnsw_rs", "lancedb-ivf_rq"]);
    }

    #[test]
    fn an_unknown_contender_is_refused_with_the_list() {
        let error = parse("--only faiss").unwrap_err().to_string();
        assert!(error.contains("faiss") && error.contains("pgvector"), "{error}");
    }
}
