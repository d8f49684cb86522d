//! The engine in this process: no HTTP, no admission, no metering.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_engine::{
    Config, Environment, Fusion, Include, Language, Metric, Mode, Namespace, Query, Record, Schema, SoleOwner, Store,
    StoreConfig, TextSpec, VectorSpec, WriteMeta, Writer, default_vector,
};
use anyhow::{Result, ensure};
use uuid::Uuid;

use super::data::{Clustered, DIMENSION, Text};
use super::measure::{Figures, closed_loop};
use super::service::{BATCH, TOP_K};
use crate::harness::Scratch;

/// A namespace with both collections, folded.
pub struct Direct {
    namespace: Arc<Namespace>,
}

impl Direct {
    pub async fn open(scratch: &Scratch, clustered: &Clustered, text: &Text) -> Result<Self> {
        let store = Store::open(&StoreConfig::directory(&scratch.dir("direct")?)).await?;
        let environment = Environment {
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            lease: Arc::new(SoleOwner),
        };
        let writer = Writer { writer_id: Uuid::now_v7(), generation: 1 };
        let namespace = Namespace::open(&store, "ns/bench", writer, Config::default(), environment).await?;
        let this = Self { namespace };
        this.fill_vectors(clustered).await?;
        this.fill_text(text).await?;
        this.namespace.fold().await?;
        this.namespace.index().await;
        Ok(this)
    }

    async fn fill_vectors(&self, clustered: &Clustered) -> Result<()> {
        let schema = Schema {
            vectors: VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine }.into(),
            ..Schema::default()
        };
        self.namespace.create_collection("vectors", schema, WriteMeta::default()).await?;
        let records = clustered.vectors.iter().enumerate();
        let records: Vec<Record> = records
            .map(|(n, v)| Record { id: n.to_string(), vectors: default_vector(v.clone()), ..Record::default() })
            .collect();
        self.write("vectors", records).await
    }

    async fn fill_text(&self, text: &Text) -> Result<()> {
        let schema = Schema {
            vectors: VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine }.into(),
            text: Some(TextSpec { language: Language::English }),
            attributes: BTreeMap::new(),
            embedding_model: Some("all-MiniLM-L6-v2".to_owned()),
        };
        self.namespace.create_collection("passages", schema, WriteMeta::default()).await?;
        let records = text.passages.iter().zip(&text.vectors).map(|(passage, vector)| Record {
            id: passage.id(),
            vectors: default_vector(vector.clone()),
            text: Some(passage.text.clone()),
            ..Record::default()
        });
        self.write("passages", records.collect()).await
    }

    async fn write(&self, collection: &str, records: Vec<Record>) -> Result<()> {
        for batch in records.chunks(BATCH) {
            self.namespace.upsert(collection, batch.to_vec(), WriteMeta::default()).await?;
        }
        Ok(())
    }

    /// Nearest vectors.
    pub async fn vectors(&self, clients: usize, time: Duration, queries: &Arc<Vec<Vec<f32>>>) -> Result<Figures> {
        let (namespace, queries) = (Arc::clone(&self.namespace), Arc::clone(queries));
        closed_loop(clients, time, move |_, number| {
            let namespace = Arc::clone(&namespace);
            let vector = queries[number % queries.len()].clone();
            async move { ask(&namespace, "vectors", Mode::Vector { vector }).await }
        })
        .await
    }

    /// Hybrid: the question is embedded in this process as the service does it.
    pub async fn hybrid(
        &self,
        clients: usize,
        time: Duration,
        text: &Text,
        questions: &Arc<Vec<String>>,
    ) -> Result<Figures> {
        let (namespace, questions) = (Arc::clone(&self.namespace), Arc::clone(questions));
        let embedder = text.embedder.clone();
        closed_loop(clients, time, move |_, number| {
            let (namespace, embedder) = (Arc::clone(&namespace), embedder.clone());
            let text = questions[number % questions.len()].clone();
            async move {
                let mut found = embedder.embed(vec![text.clone()]).await?;
                let vector = found.vectors.pop().unwrap_or_default();
                ask(&namespace, "passages", Mode::Hybrid { vector, text, fusion: Fusion::Rrf }).await
            }
        })
        .await
    }

    /// Full text.
    pub async fn words(&self, clients: usize, time: Duration, questions: &Arc<Vec<String>>) -> Result<Figures> {
        let (namespace, questions) = (Arc::clone(&self.namespace), Arc::clone(questions));
        closed_loop(clients, time, move |_, number| {
            let namespace = Arc::clone(&namespace);
            let text = questions[number % questions.len()].clone();
            async move { ask(&namespace, "passages", Mode::Text { text }).await }
        })
        .await
    }

    pub async fn close(self) {
        self.namespace.close().await;
    }
}

async fn ask(namespace: &Namespace, collection: &str, mode: Mode) -> Result<()> {
    let query = Query { include: Include::ID, ..Query::new(mode, TOP_K) };
    let hits = namespace.query(collection, query).await?.value;
    ensure!(!hits.is_empty(), "no hits");
    Ok(())
}
