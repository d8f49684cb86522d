//! How fast an indexed collection answers in process: a measurement, run by name.
//!
//! `cargo nextest run -p agentdb-data-plane-engine --run-ignored only -E 'test(index_speed)' --no-capture`

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agentdb_data_plane_engine::{
    AttributeType, Config, Filter, Include, Metric, Mode, Namespace, Query, Record, Schema, Store, Value, VectorSpec,
    WriteMeta, default_vector,
};

use crate::support::vectors::Clustered;
use crate::support::{DOCS, PREFIX, config, environment, memory, writer};

const DIMENSION: usize = 384;
const QUERIES: usize = 300;
const CLIENTS: usize = 2;
const K: usize = 10;

/// `INDEX_SPEED_ROWS` sets the rows; 100,000 otherwise.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of some minutes"]
async fn queries_of_an_indexed_collection() {
    let rows = std::env::var("INDEX_SPEED_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let data = Clustered::new(384, DIMENSION);
    let queries: Arc<Vec<Vec<f32>>> = Arc::new((0..QUERIES).map(|i| data.query(i)).collect());
    let ns = filled(&data, rows).await;
    for (share, filter) in [("all", None), ("10 %", Some("page < 10")), ("1 %", Some("page < 1"))] {
        let filter = filter.map(|text| Filter::parse(text, &[], &schema()).expect("filter"));
        let (exact, slow) = ask_all(&ns, &queries, filter.as_ref(), true).await;
        let (found, mut times) = ask_all(&ns, &queries, filter.as_ref(), false).await;
        let hits: usize = exact.iter().zip(&found).map(|(e, f)| f.iter().filter(|id| e.contains(id)).count()).sum();
        let began = Instant::now();
        let clients = (0..CLIENTS).map(|_| {
            let (ns, queries, filter) = (Arc::clone(&ns), Arc::clone(&queries), filter.clone());
            tokio::spawn(async move { ask_all(&ns, &queries, filter.as_ref(), false).await })
        });
        futures::future::join_all(clients).await;
        let together = (CLIENTS * QUERIES) as f64 / began.elapsed().as_secs_f64();
        times.sort_unstable();
        println!(
            "{share}: recall {:.4}, p50 {:?}, p99 {:?}, {:.0}/s alone, {together:.0}/s of {CLIENTS}; exact {:.0}/s",
            hits as f64 / (QUERIES * K) as f64,
            times[QUERIES / 2],
            times[QUERIES * 99 / 100],
            QUERIES as f64 / times.iter().sum::<Duration>().as_secs_f64(),
            QUERIES as f64 / slow.iter().sum::<Duration>().as_secs_f64(),
        );
    }
    ns.close().await;
}

fn schema() -> Schema {
    Schema {
        vectors: VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine }.into(),
        attributes: BTreeMap::from([("page".to_owned(), AttributeType::Int)]),
        ..Schema::default()
    }
}

async fn filled(data: &Clustered, rows: usize) -> Arc<Namespace> {
    let store = Store::over(memory(), 8 << 30);
    let config = Config { background_index: false, max_memtable_bytes: 1 << 30, ..config() };
    let ns = Namespace::open(&store, PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for first in (0..rows).step_by(1_000) {
        let record = |i: usize| Record {
            id: i.to_string(),
            vectors: default_vector(data.vector(i)),
            attributes: BTreeMap::from([("page".to_owned(), Value::Int((i * 7_919 % 100) as i64))]),
            ..Record::default()
        };
        ns.upsert(DOCS, (first..first + 1_000).map(record).collect(), WriteMeta::default()).await.expect("written");
        if (first + 1_000) % 100_000 == 0 {
            ns.fold().await.expect("fold");
        }
    }
    ns.fold().await.expect("fold");
    let began = Instant::now();
    ns.index().await;
    let stats = ns.stats();
    println!("{} rows indexed in {:?}, {} bytes a row", stats.indexed_rows, began.elapsed(), stats.index_bytes / rows);
    ns
}

async fn ask_all(
    ns: &Namespace,
    queries: &[Vec<f32>],
    filter: Option<&Filter>,
    exact: bool,
) -> (Vec<Vec<String>>, Vec<Duration>) {
    let (mut answers, mut times) = (Vec::new(), Vec::new());
    for vector in queries {
        let mode = Mode::Vector { vector: vector.clone() };
        let query = Query { filter: filter.cloned(), exact, include: Include::ID, ..Query::new(mode, K) };
        let began = Instant::now();
        let hits = ns.query(DOCS, query).await.expect("query").value;
        times.push(began.elapsed());
        answers.push(hits.into_iter().map(|hit| hit.record.id).collect());
    }
    (answers, times)
}
