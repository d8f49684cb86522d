//! A PostgreSQL of a test's own, for the roles that run apart.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection};

use super::{Program, Scratch, eventually, free_port};

const PASSWORD: &str = "a-test-of-its-own";

/// A running server on a free loopback port with one superuser; ends with the handle.
pub struct Postgres {
    program: Program,
    url: String,
}

impl Postgres {
    /// Makes a cluster in `scratch` and starts a server on it.
    pub async fn start(scratch: &Scratch) -> Result<Self> {
        let bin = programs()?;
        let account = account()?;
        let base = scratch.dir("postgres")?;
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(&base, Some(uid), Some(gid)).context("cannot give the cluster away")?;
        }
        std::fs::set_permissions(&base, std::fs::Permissions::from_mode(0o700))?;
        let cluster = base.join("cluster");
        make(&bin, account, &base, &cluster)?;
        let port = free_port()?;
        let mut command = run_as(&bin.join("postgres"), account);
        command.current_dir("/").arg("-D").arg(&cluster).arg("-k").arg(&base).args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            &format!("port={port}"),
            "-c",
            "shared_buffers=64MB",
        ]);
        let mut program = Program::start("postgres", command, &scratch.log("postgres"))?;
        let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/agentdb");
        let first = url.replace("/agentdb", "/postgres");
        eventually("PostgreSQL answers", Duration::from_secs(60), async || {
            ensure!(program.status()?.is_none(), "PostgreSQL ended");
            let mut connection = PgConnection::connect(&first).await?;
            sqlx::raw_sql("CREATE DATABASE agentdb").execute(&mut connection).await?;
            Ok(Some(()))
        })
        .await?;
        Ok(Self { program, url })
    }

    /// `postgres://superuser:password@host/database` of an empty database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Fast shutdown, and waits for the end.
    pub async fn stop(mut self) -> Result<()> {
        self.program.signal(Signal::INT)?;
        self.program.ended(Duration::from_secs(30)).await?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A killed main process would leave its children to find out by themselves.
        if self.program.signal(Signal::QUIT).is_ok() {
            self.program.reap();
        }
    }
}

fn make(bin: &Path, account: Option<(u32, u32)>, base: &Path, cluster: &Path) -> Result<()> {
    let password = base.join("password");
    std::fs::write(&password, PASSWORD)?;
    if let Some((uid, gid)) = account {
        std::os::unix::fs::chown(&password, Some(uid), Some(gid))?;
    }
    let output = run_as(&bin.join("initdb"), account)
        .current_dir(base)
        .arg("--pgdata")
        .arg(cluster)
        .arg("--pwfile")
        .arg(&password)
        .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .stdin(Stdio::null())
        .output()
        .context("cannot run initdb")?;
    ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn run_as(program: &Path, account: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C").env("TZ", "UTC");
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

/// PostgreSQL refuses to run as root; then it runs as the user that Debian's package makes.
fn account() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).context("there is no user `postgres`")?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next().context("no uid")?.parse()?;
    let gid = fields.next().context("no gid")?.parse()?;
    Ok(Some((uid, gid)))
}

/// The directory of the newest installed server's programs.
fn programs() -> Result<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = packaged
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .map(|(_, bin)| bin)
        .or_else(|| std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file()))
        .context("PostgreSQL is not installed: run `make setup`")
}
