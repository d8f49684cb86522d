//! Figures of writing: what a durable upsert costs in time, objects and bytes. Asked for by name:
//! `cargo nextest run -p agentdb-data-plane-engine --run-ignored only --no-capture -E 'test(write_figures)'`.

#![expect(clippy::disallowed_methods, reason = "a measurement takes the real time")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::s3::S3;
use crate::support::slow::Slow;
use crate::support::*;
use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_engine::{
    Config, Environment, Format, Import, Metric, Namespace, Record, Schema, SoleOwner, Store, StoreConfig, VectorSpec,
    WriteMeta, default_vector,
};
use bytes::Bytes;
use futures::TryStreamExt;
use lancedb::arrow::arrow_array::types::Float32Type;
use lancedb::arrow::arrow_array::{
    FixedSizeListArray, RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray,
};
use lancedb::arrow::arrow_schema::{DataType, Field, Schema as ArrowSchema};
use object_store::path::Path as ObjectPath;
use object_store::{PutMode, PutOptions};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DIMENSION: usize = 384;
const ROWS: usize = 5_000;
const CLIENTS: usize = 50;
const IMPORTED: usize = 100_000;
const FAR: Duration = Duration::from_millis(50);

fn vector(n: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(n as u64);
    (0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn row(n: usize) -> Record {
    Record { id: format!("row-{n:05}"), vectors: default_vector(vector(n)), ..Record::default() }
}

async fn open_with(store: &Store, background_fold: bool) -> Arc<Namespace> {
    open_at(store, PREFIX, background_fold).await
}

async fn open_at(store: &Store, prefix: &str, background_fold: bool) -> Arc<Namespace> {
    let environment = Environment {
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
        lease: Arc::new(SoleOwner),
    };
    let config = Config { background_fold, ..Config::default() };
    let ns = Namespace::open(store, prefix, writer(1), config, environment).await.expect("opens");
    let vectors = VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine }.into();
    let schema = Schema { vectors, ..Schema::default() };
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    ns
}

/// `count` calls of `CLIENTS` callers, one after the other each; the time of each call and of all.
async fn by_clients<F>(clients: usize, count: usize, call: impl Fn(usize) -> F + Clone + Send + 'static) -> (Times, f64)
where
    F: Future<Output = ()> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let callers = (0..clients).map(|_| {
        let (next, call) = (Arc::clone(&next), call.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::SeqCst);
                if n >= count {
                    return times;
                }
                let asked = Instant::now();
                call(n).await;
                times.push(asked.elapsed());
            }
        })
    });
    let mut times = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        times.extend(caller.await.expect("no panic"));
    }
    let took = began.elapsed().as_secs_f64();
    times.sort_unstable();
    (Times(times), count as f64 / took)
}

/// Sorted.
struct Times(Vec<Duration>);

impl Times {
    fn at(&self, share: f64) -> f64 {
        let at = ((self.0.len() - 1) as f64 * share).round() as usize;
        self.0[at].as_secs_f64() * 1e3
    }
}

/// Objects and bytes under a directory.
fn size(directory: &Path) -> (usize, u64) {
    let (mut objects, mut bytes, mut left) = (0, 0, vec![directory.to_owned()]);
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).expect("a directory") {
            let entry = entry.expect("an entry");
            let meta = entry.metadata().expect("metadata");
            if meta.is_dir() {
                left.push(entry.path());
            } else {
                objects += 1;
                bytes += meta.len();
            }
        }
    }
    (objects, bytes)
}

fn line(who: &str, per_second: f64, times: &Times, (objects, bytes): (usize, u64), versions: u64) {
    println!(
        "| {who} | {per_second:.0} | {:.1} ms | {:.1} ms | {objects} | {:.1} MB | {versions} |",
        times.at(0.5),
        times.at(0.99),
        bytes as f64 / 1e6
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures, not a check"]
async fn write_figures_of_single_rows_beside_plain_lancedb() {
    println!(
        "| {ROWS} rows of {DIMENSION} numbers, {CLIENTS} clients | rows/s | p50 | p99 | objects | bytes | versions |"
    );
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&StoreConfig::directory(directory.path())).await.expect("a store");
    let ns = open_with(&store, true).await;
    let writer = Arc::clone(&ns);
    let (times, speed) = by_clients(CLIENTS, ROWS, move |n| {
        let ns = Arc::clone(&writer);
        async move {
            ns.upsert(DOCS, vec![row(n)], WriteMeta::default()).await.expect("written");
        }
    })
    .await;
    let (entries, log) = (ns.stats().entries, size(directory.path()));
    line("engine, in the log", speed, &times, log, 0);
    ns.fold().await.expect("fold");
    line("engine, folded", speed, &times, size(directory.path()), 1);
    println!("{entries} log entries; {:?}", ns.stats().storage);
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, ROWS as u64);
    ns.close().await;

    let directory = tempfile::tempdir().expect("a directory");
    let database = lancedb::connect(directory.path().to_str().expect("utf-8")).execute().await.expect("connects");
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let schema = Arc::new(ArrowSchema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("vector", DataType::FixedSizeList(item, DIMENSION as i32), true),
    ]));
    let table = database.create_empty_table("rows", Arc::clone(&schema)).execute().await.expect("created");
    let writer = table.clone();
    let (times, speed) = by_clients(CLIENTS, ROWS, move |n| {
        let (table, schema) = (writer.clone(), Arc::clone(&schema));
        async move {
            let ids = StringArray::from_iter_values([format!("row-{n:05}")]);
            let values = [Some(vector(n).into_iter().map(Some))];
            let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(values, DIMENSION as i32);
            let batch = RecordBatch::try_new(schema, vec![Arc::new(ids), Arc::new(vectors)]).expect("a batch");
            // A commit that others overtook too often is tried again, as a program would.
            while table.add(batch.clone()).execute().await.is_err() {}
        }
    })
    .await;
    let versions = table.version().await.expect("a version");
    line("LanceDB, `add`", speed, &times, size(directory.path()), versions);
    assert_eq!(table.count_rows(None).await.expect("count"), ROWS);
}

/// One bare conditional PUT of the same bytes, and upserts: alone, and of many clients.
async fn latencies(place: &str, store: &Store, calls: usize) {
    let objects = store.objects();
    let body = Bytes::from(vec![7_u8; DIMENSION * 4 + 100]);
    let (puts, _) = by_clients(1, calls, move |n| {
        let (objects, body) = (Arc::clone(&objects), body.clone());
        async move {
            let path = ObjectPath::from(format!("bare/{n:020}"));
            let put = objects.put_opts(&path, body.into(), PutOptions::from(PutMode::Create));
            put.await.expect("put");
        }
    })
    .await;
    println!("| {place}: one PUT | 1 | {:.1} ms | {:.1} ms | |", puts.at(0.5), puts.at(0.99));
    let ns = open_with(store, false).await;
    for (clients, calls) in [(1, calls), (CLIENTS, calls * CLIENTS / 5)] {
        let writer = Arc::clone(&ns);
        let (times, speed) = by_clients(clients, calls, move |n| {
            let ns = Arc::clone(&writer);
            async move {
                ns.upsert(DOCS, vec![row(n)], WriteMeta::default()).await.expect("written");
            }
        })
        .await;
        let (p50, p99) = (times.at(0.5), times.at(0.99));
        println!(
            "| {place}: upsert | {clients} | {p50:.1} ms ({:.2} x) | {p99:.1} ms ({:.2} x) | {speed:.0}/s |",
            p50 / puts.at(0.5),
            p99 / puts.at(0.99)
        );
    }
    ns.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures, not a check"]
async fn write_figures_of_a_durable_upsert_beside_one_put() {
    println!("| durable upsert of a row of {DIMENSION} numbers | clients | p50 | p99 | rows |");
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&StoreConfig::directory(directory.path())).await.expect("a store");
    latencies("directory", &store, 500).await;
    let s3 = S3::start().await;
    let store = Store::open(&s3.bucket("figures").await).await.expect("a store");
    let far = store.wrapped(|objects| Arc::new(Slow::new(objects, FAR)));
    latencies("S3 server, 50 ms away", &far, 100).await;
}

/// Bytes that this process has given to the system to write.
fn written() -> f64 {
    let text = std::fs::read_to_string("/proc/self/io").expect("the process's figures");
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: ")).expect("what was written");
    line.parse::<f64>().expect("a number") / 1e6
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures, not a check"]
async fn write_figures_of_an_import_beside_plain_lancedb() {
    let source = open_with(&store(&memory()), false).await;
    for from in (0..IMPORTED).step_by(1_000) {
        source.upsert(DOCS, (from..from + 1_000).map(row).collect(), WriteMeta::default()).await.expect("written");
    }
    let export = source.export(DOCS, None, Format::Parquet).await.expect("an export");
    let file: Vec<Bytes> = export.into_stream().try_collect().await.expect("bytes");
    source.close().await;
    let bytes = file.iter().map(Bytes::len).sum::<usize>() as f64 / 1e6;
    println!("| {IMPORTED} rows of {DIMENSION} numbers, {bytes:.0} MB of Parquet | readable | folded | written |");
    let directory = tempfile::tempdir().expect("a directory");
    let near = Store::open(&StoreConfig::directory(directory.path())).await.expect("a store");
    let s3 = S3::start().await;
    let far = Store::open(&s3.bucket("figures").await).await.expect("a store");
    let far = far.wrapped(|objects| Arc::new(Slow::new(objects, FAR)));
    for (place, store, background) in [
        ("directory, no fold before the end", &near, false),
        ("directory", &near, true),
        ("S3 server, 50 ms away", &far, true),
    ] {
        let ns = open_at(store, &format!("{PREFIX}-{background}"), background).await;
        let import = Import { collection: DOCS, format: Format::Parquet, id: [7; 32], usage: &|_| Vec::new() };
        let pieces = futures::stream::iter(file.clone().into_iter().map(Ok::<_, std::io::Error>));
        let (before, began) = (written(), Instant::now());
        let done = ns.import(import, pieces).await.expect("imported");
        let readable = began.elapsed();
        ns.fold().await.expect("fold");
        println!("| {place} | {readable:.1?} | {:.1?} | {:.0} MB |", began.elapsed(), written() - before);
        assert_eq!((done.records, ns.count(DOCS, None).await.expect("count").value), (100_000, 100_000));
        ns.close().await;
    }
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let schema = Arc::new(ArrowSchema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("vector", DataType::FixedSizeList(item, DIMENSION as i32), true),
    ]));
    let batches = (0..IMPORTED).step_by(1_000).map(|from| {
        let ids = StringArray::from_iter_values((from..from + 1_000).map(|n| format!("row-{n:05}")));
        let values = (from..from + 1_000).map(|n| Some(vector(n).into_iter().map(Some)));
        let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(values, DIMENSION as i32);
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids), Arc::new(vectors)]).expect("a batch")
    });
    let batches: Vec<_> = batches.collect();
    for call in ["add", "merge_insert"] {
        let directory = tempfile::tempdir().expect("a directory");
        let database = lancedb::connect(directory.path().to_str().expect("utf-8")).execute().await.expect("connects");
        let table = database.create_empty_table("rows", Arc::clone(&schema)).execute().await.expect("created");
        let rows = Box::new(RecordBatchIterator::new(batches.clone().into_iter().map(Ok), Arc::clone(&schema)));
        let (before, began) = (written(), Instant::now());
        if call == "add" {
            table.add(rows as Box<dyn RecordBatchReader + Send>).execute().await.expect("added");
        } else {
            let mut merge = table.merge_insert(&["id"]);
            merge.when_matched_update_all(None).when_not_matched_insert_all();
            merge.execute(rows).await.expect("merged");
        }
        println!("| LanceDB, one `{call}`, directory | {:.1?} | | {:.0} MB |", began.elapsed(), written() - before);
    }
}
