//! A closed loop: each client asks, waits for the answer, asks again.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Requests of each client before anything is measured.
const WARM_UP: usize = 20;

/// What a loop gave.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub clients: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub per_second: f64,
}

/// Runs `clients` loops for `time`. `ask` is given the client's number and a running number, and must fail when the
/// answer is not one.
pub async fn closed_loop<F, Fut>(clients: usize, time: Duration, ask: F) -> Result<Figures>
where
    F: Fn(usize, usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let mut warm = JoinSet::new();
    for client in 0..clients {
        let ask = ask.clone();
        warm.spawn(async move {
            for number in 0..WARM_UP {
                ask(client, number).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(outcome) = warm.join_next().await {
        outcome??;
    }
    let started = Instant::now();
    let mut loops = JoinSet::new();
    for client in 0..clients {
        let ask = ask.clone();
        loops.spawn(async move {
            let mut times = Vec::new();
            let mut number = client * 61;
            while started.elapsed() < time {
                let asked = Instant::now();
                ask(client, number).await?;
                times.push(asked.elapsed());
                number += 1;
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(outcome) = loops.join_next().await {
        times.extend(outcome??);
    }
    let spent = started.elapsed();
    ensure!(!times.is_empty(), "nothing was answered");
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Ok(Figures { clients, p50: at(0.5), p99: at(0.99), per_second: times.len() as f64 / spent.as_secs_f64() })
}
