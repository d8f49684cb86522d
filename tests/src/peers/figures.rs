//! What a contender reports, and its JSON form.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::bench::measure::Figures;

/// Everything about one contender.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// From the first row until everything is searchable as it is measured.
    pub build: Duration,
    /// Bytes of memory after the measurement, above what an empty process takes.
    pub memory: u64,
    /// One for each filter.
    pub shares: Vec<OfShare>,
}

/// One filter.
#[derive(Debug, Clone)]
pub struct OfShare {
    /// Which: see [`super::share::Share::below`].
    pub below: u32,
    /// The search effort that was needed, in the contender's words; empty when there is no choice.
    pub effort: String,
    /// Recall at 10 on the measured queries.
    pub recall: f64,
    /// One for each number of clients.
    pub loops: Vec<Loop>,
}

/// One number of clients.
#[derive(Debug, Clone)]
pub struct Loop {
    /// How many.
    pub clients: usize,
    /// Milliseconds.
    pub p50: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Queries a second of all clients.
    pub per_second: f64,
}

impl From<Figures> for Loop {
    fn from(figures: Figures) -> Self {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        Self {
            clients: figures.clients,
            p50: millis(figures.p50),
            p99: millis(figures.p99),
            per_second: figures.per_second,
        }
    }
}

impl Outcome {
    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let shares = self.shares.iter().map(|share| {
            let figures = share.loops.iter().map(
                |each| json!({"clients": each.clients, "p50_ms": each.p50, "p99_ms": each.p99, "per_second": each.per_second}),
            );
            json!({
                "below": share.below,
                "effort": share.effort,
                "recall": share.recall,
                "figures": figures.collect::<Vec<_>>(),
            })
        });
        json!({"build_s": self.build.as_secs_f64(), "memory": self.memory, "shares": shares.collect::<Vec<_>>()})
    }

    /// The inverse.
    ///
    /// # Errors
    /// When something is missing.
    pub fn from_json(json: &Value) -> Result<Self> {
        let number = |json: &Value, name: &str| json[name].as_f64().with_context(|| format!("no {name} in {json}"));
        let list = |json: &Value, name: &str| json[name].as_array().cloned().with_context(|| format!("no {name}"));
        let mut shares = Vec::new();
        for share in list(json, "shares")? {
            let mut loops = Vec::new();
            for each in list(&share, "figures")? {
                loops.push(Loop {
                    clients: number(&each, "clients")? as usize,
                    p50: number(&each, "p50_ms")?,
                    p99: number(&each, "p99_ms")?,
                    per_second: number(&each, "per_second")?,
                });
            }
            shares.push(OfShare {
                below: number(&share, "below")? as u32,
                effort: share["effort"].as_str().unwrap_or_default().to_owned(),
                recall: number(&share, "recall")?,
                loops,
            });
        }
        let build = Duration::from_secs_f64(number(json, "build_s")?);
        Ok(Self { build, memory: number(json, "memory")? as u64, shares })
    }

    /// The figures of a filter.
    pub fn of(&self, below: u32) -> Option<&OfShare> {
        self.shares.iter().find(|share| share.below == below)
    }
}

impl OfShare {
    /// The figures of a number of clients.
    pub fn with(&self, clients: usize) -> Option<&Loop> {
        self.loops.iter().find(|each| each.clients == clients)
    }
}
