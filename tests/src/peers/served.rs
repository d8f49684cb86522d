//! The service through its public API, as a stranger asks it: authentication, admission, metering and receipt included.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::Connection;
use super::contender::Contender;
use super::course::course;
use super::data::{CLIENTS, Data, TOP_K};
use super::figures::Outcome;
use super::memory;
use super::share::{ATTRIBUTE, Share, bucket};
use crate::bench::data::DIMENSION;
use crate::bench::service::{BATCH, fill};
use crate::harness::{Collection, Place, Service, eventually_every};

const NAMESPACE: &str = "peers";
const COLLECTION: &str = "items";
/// From so many rows on there is an index; fewer may be looked at one by one.
const ALWAYS_INDEXED: usize = 50_000;
const INDEXING: Duration = Duration::from_secs(3600);

struct Served {
    pid: u32,
    clients: Vec<Connection>,
    bodies: [Vec<Bytes>; 3],
}

/// Builds and measures.
pub async fn served(data: Arc<Data>, time: Duration) -> Result<Outcome> {
    let memory = data.memory().to_string();
    let settings = [("metrics.public", "true"), ("node.engine.max_resident_bytes", memory.as_str())];
    let mut service = Service::with(Place::Directory, &settings).await?;
    let account = service.account().await?;
    account.namespace(NAMESPACE).await?;
    let api = account.data().await?;
    let collection = api.collection(NAMESPACE, COLLECTION);
    let schema = json!({"vector": {"dimension": DIMENSION, "metric": "cosine"}, "attributes": {ATTRIBUTE: "int"}});
    let started = Instant::now();
    let mut broken = None;
    // A part that cannot be read ends the rows, and is told afterwards.
    let parts = data.parts(BATCH)?.map_while(|part| part.map_err(|error| broken = Some(error)).ok());
    let records = parts.flat_map(|(first, vectors)| {
        vectors
            .into_iter()
            .zip(first..)
            .map(|(vector, id)| json!({"id": id.to_string(), "vector": vector, "attributes": {ATTRIBUTE: bucket(id)}}))
    });
    fill(&collection, &schema, records).await?;
    if let Some(error) = broken {
        return Err(error);
    }
    // Ending folds everything.
    service.terminate().await?;
    service.start_again().await?;
    collection.scan(&json!({"limit": 1, "include": []})).await?.ok()?;
    if data.count >= ALWAYS_INDEXED {
        indexed(&service, &collection, data.count).await?;
    }
    let build = started.elapsed();
    println!("built in {build:?}");
    let clients = CLIENTS.into_iter().max().unwrap_or(1);
    let query = api.request(Method::POST, &format!("{}/query", collection.path())).build()?;
    let contender = Arc::new(Served {
        pid: service.program()?.pid(),
        clients: (0..clients).map(|_| Connection::to(&query)).collect::<Result<_>>()?,
        bodies: Share::EACH.map(|share| bodies(&data, share)),
    });
    let shares = course(&contender, &data, time).await?;
    let memory = contender.memory()?;
    service.stop().await?;
    Ok(Outcome { build, memory, shares })
}

/// Waits until the node says that searches use an index of all rows. A namespace that nobody asks for is closed before
/// that.
async fn indexed(service: &Service, collection: &Collection, rows: usize) -> Result<()> {
    let metrics = service.anonymous()?;
    eventually_every(Duration::from_secs(1), "all rows in the index", INDEXING, async || {
        collection.scan(&json!({"limit": 1, "include": []})).await?.ok()?;
        let text = metrics.get("/metrics").await?.ok()?.text();
        let told = text.lines().find_map(|line| line.strip_prefix("agentdb_node_indexed_rows "));
        let told: f64 = told.context("the node does not tell its indexed rows")?.trim().parse()?;
        ensure!(told >= rows as f64, "{told} of {rows} rows");
        Ok(Some(()))
    })
    .await
}

fn bodies(data: &Data, share: Share) -> Vec<Bytes> {
    let filter = share.condition().map(|condition| format!(r#","filter":"{condition}""#)).unwrap_or_default();
    let body = |query| format!(r#"{{"vector":{query},"top_k":{TOP_K},"include":[]{filter}}}"#);
    data.queries_as_json().map(|query| Bytes::from(body(query))).collect()
}

impl Contender for Served {
    const KNOB: &str = "";
    const EFFORTS: &[u32] = &[0];

    async fn prepare(&self, _: u32, _: usize) -> Result<()> {
        Ok(())
    }

    async fn search(&self, client: usize, query: usize, share: Share) -> Result<Vec<u32>> {
        let place = Share::EACH.iter().position(|each| *each == share).unwrap_or_default();
        let reply = self.clients[client].post(self.bodies[place][query].clone()).await?;
        let reply: Value = serde_json::from_slice(&reply)?;
        let hits = reply["result"]["hits"].as_array().context("no hits")?;
        hits.iter()
            .map(|hit| hit["id"].as_str().context("no id")?.parse().context("not one of the ids written"))
            .collect()
    }

    /// The service alone: the PostgreSQL beside it belongs to the control plane.
    fn memory(&self) -> Result<u64> {
        memory::of(self.pid)
    }
}
