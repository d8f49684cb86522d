//! A client that takes no for an answer, waits as long as it is told, and asks again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use parking_lot::Mutex;

use super::tally::{Did, Tally};
use crate::harness::{Collection, Reply};

/// Refusals of one request before the demo gives up.
const TRIES: u32 = 60;

/// One collection, with everything done to it counted.
pub struct Client {
    pub collection: Collection,
    tally: Mutex<Tally>,
    /// Requests that were refused for a while and asked again.
    waits: AtomicU64,
}

impl Client {
    pub fn new(collection: Collection) -> Self {
        Self { collection, tally: Mutex::default(), waits: AtomicU64::new(0) }
    }

    /// Sends until it is answered well. `send` must be safe to repeat.
    pub async fn patiently(&self, did: Did, send: impl AsyncFn(&Collection) -> Result<Reply>) -> Result<Reply> {
        for _ in 0..TRIES {
            let reply = send(&self.collection).await?;
            if !matches!(reply.status, 429 | 503) {
                let reply = reply.ok()?;
                self.tally.lock().add(did, &reply);
                return Ok(reply);
            }
            self.waits.fetch_add(1, Ordering::Relaxed);
            let seconds = reply.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(1_u64);
            if reply.code().contains("included") || seconds > 60 {
                bail!("{}: refused until later: {}", reply.request, reply.text());
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        bail!("the service refused a request {TRIES} times")
    }

    pub fn tally(&self) -> Tally {
        self.tally.lock().clone()
    }

    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }
}
