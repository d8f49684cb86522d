//! One child process: started with a log, signalled, waited for, never left behind.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::{binary, eventually};

/// A running program. Dropping it kills it.
pub struct Program {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Program {
    /// `agentdb` with these arguments and settings (`object_store.url` and its like, given by the environment); nothing
    /// of the caller's own configuration reaches it.
    pub fn agentdb(arguments: &[&str], settings: &[(String, String)]) -> Result<Command> {
        let mut command = Command::new(binary()?);
        for (name, _) in std::env::vars_os() {
            let foreign = name.to_str().is_some_and(|name| name.starts_with("AGENTDB_") || name == "DATABASE_URL");
            // The cache says where the model is, which is the same for everybody.
            if foreign && name != "AGENTDB_CACHE" {
                command.env_remove(name);
            }
        }
        command.args(arguments);
        for (setting, value) in settings {
            command.env(format!("AGENTDB_{}", setting.replace('.', "_").to_uppercase()), value);
        }
        Ok(command)
    }

    /// Starts it. What it writes is appended to `log`. It stays in the test's process group, so a test runner that
    /// ends the group ends it as well.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let file: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_path_buf() })
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has written, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Its status when it has ended.
    pub fn status(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        ensure!(self.status()?.is_none(), "{} has ended already", self.name);
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process number")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        Ok(())
    }

    /// Waits, without a deadline, for the end of a program that is known to be ending.
    pub(super) fn reap(&mut self) {
        let _ = self.child.wait();
    }

    /// Waits for its end.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        eventually(&what, within, async || self.status()).await
    }

    /// SIGTERM, then its end, which must be a good one.
    pub async fn terminate(&mut self, within: Duration) -> Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.ended(within).await?;
        ensure!(status.success(), "{} ended with {status} after SIGTERM", self.name);
        Ok(())
    }

    /// Waits until `GET <base>/readyz` is answered with 200, or says why that cannot come.
    pub async fn ready(&mut self, base: &str, within: Duration) -> Result<()> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        let url = format!("{base}/readyz");
        let mut ended = None;
        let name = self.name.clone();
        eventually(&format!("{name} ready at {url}"), within, async || {
            ended = self.status()?;
            if ended.is_some() {
                return Ok(Some(()));
            }
            let reply = http.get(&url).send().await?;
            ensure!(reply.status().is_success(), "{} {}", reply.status(), reply.text().await.unwrap_or_default());
            Ok(Some(()))
        })
        .await?;
        match ended {
            Some(status) => anyhow::bail!("{name} ended with {status} before it was ready"),
            None => Ok(()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
