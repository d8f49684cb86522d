//! A Chroma server, through its HTTP API.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use parking_lot::Mutex;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::time::Instant;

use super::connection::Connection;
use super::contender::Contender;
use super::course::course;
use super::data::{Data, TOP_K};
use super::figures::Outcome;
use super::install::Programs;
use super::share::{ATTRIBUTE, Share, bucket};
use super::{install, memory};
use crate::bench::service::BATCH;
use crate::harness::{Program, eventually, free_port};

const COLLECTIONS: &str = "/api/v2/tenants/default_tenant/databases/default_database/collections";
const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(30);

struct Chroma {
    programs: Programs,
    server: RwLock<Option<Program>>,
    pid: Mutex<u32>,
    data: Arc<Data>,
    base: String,
    port: u16,
    /// `/…/collections/{id}`.
    path: String,
    http: Client,
    /// Opened anew whenever the server starts.
    clients: RwLock<Vec<Connection>>,
    bodies: [Vec<Bytes>; 3],
}

/// Builds and measures.
pub async fn chroma(data: Arc<Data>, time: Duration) -> Result<Outcome> {
    let port = free_port()?;
    let mut chroma = Chroma {
        programs: install::programs()?,
        server: RwLock::new(None),
        pid: Mutex::new(0),
        base: format!("http://127.0.0.1:{port}"),
        port,
        path: String::new(),
        http: Client::builder().no_proxy().build()?,
        clients: RwLock::default(),
        bodies: Share::EACH.map(|share| bodies(&data, share)),
        data: Arc::clone(&data),
    };
    chroma.start().await?;
    let started = Instant::now();
    chroma.fill().await?;
    let build = started.elapsed();
    println!("built in {build:?}");
    let contender = Arc::new(chroma);
    let shares = course(&contender, &data, time).await?;
    let memory = contender.memory()?;
    contender.stop().await?;
    Ok(Outcome { build, memory, shares })
}

fn bodies(data: &Data, share: Share) -> Vec<Bytes> {
    let below = share.below();
    let filter =
        if share == Share::All { String::new() } else { format!(r#","where":{{"{ATTRIBUTE}":{{"$lt":{below}}}}}"#) };
    let body = |query| format!(r#"{{"query_embeddings":[{query}],"n_results":{TOP_K},"include":[]{filter}}}"#);
    data.queries_as_json().map(|query| Bytes::from(body(query))).collect()
}

impl Chroma {
    async fn start(&self) -> Result<()> {
        let mut command = Command::new(&self.programs.chroma);
        command.env("ANONYMIZED_TELEMETRY", "False").arg("run").arg("--path").arg(self.data.dir.join("chroma"));
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        let mut program = Program::start("chroma", command, &self.data.dir.join("chroma.log"))?;
        let url = format!("{}/api/v2/heartbeat", self.base);
        eventually("Chroma answers", START, async || {
            ensure!(program.status()?.is_none(), "Chroma ended: {}", program.log());
            let reply = self.http.get(&url).send().await?;
            Ok(reply.status().is_success().then_some(()))
        })
        .await?;
        *self.pid.lock() = program.pid();
        *self.server.write().await = Some(program);
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        if let Some(mut program) = self.server.write().await.take() {
            program.signal(rustix::process::Signal::TERM)?;
            program.ended(STOP).await?;
        }
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let reply = request.header("content-type", "application/json").body(body).send().await?;
        let status = reply.status();
        let bytes = reply.bytes().await?;
        ensure!(status.is_success(), "Chroma {path}: {status} {}", String::from_utf8_lossy(&bytes));
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }

    async fn fill(&mut self) -> Result<()> {
        // Vectors of length 1: the inner product orders them as the cosine does, at less cost.
        let body = json!({"name": "items", "configuration": {"hnsw": {"space": "ip"}}});
        let made = self.call(Method::POST, COLLECTIONS, body.to_string().into()).await?;
        self.path = format!("{COLLECTIONS}/{}", made["id"].as_str().context("no id of the collection")?);
        for part in self.data.parts(BATCH)? {
            let (first, vectors) = part?;
            let ids: Vec<u32> = (first..).take(vectors.len()).collect();
            let body = json!({
                "ids": ids.iter().map(u32::to_string).collect::<Vec<_>>(),
                "metadatas": ids.iter().map(|id| json!({ATTRIBUTE: bucket(*id)})).collect::<Vec<_>>(),
                "embeddings": vectors,
            });
            self.call(Method::POST, &format!("{}/add", self.path), body.to_string().into()).await?;
        }
        Ok(())
    }
}

impl Contender for Chroma {
    const KNOB: &str = "ef_search";
    const EFFORTS: &[u32] = &[12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024];

    /// The server takes a new effort over when it starts.
    async fn prepare(&self, effort: u32, clients: usize) -> Result<()> {
        let body = json!({"new_configuration": {"hnsw": {"ef_search": effort}}});
        self.call(Method::PUT, &self.path, body.to_string().into()).await?;
        self.stop().await?;
        self.start().await?;
        let query = self.http.post(format!("{}{}/query", self.base, self.path)).build()?;
        let opened = (0..clients).map(|_| Connection::to(&query)).collect::<Result<_>>()?;
        *self.clients.write().await = opened;
        Ok(())
    }

    async fn search(&self, client: usize, query: usize, share: Share) -> Result<Vec<u32>> {
        let place = Share::EACH.iter().position(|each| *each == share).unwrap_or_default();
        let body = self.bodies[place][query].clone();
        let found: Value = serde_json::from_slice(&self.clients.read().await[client].post(body).await?)?;
        let ids = found["ids"][0].as_array().context("no ids")?;
        ids.iter().map(|id| id.as_str().context("no id")?.parse().context("not one of the ids written")).collect()
    }

    fn memory(&self) -> Result<u64> {
        memory::of_family(*self.pid.lock())
    }
}
