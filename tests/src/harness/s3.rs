//! A real S3 server with conditional writes: MiniStack, which `make setup` installs.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{Program, Scratch, cache, eventually, free_port};

const BUCKET: &str = "agentdb-test";

/// A running server with one bucket; ends with the handle.
pub struct S3Server {
    program: Option<Program>,
    port: u16,
    endpoint: String,
    objects: PathBuf,
    log: PathBuf,
}

impl S3Server {
    /// Starts it on a free loopback port, with its objects in `scratch`.
    pub async fn start(scratch: &Scratch) -> Result<Self> {
        let port = free_port()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let (objects, log) = (scratch.dir("s3")?, scratch.log("ministack"));
        let mut server = Self { program: None, port, endpoint, objects, log };
        server.start_again().await?;
        Ok(server)
    }

    /// `kill -9`. What it has acknowledged is on its disk.
    pub fn kill(&mut self) -> Result<()> {
        self.program.take().context("the S3 server is not running")?.kill()
    }

    /// Starts it on the same port with the same objects.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new(program()?);
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", self.port.to_string())
            .env("SERVICES", "s3")
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", &self.objects)
            .current_dir(&self.objects);
        let mut program = Program::start("ministack", command, &self.log)?;
        let bucket = format!("{}/{BUCKET}", self.endpoint);
        let http = reqwest::Client::new();
        eventually("a bucket of the S3 server", Duration::from_secs(30), async || {
            ensure!(program.status()?.is_none(), "ministack ended");
            let there = http.head(&bucket).send().await?.status().is_success();
            if there {
                return Ok(Some(()));
            }
            let reply = http.put(&bucket).send().await?;
            ensure!(reply.status().is_success(), "{}", reply.status());
            Ok(Some(()))
        })
        .await?;
        self.program = Some(program);
        Ok(())
    }

    /// The keys that begin with `prefix`, at most a thousand of them.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let list = format!("{}/{BUCKET}?list-type=2&prefix={prefix}", self.endpoint);
        let reply = reqwest::Client::new().get(&list).send().await?;
        ensure!(reply.status().is_success(), "{list}: {}", reply.status());
        let text = reply.text().await?;
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        Ok(keys.map(|(key, _)| key.to_owned()).collect())
    }

    /// Its address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The bucket that was made.
    pub fn bucket(&self) -> &'static str {
        BUCKET
    }
}

fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([cache()?.join("venv/bin")])
        .map(|dir| dir.join("ministack"))
        .find(|candidate| candidate.is_file())
        .context("the S3 server `ministack` is not installed: run `make setup`")
}
