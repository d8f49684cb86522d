//! One contender in this process: what `run` starts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::chroma::chroma;
use super::data::Data;
use super::engine::engine;
use super::hnsw::hnsw;
use super::options::{CHROMA, ENGINE, HNSW, PGVECTOR, SERVICE};
use super::pgvector::pgvector;
use super::served::served;
use super::signal::unless_told_to_stop;

/// Builds, tunes and measures the contender `name` with the data in `dir`, `seconds` for each figure, and writes
/// `<dir>/<name>.json`.
///
/// # Errors
/// Anything that did not answer as it should.
pub async fn one(name: &str, dir: &Path, seconds: &str) -> Result<()> {
    let data = Arc::new(Data::load(dir)?);
    let time = Duration::from_secs_f64(seconds.parse().context("the seconds are no number")?);
    let outcome = unless_told_to_stop(async {
        match name {
            ENGINE => engine(data, time).await,
            SERVICE => served(data, time).await,
            HNSW => hnsw(data, time).await,
            CHROMA => chroma(data, time).await,
            PGVECTOR => pgvector(data, time).await,
            _ => bail!("{name} is not measured in this program"),
        }
    })
    .await?;
    std::fs::write(dir.join(format!("{name}.json")), outcome.to_json().to_string()).context("cannot write the outcome")
}
