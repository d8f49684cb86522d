//! One run of the server's process: from the command line to "ready", and from a signal to its end.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::log::LastLines;
use super::{Account, Binaries, PostgresError};

/// How often a state that announces itself nowhere is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Recovery after a crash replays the write-ahead log before the server is ready.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// After the main process was killed its children need a moment to notice and to let go of the shared memory.
const SHARED_MEMORY_PATIENCE: Duration = Duration::from_secs(15);

/// Options that differ from the server's defaults. Given on the command line, they hold for clusters of any age.
const OPTIONS: &[&str] = &[
    "listen_addresses=",
    "shared_buffers=64MB",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "log_destination=stderr",
    "log_line_prefix=[%p] %q%u@%d ",
    // Statements and their parameters hold secrets and tenants' values.
    "log_min_error_statement=panic",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
];

/// What is needed to start the server, again and again.
pub struct Launch {
    pub account: Account,
    pub binaries: Binaries,
    pub cluster: PathBuf,
    pub socket_dir: PathBuf,
    /// Connections that the server takes.
    pub max_connections: u32,
}

/// A server that is ready, and the guard that ends it should we be killed.
pub struct Running {
    child: Child,
    guard: Child,
    pid: Pid,
}

impl Launch {
    /// Starts the server and waits until it takes connections.
    pub async fn start(&self) -> Result<Running, PostgresError> {
        let deadline = tokio::time::Instant::now() + SHARED_MEMORY_PATIENCE;
        loop {
            match self.try_start().await {
                Err(PostgresError::Start(why))
                    if why.contains("shared memory block") && tokio::time::Instant::now() < deadline =>
                {
                    tokio::time::sleep(LOOK * 10).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_start(&self) -> Result<Running, PostgresError> {
        let mut command = self.account.command(&self.binaries.postgres);
        command.current_dir(&self.cluster).arg("-D").arg(&self.cluster).arg("-k").arg(&self.socket_dir);
        for option in OPTIONS {
            command.args(["-c", option]);
        }
        command.args(["-c", &format!("max_connections={}", self.max_connections)]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child =
            Command::from(command).spawn().map_err(PostgresError::io("cannot run", &self.binaries.postgres))?;
        let last_lines = LastLines::default();
        let follower = child.stderr.take().map(|stderr| tokio::spawn(last_lines.clone().follow(stderr)));
        let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) else {
            return Err(PostgresError::Start("it ended at once".to_owned()));
        };
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        while !is_ready(&self.cluster, pid) {
            let ended = child.try_wait().map_err(PostgresError::io("cannot wait for", &self.binaries.postgres))?;
            if let Some(status) = ended {
                if let Some(follower) = follower {
                    // What it wrote last is read to the end before it is quoted.
                    let _ = tokio::time::timeout(Duration::from_secs(2), follower).await;
                }
                return Err(PostgresError::Start(format!("{status}; it said:\n{}", last_lines.text())));
            }
            if tokio::time::Instant::now() >= deadline {
                let _ = kill_process(pid, Signal::QUIT);
                let _ = child.wait().await;
                return Err(PostgresError::Start(format!(
                    "not ready within {} s; it said:\n{}",
                    START_PATIENCE.as_secs(),
                    last_lines.text()
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
        let guard = self.guard(pid)?;
        Ok(Running { child, guard, pid })
    }

    /// A shell that waits for the end of our side of a pipe. The kernel closes it however we end, so also a killed
    /// program leaves no server behind.
    fn guard(&self, server: Pid) -> Result<Child, PostgresError> {
        let mut command = self.account.command("/bin/sh");
        command
            .args(["-c", "read -r _; kill -INT \"$1\"", "agentdb-postgres-guard", &server.as_raw_pid().to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Command::from(command).spawn().map_err(PostgresError::io("cannot run", Path::new("/bin/sh")))
    }
}

impl Running {
    /// Waits for the server to end by itself.
    pub async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.dismiss_guard().await;
        status
    }

    /// Fast shutdown: open transactions are rolled back, connections closed, a checkpoint written. When that takes
    /// longer than `patience` the server is ended without a checkpoint and recovers at the next start.
    pub async fn stop(mut self, patience: Duration) {
        self.dismiss_guard().await;
        for (signal, patience) in [(Signal::INT, patience), (Signal::QUIT, Duration::from_secs(5))] {
            let _ = kill_process(self.pid, signal);
            if tokio::time::timeout(patience, self.child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(?signal, "PostgreSQL did not end in time");
        }
        let _ = self.child.kill().await;
    }

    /// The guard goes before the server does: later the server's number may be somebody else's.
    async fn dismiss_guard(&mut self) {
        let _ = self.guard.kill().await;
    }
}

/// The server writes its state into the eighth line of its pid file.
fn is_ready(cluster: &Path, pid: Pid) -> bool {
    let Ok(text) = std::fs::read_to_string(cluster.join("postmaster.pid")) else { return false };
    let mut lines = text.lines();
    let ours = lines.next().and_then(|line| line.trim().parse().ok()) == Some(pid.as_raw_pid());
    ours && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

/// Looks again and again until `gone` says yes; false when `patience` runs out first.
pub async fn gone_within(patience: Duration, gone: impl Fn() -> bool) -> bool {
    let looking = async {
        while !gone() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(patience, looking).await.is_ok()
}
