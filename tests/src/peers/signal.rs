//! Being told to stop: whatever was started must be ended first.

use std::fmt;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

/// The run is to end, which is not the fault of what was measured.
#[derive(Debug)]
pub struct ToldToStop;

impl fmt::Display for ToldToStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("told to stop")
    }
}

impl std::error::Error for ToldToStop {}

/// Does `work` unless SIGINT or SIGTERM comes; then `work` is dropped, and with it the servers that it started.
pub async fn unless_told_to_stop<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        outcome = work => outcome,
        _ = interrupt.recv() => Err(ToldToStop.into()),
        _ = terminate.recv() => Err(ToldToStop.into()),
    }
}
