//! `agentdb up`: all roles in one process, as a newcomer runs it.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::place::Store;
use super::{Account, Api, Operator, Place, Program, S3Server, Scratch, eventually, free_port, processes_in};

/// Initdb, migrations and the loading of the model, on a busy machine.
const FIRST_START: Duration = Duration::from_secs(120);
/// Requests in flight, a fold of each namespace, the last report, PostgreSQL's shutdown.
const DRAIN: Duration = Duration::from_secs(60);

/// A running service with a data directory of its own.
pub struct Service {
    // Fields are dropped in this order: the program first, then what it stands on, the directory last.
    program: Option<Program>,
    store: Store,
    data_dir: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    scratch: Scratch,
}

impl Service {
    /// Starts one with its data in a directory and waits until it is ready.
    pub async fn start() -> Result<Self> {
        Self::on(Place::Directory).await
    }

    /// Starts one on this kind of object store.
    pub async fn on(place: Place) -> Result<Self> {
        Self::with(place, &[]).await
    }

    /// Starts one with further settings, such as `("metrics.public", "true")`.
    pub async fn with(place: Place, settings: &[(&str, &str)]) -> Result<Self> {
        let scratch = Scratch::new()?;
        let store = place.open(&scratch).await?;
        let data_dir = scratch.path().join("data");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut service = Self { program: None, store, data_dir, port: free_port()?, settings, scratch };
        service.start_again().await?;
        Ok(service)
    }

    /// The address of API and console.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The data directory.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }

    /// The folder of a service that stores in a directory.
    pub fn objects_dir(&self) -> PathBuf {
        self.scratch.path().join("objects")
    }

    /// Somebody without a credential.
    pub fn anonymous(&self) -> Result<Api> {
        Api::anonymous(&self.base())
    }

    /// A new person with a new organisation whose limits no test runs into: an operator has raised them.
    pub async fn account(&self) -> Result<Account> {
        let account = self.community_account().await?;
        self.operator().await?.unbound(&account).await?;
        Ok(account)
    }

    /// A new person with a new organisation as the edition has it: ten requests a second.
    pub async fn community_account(&self) -> Result<Account> {
        Account::sign_up(&self.anonymous()?).await
    }

    /// The operator of this service: somebody who may log in to its database.
    pub async fn operator(&self) -> Result<Operator> {
        Operator::of_data_dir(&self.data_dir).await
    }

    /// The running process.
    pub fn program(&mut self) -> Result<&mut Program> {
        self.program.as_mut().ok_or_else(|| anyhow::anyhow!("the service is not running"))
    }

    /// The S3 server behind the service.
    pub fn s3(&mut self) -> Result<&mut S3Server> {
        self.store.server.as_mut().ok_or_else(|| anyhow::anyhow!("the service stores in a directory"))
    }

    /// A command that would start a second process on the same directory, with a port of its own.
    pub fn rival(&self) -> Result<Command> {
        self.command(free_port()?)
    }

    /// Where the rival's, or any further process's, log goes.
    pub fn log(&self, name: &str) -> PathBuf {
        self.scratch.log(name)
    }

    /// `kill -9`, and waits until the PostgreSQL it had started is gone as well.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut program) = self.program.take() {
            program.kill()?;
        }
        self.nothing_left().await
    }

    /// SIGTERM; the process must end well, and take its PostgreSQL along.
    pub async fn terminate(&mut self) -> Result<()> {
        if let Some(mut program) = self.program.take() {
            program.terminate(DRAIN).await?;
        }
        let left = processes_in(&self.data_dir);
        ensure!(left.is_empty(), "processes {left:?} still work in the data directory after SIGTERM");
        Ok(())
    }

    /// Starts it on the same directory and port, and waits until it is ready.
    pub async fn start_again(&mut self) -> Result<()> {
        let command = self.command(self.port)?;
        let mut program = Program::start("agentdb", command, &self.scratch.log("agentdb"))?;
        let base = self.base();
        let outcome = program.ready(&base, FIRST_START).await;
        self.program = Some(program);
        outcome
    }

    /// The end of a test that went well: ends everything and checks that nothing is left.
    pub async fn stop(mut self) -> Result<()> {
        self.terminate().await?;
        self.store.server.take();
        self.scratch.succeed();
        Ok(())
    }

    fn command(&self, port: u16) -> Result<Command> {
        let listen = format!("127.0.0.1:{port}");
        let data_dir = self.data_dir.display().to_string();
        let settings: Vec<_> = self.store.settings.iter().chain(&self.settings).cloned().collect();
        Program::agentdb(&["up", "--listen", &listen, "--data-dir", &data_dir], &settings)
    }

    async fn nothing_left(&self) -> Result<()> {
        eventually("the end of every process in the data directory", Duration::from_secs(30), async || {
            Ok(processes_in(&self.data_dir).is_empty().then_some(()))
        })
        .await
    }
}
