//! An open loop: requests come at their times, whether those before are answered or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Requests under way at once, whatever is offered: who waits for answers offers no more.
const UNDER_WAY: usize = 512;

/// What one request came to.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub status: u16,
    /// From admission to reply, as the receipt of a good answer says.
    pub served_ms: Option<f64>,
    /// Milli-units of the receipt.
    pub units: u64,
}

/// What a loop came to.
#[derive(Debug, Clone, Default)]
pub struct Offered {
    pub statuses: BTreeMap<u16, u64>,
    pub served_ms: Vec<f64>,
    /// Until the answer was there, from when the request was to be sent.
    pub waited_ms: Vec<f64>,
    pub units: u64,
    /// Requests that were due and not sent, since too many were under way.
    pub left_out: u64,
    /// Requests that had no answer.
    pub broken: u64,
    pub time: Duration,
}

impl Offered {
    /// Good answers.
    pub fn admitted(&self) -> u64 {
        self.statuses.iter().filter(|(status, _)| (200..300).contains(*status)).map(|(_, count)| count).sum()
    }

    /// Answers of all kinds.
    pub fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// The time, from admission to reply, below which this share of good answers stays.
    pub fn served(&self, share: f64) -> Result<f64> {
        at(&self.served_ms, share)
    }

    /// The same, as the client sees it.
    pub fn waited(&self, share: f64) -> Result<f64> {
        at(&self.waited_ms, share)
    }
}

fn at(times: &[f64], share: f64) -> Result<f64> {
    ensure!(!times.is_empty(), "nothing was answered");
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    Ok(times[((times.len() - 1) as f64 * share).round() as usize])
}

/// Offers `per_second` requests for `time`. `ask` is given a running number.
pub async fn open_loop<F, Fut>(per_second: f64, time: Duration, ask: F) -> Result<Offered>
where
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<Answer>> + Send,
{
    let (started, room) = (Instant::now(), Arc::new(Semaphore::new(UNDER_WAY)));
    let (mut under_way, mut offered) = (JoinSet::new(), Offered::default());
    let count = (per_second * time.as_secs_f64()) as usize;
    for number in 0..count {
        let due = started + Duration::from_secs_f64(number as f64 / per_second);
        sleep_until(due).await;
        while let Some(done) = under_way.try_join_next() {
            offered.note(done?);
        }
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            offered.left_out += 1;
            continue;
        };
        let ask = ask.clone();
        under_way.spawn(async move {
            let answer = ask(number).await;
            drop(place);
            (answer, due.elapsed())
        });
    }
    while let Some(done) = under_way.join_next().await {
        offered.note(done?);
    }
    offered.time = started.elapsed();
    Ok(offered)
}

impl Offered {
    fn note(&mut self, (answer, waited): (Result<Answer>, Duration)) {
        let Ok(answer) = answer else {
            self.broken += 1;
            return;
        };
        *self.statuses.entry(answer.status).or_default() += 1;
        self.units += answer.units;
        if (200..300).contains(&answer.status) {
            self.served_ms.extend(answer.served_ms);
            self.waited_ms.push(waited.as_secs_f64() * 1e3);
        }
    }
}
