//! Being told to stop: whatever was started must be ended first.

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// Does `work` unless SIGINT or SIGTERM comes; then `work` is dropped, and with it the servers that it started.
pub async fn unless_told_to_stop<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        outcome = work => outcome,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("told to stop"),
    }
}
