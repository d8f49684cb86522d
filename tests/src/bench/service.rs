//! The same through the service's public API, each client on a connection of its own that stays open.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::data::{Clustered, DIMENSION, Text};
use super::measure::{Figures, closed_loop};
use crate::harness::{Api, Collection, Place, Service};

/// Records of one upsert, here and in the engine alike.
pub const BATCH: usize = 500;
/// Hits of a query, here and in the engine alike.
pub const TOP_K: usize = 10;
/// Upserts under way at once.
const WRITERS: usize = 2;

const NAMESPACE: &str = "bench";

/// A batch is made when it is its turn: all of them at once would take gigabytes.
pub(crate) async fn fill(
    collection: &Collection,
    schema: &Value,
    mut records: impl Iterator<Item = Value>,
) -> Result<()> {
    collection.create(schema).await?.ok()?;
    let batches = std::iter::from_fn(move || {
        let batch: Vec<Value> = records.by_ref().take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    });
    stream::iter(batches)
        .map(|batch| async move { collection.upsert(&batch).await?.ok() })
        .buffer_unordered(WRITERS)
        .try_for_each(|_| async { Ok(()) })
        .await
}

/// A service with both collections, all of their records folded.
pub struct Served {
    service: Service,
    api: Api,
}

impl Served {
    pub async fn open(clustered: &Clustered, text: &Text) -> Result<Self> {
        let mut service = Service::on(Place::Directory).await?;
        let account = service.account().await?;
        account.namespace(NAMESPACE).await?;
        let api = account.data().await?;
        let schema = json!({"vector": {"dimension": DIMENSION, "metric": "cosine"}});
        let records = clustered.vectors.iter().enumerate().map(|(n, v)| json!({"id": n.to_string(), "vector": v}));
        fill(&api.collection(NAMESPACE, "vectors"), &schema, records).await?;
        let schema = json!({"text": {"language": "en"}, "embedding_model": "all-MiniLM-L6-v2"});
        let records = text.passages.iter().zip(&text.vectors);
        let records = records.map(|(p, v)| json!({"id": p.id(), "vector": v, "text": p.text}));
        fill(&api.collection(NAMESPACE, "passages"), &schema, records).await?;
        // Ending folds everything, as it is in the engine that this is compared with.
        service.terminate().await?;
        service.start_again().await?;
        let this = Self { service, api };
        for name in ["vectors", "passages"] {
            // Opens the namespace and loads the collection.
            this.collection(name).scan(&json!({"limit": 1, "include": []})).await?.ok()?;
        }
        Ok(this)
    }

    fn collection(&self, name: &str) -> Collection {
        self.api.collection(NAMESPACE, name)
    }

    /// Nearest vectors.
    pub async fn vectors(&self, clients: usize, time: Duration, queries: &[Vec<f32>]) -> Result<Figures> {
        let bodies = queries.iter().map(|q| json!({"vector": q, "top_k": TOP_K, "include": []}));
        self.ask("vectors", clients, time, bodies).await
    }

    /// `hybrid` or `text`.
    pub async fn text(&self, mode: &str, clients: usize, time: Duration, questions: &[String]) -> Result<Figures> {
        let bodies = questions.iter().map(|q| json!({"text": q, "mode": mode, "top_k": TOP_K, "include": []}));
        self.ask("passages", clients, time, bodies).await
    }

    /// The bodies are made beforehand: what is measured is the service, as far as the client lets it.
    async fn ask(
        &self,
        collection: &str,
        clients: usize,
        time: Duration,
        bodies: impl Iterator<Item = Value>,
    ) -> Result<Figures> {
        let path: Arc<str> = format!("{}/query", self.collection(collection).path()).into();
        let bodies: Arc<Vec<Bytes>> = Arc::new(bodies.map(|body| Bytes::from(body.to_string())).collect());
        let callers: Arc<Vec<Api>> =
            Arc::new((0..clients).map(|_| self.api.on_new_connection()).collect::<Result<_>>()?);
        closed_loop(clients, time, move |client, number| {
            let (callers, path) = (Arc::clone(&callers), Arc::clone(&path));
            let body = bodies[number % bodies.len()].clone();
            async move {
                let request = callers[client].request(Method::POST, &path);
                let request = request.header("content-type", "application/json").body(body);
                let reply = callers[client].send(request).await?.expect(200)?;
                ensure!(reply.result()["hits"].as_array().is_some_and(|hits| !hits.is_empty()), "{}", reply.text());
                Ok(())
            }
        })
        .await
    }

    pub async fn close(self) -> Result<()> {
        self.service.stop().await
    }
}
