//! Waiting for a condition, with a deadline.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// How often a condition that announces itself nowhere is looked at.
const LOOK: Duration = Duration::from_millis(25);

/// Tries until `probe` gives a value. An error of `probe` is a "not yet" and is told when the deadline has passed.
pub async fn eventually<T>(what: &str, within: Duration, probe: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    eventually_every(LOOK, what, within, probe).await
}

/// The same for a condition that must not be looked at too often.
pub async fn eventually_every<T>(
    pause: Duration,
    what: &str,
    within: Duration,
    mut probe: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    loop {
        let outcome = tokio::time::timeout_at(deadline + LOOK, probe()).await;
        let last = match outcome {
            Ok(Ok(Some(value))) => return Ok(value),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some("the last look did not come back".to_owned()),
        };
        if Instant::now() >= deadline {
            bail!("{what}: not within {within:?}; {}", last.as_deref().unwrap_or("the condition did not hold"));
        }
        sleep(pause).await;
    }
}
