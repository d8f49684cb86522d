//! Which kind of Lance vector index serves a query when nothing is in memory: a measurement, run by name.
//!
//! `cargo nextest run -p agentdb-data-plane-engine --run-ignored only -E 'test(index_kinds)' --no-capture`

#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::slow::Slow;
use crate::support::vectors::Clustered;
use futures::TryStreamExt;
use lance::Dataset;
use lance::dataset::builder::DatasetBuilder;
use lance::dataset::{WriteParams, scanner::Scanner};
use lance::index::DatasetIndexExt;
use lance::index::vector::{StageParams, VectorIndexParams};
use lance::session::Session;
use lance_io::object_store::ObjectStoreParams;
use lance_io::utils::tracking_store::IOTracker;
use lance_linalg::distance::DistanceType;
use lance_table::io::commit::ConditionalPutCommitHandler;
use lancedb::arrow::arrow_array::{
    FixedSizeListArray, Float32Array, RecordBatch, RecordBatchIterator, UInt32Array, cast::AsArray, types::UInt32Type,
};
use lancedb::arrow::arrow_schema::{DataType, Field, Schema};
use object_store::ObjectStore;
use object_store::memory::InMemory;

const ROWS: usize = 100_000;
const DIMENSION: usize = 384;
const QUERIES: usize = 50;
const COLD_QUERIES: usize = 4;
const LATENCY: Duration = Duration::from_millis(50);

fn params(objects: Arc<dyn ObjectStore>, tracker: Option<&IOTracker>) -> ObjectStoreParams {
    let url = url::Url::parse("s3://bucket/table.lance").expect("a url");
    #[allow(deprecated, reason = "the very store of the test is meant")]
    ObjectStoreParams {
        object_store: Some((objects, url)),
        object_store_wrapper: tracker.map(|t| Arc::new(t.clone()) as _),
        list_is_lexically_ordered: Some(true),
        ..ObjectStoreParams::default()
    }
}

async fn open(objects: Arc<dyn ObjectStore>, tracker: Option<&IOTracker>) -> Dataset {
    DatasetBuilder::from_uri("s3://bucket/table.lance")
        .with_store_params(params(objects, tracker))
        .with_commit_handler(Arc::new(ConditionalPutCommitHandler))
        .with_session(Arc::new(Session::new(256 << 20, 256 << 20, Arc::default())))
        .load()
        .await
        .expect("opens")
}

async fn written(data: &Clustered) -> Arc<dyn ObjectStore> {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vector = DataType::FixedSizeList(Arc::clone(&item), DIMENSION as i32);
    let schema =
        Arc::new(Schema::new(vec![Field::new("n", DataType::UInt32, false), Field::new("vector", vector, true)]));
    let batches = (0..ROWS).step_by(4096).map(|from| {
        let rows = from..(from + 4096).min(ROWS);
        let values = Float32Array::from_iter_values(rows.clone().flat_map(|i| data.vector(i)));
        let list = FixedSizeListArray::new(Arc::clone(&item), DIMENSION as i32, Arc::new(values), None);
        let numbers = UInt32Array::from_iter_values(rows.map(|i| i as u32));
        Ok(RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(numbers), Arc::new(list)]).expect("a batch"))
    });
    let batches = RecordBatchIterator::new(batches.collect::<Vec<_>>(), Arc::clone(&schema));
    let write = WriteParams {
        store_params: Some(params(Arc::clone(&objects), None)),
        commit_handler: Some(Arc::new(ConditionalPutCommitHandler)),
        ..WriteParams::default()
    };
    Dataset::write(batches, "s3://bucket/table.lance", Some(write)).await.expect("written");
    objects
}

async fn numbers(scanner: &Scanner) -> Vec<u32> {
    let batches: Vec<RecordBatch> =
        scanner.try_into_stream().await.expect("plans").try_collect().await.expect("answers");
    batches.iter().flat_map(|b| b["n"].as_primitive::<UInt32Type>().values().to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of some minutes"]
async fn kinds_of_vector_index_at_equal_recall() {
    let data = Clustered::new(7, DIMENSION);
    let queries: Vec<Vec<f32>> = (0..QUERIES).map(|i| data.query(i)).collect();
    let exact: Vec<Vec<u32>> = data.nearest(&queries, ROWS, 10);
    let metric = DistanceType::Cosine;
    let partitions = 316;
    let ivf = |mut params: VectorIndexParams| {
        for stage in &mut params.stages {
            if let StageParams::Ivf(ivf) = stage {
                ivf.num_partitions = Some(partitions);
            }
        }
        params
    };
    let hnsw =
        VectorIndexParams::with_ivf_hnsw_sq_params(metric, Default::default(), Default::default(), Default::default());
    let kinds = [
        ("IVF_SQ", ivf(VectorIndexParams::with_ivf_sq_params(metric, Default::default(), Default::default()))),
        ("IVF_RQ 1 bit", VectorIndexParams::ivf_rq(partitions, 1, metric)),
        ("IVF_FLAT", VectorIndexParams::ivf_flat(partitions, metric)),
        ("IVF_HNSW_SQ", hnsw),
    ];
    let base = written(&data).await;
    for (name, params) in kinds {
        let mut dataset = open(Arc::clone(&base), None).await;
        let began = Instant::now();
        let kind = 104.try_into().expect("the number of vector indexes");
        dataset.create_index(&["vector"], kind, Some("v".to_owned()), &params, true).await.expect("built");
        let built = began.elapsed();
        for (probes, wanted) in [(8, 40), (16, 40), (16, 100), (32, 100), (64, 100)] {
            let mut found = 0;
            let mut took = Vec::new();
            for (query, exact) in queries.iter().zip(&exact) {
                let began = Instant::now();
                let mut scanner = dataset.scan();
                let array = Float32Array::from(query.clone());
                scanner.nearest("vector", &array, wanted).expect("a query").nprobes(probes);
                scanner.project(&["n"]).expect("a column");
                let near = numbers(&scanner).await;
                took.push(began.elapsed());
                found += exact.iter().filter(|n| near.contains(n)).count();
            }
            took.sort_unstable();
            let tracker = IOTracker::default();
            let mut cold = Duration::ZERO;
            for query in &queries[..COLD_QUERIES] {
                let far: Arc<dyn ObjectStore> = Arc::new(Slow::new(Arc::clone(&base), LATENCY));
                let dataset = open(far, Some(&tracker)).await;
                let began = Instant::now();
                let mut scanner = dataset.scan();
                let array = Float32Array::from(query.clone());
                scanner.nearest("vector", &array, wanted).expect("a query").nprobes(probes);
                scanner.project(&["n", "vector"]).expect("a column");
                numbers(&scanner).await;
                cold += began.elapsed();
            }
            let stats = tracker.stats();
            println!(
                "{name}: built in {built:?}; {probes} probes, {wanted} candidates: recall {:.3}, warm p50 {:?}; cold {:?}, {} reads, {} KiB",
                found as f64 / (10 * QUERIES) as f64,
                took[QUERIES / 2],
                cold / COLD_QUERIES as u32,
                stats.read_iops / COLD_QUERIES as u64,
                stats.read_bytes / 1024 / COLD_QUERIES as u64,
            );
        }
    }
}
