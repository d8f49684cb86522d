//! The roles apart: a control plane and a node, each a process of its own, on a PostgreSQL of the test's.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::place::Store;
use super::{Account, Api, Operator, Place, Postgres, Program, Scratch, free_port};

const START: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(60);
const NODE: &str = "node_01jc0000000000000000000001";
const SECRET: &str = "7e57000000000000000000000000000000000000000000000000000000007e57";
const ROLE_PASSWORD: &str = "a-role-of-a-test";

/// A control plane and a node.
pub struct Roles {
    // Fields are dropped in this order: the programs first, then what they stand on, the directory last.
    control: Option<Program>,
    node: Option<Program>,
    postgres: Option<Postgres>,
    store: Store,
    control_port: u16,
    internal_port: u16,
    node_port: u16,
    node_key: String,
    node_settings: Vec<(String, String)>,
    scratch: Scratch,
}

impl Roles {
    /// Migrates the database, starts both and waits until they are ready.
    pub async fn start(place: Place) -> Result<Self> {
        Self::with(place, &[]).await
    }

    /// The same with further settings of the node.
    pub async fn with(place: Place, node_settings: &[(&str, &str)]) -> Result<Self> {
        let scratch = Scratch::new()?;
        let postgres = Postgres::start(&scratch).await?;
        let store = place.open(&scratch).await?;
        let mut roles = Self {
            control: None,
            node: None,
            postgres: Some(postgres),
            store,
            control_port: free_port()?,
            internal_port: free_port()?,
            node_port: free_port()?,
            node_key: String::new(),
            node_settings: node_settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            scratch,
        };
        roles.run(&["migrate"], &roles.control_settings()?)?;
        roles.node_key = roles.run(&["control-plane", "--print-node-key", NODE], &roles.control_settings()?)?;
        roles.start_control().await?;
        roles.start_node().await?;
        Ok(roles)
    }

    /// The control plane's address: sign-up, keys, namespaces, usage.
    pub fn control_base(&self) -> String {
        format!("http://127.0.0.1:{}", self.control_port)
    }

    /// The node's address: data.
    pub fn node_base(&self) -> String {
        format!("http://127.0.0.1:{}", self.node_port)
    }

    /// The number of the node's process.
    pub fn node_pid(&self) -> Result<u32> {
        Ok(self.node.as_ref().context("the node is not running")?.pid())
    }

    /// A new person with a new organisation whose limits no test runs into.
    pub async fn account(&self) -> Result<Account> {
        let account = Account::sign_up(&Api::anonymous(&self.control_base())?).await?;
        self.operator().await?.unbound(&account).await?;
        Ok(account)
    }

    /// Somebody who may log in to the database.
    pub async fn operator(&self) -> Result<Operator> {
        Operator::at(&self.postgres()?.url()).await
    }

    /// `kill -9` of the control plane.
    pub fn kill_control(&mut self) -> Result<()> {
        self.control.take().context("the control plane is not running")?.kill()
    }

    /// Starts the control plane, on the same port and directory as before, and waits until it is ready.
    pub async fn start_control(&mut self) -> Result<()> {
        let listen = format!("127.0.0.1:{}", self.control_port);
        let command = Program::agentdb(&["control-plane", "--listen", &listen], &self.control_settings()?)?;
        let mut program = Program::start("control-plane", command, &self.scratch.log("control-plane"))?;
        let outcome = program.ready(&self.control_base(), START).await;
        self.control = Some(program);
        outcome
    }

    /// Ends the database at once, as a crash does.
    pub async fn kill_postgres(&mut self) -> Result<()> {
        self.postgres.as_mut().context("PostgreSQL is not running")?.kill().await
    }

    /// Starts the database again on the same port with the same data.
    pub async fn start_postgres(&mut self) -> Result<()> {
        self.postgres.as_mut().context("PostgreSQL was never started")?.start_again().await
    }

    /// `kill -9` of the node.
    pub fn kill_node(&mut self) -> Result<()> {
        self.node.take().context("the node is not running")?.kill()
    }

    /// Starts the node, on the same port and directory as before, and waits until it is ready.
    pub async fn start_node(&mut self) -> Result<()> {
        let listen = format!("127.0.0.1:{}", self.node_port);
        let mut settings = [self.store.settings.clone(), self.node_settings.clone()].concat();
        let own = [
            ("data_dir", self.data_dir("node")?.display().to_string()),
            ("node.id", NODE.to_owned()),
            ("node.key", self.node_key.clone()),
            ("internal.control_plane_url", format!("http://127.0.0.1:{}", self.internal_port)),
        ];
        settings.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let command = Program::agentdb(&["data-plane", "--listen", &listen], &settings)?;
        let mut program = Program::start("data-plane", command, &self.scratch.log("data-plane"))?;
        let outcome = program.ready(&self.node_base(), START).await;
        self.node = Some(program);
        outcome
    }

    /// The end of a test that went well: ends both roles by SIGTERM, the node first.
    pub async fn stop(mut self) -> Result<()> {
        for program in [self.node.take(), self.control.take()].iter_mut().flatten() {
            program.terminate(DRAIN).await?;
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await?;
        }
        self.store.server.take();
        self.scratch.succeed();
        Ok(())
    }

    fn postgres(&self) -> Result<&Postgres> {
        self.postgres.as_ref().context("PostgreSQL is not running")
    }

    fn data_dir(&self, role: &str) -> Result<PathBuf> {
        self.scratch.dir(role)
    }

    fn control_settings(&self) -> Result<Vec<(String, String)>> {
        let settings = [
            ("data_dir", self.data_dir("control")?.display().to_string()),
            ("database.url", self.postgres()?.url()),
            ("database.app_password", ROLE_PASSWORD.to_owned()),
            ("database.jobs_password", ROLE_PASSWORD.to_owned()),
            ("database.key_lookup_password", ROLE_PASSWORD.to_owned()),
            ("encryption.key_file", self.key_file()?.display().to_string()),
            ("internal.listen", format!("127.0.0.1:{}", self.internal_port)),
            ("internal.secret", SECRET.to_owned()),
        ];
        Ok(settings.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    /// The keys that the control plane encrypts secrets under.
    fn key_file(&self) -> Result<PathBuf> {
        let file = self.data_dir("control")?.join("test-encryption-keys");
        if !file.exists() {
            std::fs::write(&file, SECRET)?;
        }
        Ok(file)
    }

    /// Runs a command of the program to its end; gives what it printed.
    fn run(&self, arguments: &[&str], settings: &[(String, String)]) -> Result<String> {
        let output = Program::agentdb(arguments, settings)?.output().context("cannot run agentdb")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "agentdb {arguments:?}: {} {said}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
