//! The signals that end the program.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first SIGTERM or SIGINT. A second one ends the program at once, for people who will
/// not wait; the next start recovers, as after a crash.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stopping.is_cancelled() {
                eprintln!("agentdb: ended without draining, as asked twice");
                std::process::exit(INTERRUPTED);
            }
            eprintln!("agentdb: stopping; work in flight is finished first");
            stopping.cancel();
        }
    });
    Ok(stop)
}
