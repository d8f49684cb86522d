//! `make neighbour`: what one organisation notices of another that asks for ten times as much as it may.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::data::{Clustered, DIMENSION};
use super::open_loop::{Answer, Offered, open_loop};
use super::service::fill;
use super::{cores, machine, page};
use crate::harness::{Account, Api, Place, Program, Roles, Scratch, eventually, free_port};

/// What the one who is measured asks for.
const VICTIM_PER_SECOND: f64 = 25.0;
const VICTIM_VECTORS: usize = 2_000;
/// What the other one may, and how many times as much it asks for.
const LIMIT_PER_SECOND: u32 = 20;
const TIMES: u32 = 10;
const ATTACKER_VECTORS: usize = 20_000;
const LARGE_BATCH: usize = 1_000;
const TARGET: f64 = 1.2;

/// What `make neighbour ARGS="..."` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    time: Duration,
    out: PathBuf,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// An unknown or incomplete argument; the text says what is taken.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            time: Duration::from_secs(30),
            out: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md")),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--seconds" => options.time = Duration::from_secs(value.parse().context("--seconds N")?),
                "--out" => options.out = PathBuf::from(value),
                _ => anyhow::bail!("{name} is not understood\nusage: [--seconds N] [--out FILE]"),
            }
        }
        Ok(options)
    }

    /// How long each figure is measured.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// Where the figures go.
    pub fn out(&self) -> &std::path::Path {
        &self.out
    }
}

/// Something that is asked for again and again.
#[derive(Clone)]
pub(super) struct Asked {
    api: Api,
    path: Arc<str>,
    bodies: Arc<Vec<Bytes>>,
}

impl Asked {
    pub(super) fn new(api: &Api, path: String, bodies: impl Iterator<Item = Value>) -> Self {
        let bodies = bodies.map(|body| Bytes::from(body.to_string())).collect();
        Self { api: api.clone(), path: path.into(), bodies: Arc::new(bodies) }
    }

    fn at(&self, base: &str) -> Self {
        Self { api: self.api.at(base), ..self.clone() }
    }

    pub(super) async fn ask(&self, number: usize) -> Result<Answer> {
        let body = self.bodies[number % self.bodies.len()].clone();
        let request = self.api.request(Method::POST, &self.path).header("content-type", "application/json").body(body);
        let reply = self.api.send(request).await?;
        Ok(Answer {
            status: reply.status,
            served_ms: reply.json["receipt"]["timing_ms"]["total"].as_f64(),
            units: reply.units("query") + reply.units("write"),
        })
    }

    pub(super) async fn offer(&self, per_second: f64, time: Duration) -> Result<Offered> {
        let asked = self.clone();
        open_loop(per_second, time, move |number| {
            let asked = asked.clone();
            async move { asked.ask(number).await }
        })
        .await
    }
}

/// One organisation's collection on the node.
pub(super) async fn collection(account: &Account, node: &str, vectors: &[Vec<f32>]) -> Result<Api> {
    account.namespace("bench").await?;
    let api = account.data().await?.at(node);
    let schema = json!({"vector": {"dimension": DIMENSION, "metric": "cosine"}});
    let records = vectors.iter().enumerate().map(|(n, v)| json!({"id": n.to_string(), "vector": v}));
    fill(&api.collection("bench", "vectors"), &schema, records).await?;
    Ok(api)
}

fn path(verb: &str) -> String {
    format!("/v1/namespaces/bench/collections/vectors/{verb}")
}

/// What the attacker does, and how often of its ten times.
struct Attack {
    what: &'static str,
    asked: Asked,
    per_second: f64,
}

struct Row {
    what: &'static str,
    attacked: Offered,
    absorbed: Offered,
    attack: Offered,
}

/// Measures, prints and writes the page.
///
/// # Errors
/// Anything that did not answer as it should.
pub async fn run(options: Options) -> Result<()> {
    let machine = machine();
    let (measured, others) = cores::two();
    // The node is started on its core and makes itself threads for one; the rest is moved away then.
    cores::pin(std::process::id(), measured)?;
    let roles = Roles::start(Place::Directory).await?;
    cores::pin_all_but(roles.node_pid()?, others)?;
    let node = roles.node_base();
    let data = Clustered::new(ATTACKER_VECTORS, 1_000);
    let (victim, attacker) = (roles.account().await?, roles.account().await?);
    let quiet = collection(&victim, &node, &data.vectors[..VICTIM_VECTORS]).await?;
    let storm = collection(&attacker, &node, &data.vectors).await?;
    limit(&roles, &attacker, &storm).await?;
    let queries = || data.queries.iter().map(|query| json!({"vector": query, "top_k": 10, "include": []}));
    let quiet = Asked::new(&quiet, path("query"), queries());
    let attacks = attacks(&storm, &data);
    quiet.offer(VICTIM_PER_SECOND, Duration::from_secs(5)).await?;
    let alone = quiet.offer(VICTIM_PER_SECOND, options.time).await?;
    let mut rows = Vec::new();
    for attack in attacks {
        let (attacked, stormed) = both(&quiet, &attack, None, options.time).await?;
        let mut scratch = Scratch::new()?;
        let dummy = Dummy::start(&scratch, measured).await?;
        let (absorbed, _) = both(&quiet, &attack, Some(&dummy.base), options.time).await?;
        drop(dummy);
        scratch.succeed();
        ensure!(stormed.statuses.contains_key(&429), "{} were not limited: {:?}", attack.what, stormed.statuses);
        println!("measured beside {}", attack.what);
        rows.push(Row { what: attack.what, attacked, absorbed, attack: stormed });
    }
    roles.stop().await?;
    let page = report(&machine, &alone, &rows)?;
    println!("\n{page}");
    page::put(options.out(), "neighbour", &page)
}

/// Brings the attacker's rates down from those that it was filled with, and waits until the node knows it.
async fn limit(roles: &Roles, attacker: &Account, storm: &Api) -> Result<()> {
    let overrides = json!({
        "requests_per_second": LIMIT_PER_SECOND, "request_burst": 2 * LIMIT_PER_SECOND,
        "query_milli_units_per_second": 1_u64 << 40, "query_milli_units_burst": 1_u64 << 40,
        "write_milli_units_per_second": 1_u64 << 40, "write_milli_units_burst": 1_u64 << 40,
        "concurrent_requests": 100, "storage_bytes": 1_u64 << 50,
        "query_milli_units_per_month": null, "write_milli_units_per_month": null,
    });
    roles.operator().await?.override_limits(&attacker.org, &overrides).await?;
    // Changes that an operator makes by SQL are found with the next comparison of digests, within a minute.
    let quota = format!("q={};", 2 * LIMIT_PER_SECOND);
    eventually("the attacker's limits at the node", Duration::from_secs(150), async || {
        let reply = storm.get("/v1/namespaces/bench/collections").await?;
        Ok(reply.header("ratelimit-policy").is_some_and(|policy| policy.contains(&quota)).then_some(()))
    })
    .await
}

fn attacks(storm: &Api, data: &Clustered) -> Vec<Attack> {
    let offered = f64::from(LIMIT_PER_SECOND * TIMES);
    let record = |n: usize| json!({"id": format!("w{n}"), "vector": data.vectors[n % data.vectors.len()]});
    let reads = data.queries.iter().map(|query| json!({"vector": query, "top_k": 100, "exact": true, "include": []}));
    let writes = (0..500).map(|n| json!({"records": [record(n)]}));
    let batches =
        (0..3).map(|at| json!({"records": (0..LARGE_BATCH).map(|n| record(at * LARGE_BATCH + n)).collect::<Vec<_>>()}));
    vec![
        Attack { what: "queries", asked: Asked::new(storm, path("query"), reads), per_second: offered },
        Attack { what: "small writes", asked: Asked::new(storm, path("upsert"), writes), per_second: offered },
        // An import is batches one after the other, as fast as they are taken; a tenth of the requests is more than enough.
        Attack {
            what: "batches of 1,000",
            asked: Asked::new(storm, path("upsert"), batches),
            per_second: offered / 4.0,
        },
    ]
}

/// The victim and the attack at once, the attack perhaps at another address.
async fn both(quiet: &Asked, attack: &Attack, elsewhere: Option<&str>, time: Duration) -> Result<(Offered, Offered)> {
    let asked = elsewhere.map_or_else(|| attack.asked.clone(), |base| attack.asked.at(base));
    let per_second = attack.per_second;
    // It begins before, so that what its burst allows is over, and ends after.
    let storm = tokio::spawn(async move { asked.offer(per_second, time + Duration::from_secs(6)).await });
    tokio::time::sleep(Duration::from_secs(4)).await;
    let measured = quiet.offer(VICTIM_PER_SECOND, time).await?;
    Ok((measured, storm.await??))
}

/// What absorbs an attack, on the core of the node.
struct Dummy {
    base: String,
    _program: Program,
}

impl Dummy {
    async fn start(scratch: &Scratch, core: usize) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["dummy", &port.to_string()]).stdin(Stdio::null());
        let program = Program::start("dummy", command, &scratch.log("dummy"))?;
        cores::pin(program.pid(), core)?;
        eventually("the dummy", Duration::from_secs(10), async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok().then_some(()))
        })
        .await?;
        Ok(Self { base: format!("http://127.0.0.1:{port}"), _program: program })
    }
}

fn report(machine: &str, alone: &Offered, rows: &[Row]) -> Result<String> {
    let base = alone.served(0.99)?;
    let mut text = format!(
        "## A neighbour's storm\n\nWritten by `make neighbour`, on this machine:\n{machine}. The node is kept on one core, \
         the clients, the control plane and PostgreSQL on another. One organisation asks {VICTIM_PER_SECOND} queries a \
         second of {VICTIM_VECTORS} vectors. Another one, which may {LIMIT_PER_SECOND} requests a second, asks for {TIMES} \
         times as many (batches: {} times), of {ATTACKER_VECTORS} vectors. Times are the node's own, from admission to \
         reply. *Absorbed*: the same storm, on the same core, goes to a server that refuses everything.\n\nAlone: p50 \
         {:.2} ms, p99 {base:.2} ms. Target: p99 at most {TARGET} times as long.\n\n| beside | p50 | p99 | absorbed p99 | \
         times alone | times absorbed | client's p99 | answers to the storm |\n|---|---:|---:|---:|---:|---:|---:|---|\n",
        f64::from(TIMES) / 4.0,
        alone.served(0.5)?,
    );
    for row in rows {
        let (attacked, absorbed) = (row.attacked.served(0.99)?, row.absorbed.served(0.99)?);
        let _ = writeln!(
            text,
            "| {} | {:.2} ms | {attacked:.2} ms | {absorbed:.2} ms | {:.2} x | {:.2} x | {:.2} ms | {:?} |",
            row.what,
            row.attacked.served(0.5)?,
            attacked / base,
            attacked / absorbed,
            row.attacked.waited(0.99)?,
            row.attack.statuses,
        );
    }
    let refused: u64 = rows.iter().map(|row| row.attacked.answered() - row.attacked.admitted()).sum();
    let _ = writeln!(text, "\nOf the one who is alone {refused} requests were refused.");
    Ok(text)
}
