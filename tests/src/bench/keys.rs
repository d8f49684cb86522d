//! `make neighbour`, third part: whether the time of a refusal tells a key that is there from one that is not.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_node::{AdmissionProbe, WrongKey};
use anyhow::{Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::neighbour::Options;
use super::{machine, page};
use crate::harness::Scratch;

/// Pairs of one refusal of each kind, in an order that chance decides.
const PAIRS: usize = 200_000;
/// The slowest of each kind are left out: what the machine did meanwhile.
const KEPT: f64 = 0.95;
/// Standard errors that a difference must have to be found in nineteen of twenty runs, and to be taken for one in one of
/// twenty where there is none.
const DETECTABLE: f64 = 1.96 + 1.64;

/// Measures, prints and writes the page.
///
/// # Errors
/// A wrong key that was not refused, or a difference that can be told.
pub async fn run(options: Options) -> Result<()> {
    let machine = machine();
    let mut scratch = Scratch::new()?;
    let probe =
        AdmissionProbe::new(&scratch.dir("keys")?, Arc::new(SystemClock::new()), Arc::new(SystemEntropy)).await?;
    let mut chance = StdRng::seed_from_u64(7);
    let (mut unknown, mut wrong) = (Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS));
    for _ in 0..PAIRS {
        let first = chance.random_range(0..2) == 0;
        for kind in if first { [WrongKey::Id, WrongKey::Secret] } else { [WrongKey::Secret, WrongKey::Id] } {
            let begun = Instant::now();
            let refused = probe.refuses(kind).await;
            let took = begun.elapsed().as_secs_f64() * 1e9;
            ensure!(refused, "{kind:?} was not refused as an unknown key");
            if kind == WrongKey::Id { unknown.push(took) } else { wrong.push(took) }
        }
    }
    scratch.succeed();
    let (unknown, wrong) = (Kept::of(unknown), Kept::of(wrong));
    let error = (unknown.error.powi(2) + wrong.error.powi(2)).sqrt();
    let (difference, detectable) = (unknown.mean - wrong.mean, DETECTABLE * error);
    let mut text = format!(
        "## Keys that are not there\n\nWritten by `make neighbour`, on this machine:\n{machine}. {PAIRS} refusals of an id \
         that nobody has and of a wrong secret for one that somebody has, in turns of an order left to chance, in \
         process; the slowest {:.0} % of each are left out.\n\n| refused | mean | standard error |\n|---|---:|---:|\n",
        (1.0 - KEPT) * 100.0
    );
    for (what, kept) in [("unknown id", &unknown), ("wrong secret", &wrong)] {
        let _ = writeln!(text, "| {what} | {:.0} ns | {:.1} ns |", kept.mean, kept.error);
    }
    let _ = writeln!(
        text,
        "\nDifference: {difference:.1} ns. One of {detectable:.1} ns would be found in nineteen of twenty such runs. The work \
         is the same by construction, which tests hold: as many comparisons, look-ups and questions to the throttle."
    );
    println!("\n{text}");
    page::put(options.out(), "keys", &text)
}

struct Kept {
    mean: f64,
    error: f64,
}

impl Kept {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        times.truncate((times.len() as f64 * KEPT) as usize);
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { mean, error: (variance / count).sqrt() }
    }
}
