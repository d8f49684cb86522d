//! A server that outlived the program that started it (`kill -9`) is stopped before a new one is started: its
//! connections may still carry out work for a process that is gone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::PostgresError;
use super::process::gone_within;

/// Ends the server whose `postmaster.pid` stands in the cluster, when there is one. The caller holds the lock of the
/// data directory, so nobody else is starting one.
pub async fn stop(cluster: &Path) -> Result<(), PostgresError> {
    let Some(pid) = recorded_pid(cluster).filter(|pid| serves(*pid, cluster)) else { return Ok(()) };
    tracing::warn!(pid = pid.as_raw_pid(), "stopping the PostgreSQL that an earlier run left behind");
    // Fast shutdown first, then an immediate one, then the end; the last two cost a recovery at the next start.
    for (signal, patience) in [(Signal::INT, 30), (Signal::QUIT, 10), (Signal::KILL, 5)] {
        // It may have ended meanwhile, which is what we want.
        let _ = kill_process(pid, signal);
        if gone_within(Duration::from_secs(patience), || !serves(pid, cluster)).await {
            return Ok(());
        }
    }
    Err(PostgresError::Leftover(pid.as_raw_pid()))
}

/// The directory of the unix socket of the server that works in the cluster under `base`, when one does.
pub fn running_socket_dir(base: &Path) -> Option<PathBuf> {
    let cluster = base.join("cluster");
    recorded_pid(&cluster).filter(|pid| serves(*pid, &cluster))?;
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    // The fifth line of the pid file.
    text.lines().nth(4).filter(|line| !line.is_empty()).map(PathBuf::from)
}

fn recorded_pid(cluster: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Is this process a server working in the cluster's directory? A process number alone proves nothing: it may have been
/// given to somebody else since.
fn serves(pid: Pid, cluster: &Path) -> bool {
    let cwd = std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid()));
    matches!((cwd, cluster.canonicalize()), (Ok(cwd), Ok(cluster)) if cwd == cluster)
}
