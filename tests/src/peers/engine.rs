//! The engine in this process: the same durable writes and the same reads as in the service, without HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_engine::{
    AttributeType, Config, Environment, Filter, Include, Metric, Mode, Namespace, Query, Record, Schema, SoleOwner,
    Store, StoreConfig, Value, VectorSpec, WriteError, WriteMeta, Writer, default_vector,
};
use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;
use uuid::Uuid;

use super::contender::Contender;
use super::course::course;
use super::data::{Data, TOP_K};
use super::figures::Outcome;
use super::memory;
use super::share::{ATTRIBUTE, Share, bucket};
use crate::bench::data::DIMENSION;
use crate::bench::service::BATCH;

const COLLECTION: &str = "items";
const WAIT: Duration = Duration::from_millis(100);

struct Engine {
    namespace: Arc<Namespace>,
    data: Arc<Data>,
    schema: Schema,
    before: u64,
}

/// Builds and measures.
pub async fn engine(data: Arc<Data>, time: Duration) -> Result<Outcome> {
    let before = memory::own()?;
    let dir = data.dir.join("engine");
    std::fs::create_dir_all(&dir).context("cannot make the store's directory")?;
    let store = Store::open(&StoreConfig { memory_bytes: data.memory(), ..StoreConfig::directory(&dir) }).await?;
    let environment = Environment {
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
        lease: Arc::new(SoleOwner),
    };
    let writer = Writer { writer_id: Uuid::now_v7(), generation: 1 };
    let namespace = Namespace::open(&store, "ns/peers", writer, Config::default(), environment).await?;
    let started = Instant::now();
    let schema = Schema {
        vectors: VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine }.into(),
        attributes: BTreeMap::from([(ATTRIBUTE.to_owned(), AttributeType::Int)]),
        ..Schema::default()
    };
    namespace.create_collection(COLLECTION, schema.clone(), WriteMeta::default()).await?;
    for part in data.parts(BATCH)? {
        let (first, vectors) = part?;
        let records: Vec<Record> = vectors.into_iter().zip(first..).map(|(vector, id)| record(id, vector)).collect();
        // When folds are behind, a writer is told to wait.
        while let Err(error) = namespace.upsert(COLLECTION, records.clone(), WriteMeta::default()).await {
            ensure!(matches!(error, WriteError::Backpressure(_)), "{error}");
            tokio::time::sleep(WAIT).await;
        }
    }
    namespace.fold().await?;
    namespace.index().await;
    let build = started.elapsed();
    println!("built in {build:?}");
    let contender = Arc::new(Engine { namespace: Arc::clone(&namespace), data: Arc::clone(&data), schema, before });
    let shares = course(&contender, &data, time).await?;
    let memory = contender.memory()?;
    namespace.close().await;
    Ok(Outcome { build, memory, shares })
}

fn record(id: u32, vector: Vec<f32>) -> Record {
    Record {
        id: id.to_string(),
        vectors: default_vector(vector),
        attributes: BTreeMap::from([(ATTRIBUTE.to_owned(), Value::Int(i64::from(bucket(id))))]),
        ..Record::default()
    }
}

impl Contender for Engine {
    const KNOB: &str = "";
    const EFFORTS: &[u32] = &[0];

    async fn prepare(&self, _: u32, _: usize) -> Result<()> {
        Ok(())
    }

    async fn search(&self, _: usize, query: usize, share: Share) -> Result<Vec<u32>> {
        let filter = share.condition().map(|text| Filter::parse(&text, &[], &self.schema)).transpose()?;
        let mode = Mode::Vector { vector: self.data.queries[query].clone() };
        let query = Query { filter, include: Include::ID, ..Query::new(mode, TOP_K) };
        let hits = self.namespace.query(COLLECTION, query).await?.value;
        hits.iter().map(|hit| hit.record.id.parse().context("not one of the ids written")).collect()
    }

    fn memory(&self) -> Result<u64> {
        Ok(memory::own()?.saturating_sub(self.before))
    }
}
