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
/// The cluster's folder.
const CLUSTER: &str = "cluster";

/// A running server on a free loopback port with one superuser; ends with the handle.
pub struct Postgres {
    program: Option<Program>,
    bin: PathBuf,
    account: Option<(u32, u32)>,
    base: PathBuf,
    log: PathBuf,
    port: u16,
    settings: Vec<String>,
}

impl Postgres {
    /// Makes a cluster in `scratch`, starts a server on it and makes the database.
    pub async fn start(scratch: &Scratch) -> Result<Self> {
        Self::of(scratch, programs()?, &[("shared_buffers", "64MB")]).await
    }

    /// The same with the server whose programs are in `bin`, and with settings.
    pub async fn of(scratch: &Scratch, bin: PathBuf, settings: &[(&str, &str)]) -> Result<Self> {
        let account = account()?;
        let base = scratch.dir("postgres")?;
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(&base, Some(uid), Some(gid)).context("cannot give the cluster away")?;
        }
        std::fs::set_permissions(&base, std::fs::Permissions::from_mode(0o700))?;
        make(&bin, account, &base, &base.join(CLUSTER))?;
        let (log, port) = (scratch.log("postgres"), free_port()?);
        let settings = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut server = Self { program: None, bin, account, base, log, port, settings };
        server.start_again().await?;
        let mut connection = PgConnection::connect(&server.url_of("postgres")).await?;
        sqlx::raw_sql("CREATE DATABASE agentdb").execute(&mut connection).await?;
        Ok(server)
    }

    /// Starts the server on the same port with the same data.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = run_as(&self.bin.join("postgres"), self.account);
        command.current_dir("/").arg("-D").arg(self.base.join(CLUSTER)).arg("-k").arg(&self.base).args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            &format!("port={}", self.port),
        ]);
        command.args(self.settings.iter().flat_map(|setting| ["-c", setting]));
        let mut program = Program::start("postgres", command, &self.log)?;
        eventually("PostgreSQL answers", Duration::from_secs(60), async || {
            ensure!(program.status()?.is_none(), "PostgreSQL ended");
            PgConnection::connect(&self.url_of("postgres")).await?;
            Ok(Some(()))
        })
        .await?;
        self.program = Some(program);
        Ok(())
    }

    /// Immediate shutdown: nothing is written any more, the next start recovers.
    pub async fn kill(&mut self) -> Result<()> {
        let mut program = self.program.take().context("PostgreSQL is not running")?;
        program.signal(Signal::QUIT)?;
        program.ended(Duration::from_secs(30)).await?;
        Ok(())
    }

    /// `postgres://superuser:password@host/database` of a database that was empty at the start.
    pub fn url(&self) -> String {
        self.url_of("agentdb")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The number of the server's first process.
    pub fn pid(&self) -> Option<u32> {
        self.program.as_ref().map(Program::pid)
    }

    /// Fast shutdown, and waits for the end.
    pub async fn stop(mut self) -> Result<()> {
        let mut program = self.program.take().context("PostgreSQL is not running")?;
        program.signal(Signal::INT)?;
        program.ended(Duration::from_secs(30)).await?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A killed main process would leave its children to find out by themselves.
        if let Some(program) = &mut self.program
            && program.signal(Signal::QUIT).is_ok()
        {
            program.reap();
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
