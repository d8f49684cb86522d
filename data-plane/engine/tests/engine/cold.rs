//! Queries of collections that are not in memory, by the vector index of their table.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::s3::S3;
use crate::support::slow::Slow;
use crate::support::vectors::Clustered;
use crate::support::*;
use agentdb_data_plane_engine::{
    AttributeType, CacheSizes, Config, Filter, Hit, Include, Metric, Mode, Namespace, Query, Record, Schema, Store,
    StoreConfig, Value, VectorSpec, WriteMeta, default_vector,
};
use object_store::ObjectStore;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DIMENSION: usize = 32;
const ROWS: usize = 6_000;

fn cold_config() -> Config {
    Config { index_rows: 1_000, background_index: false, ..config() }
}

fn cold_schema(metric: Metric) -> Schema {
    Schema {
        vectors: VectorSpec { dimension: DIMENSION as u32, metric }.into(),
        attributes: BTreeMap::from([("n".to_owned(), AttributeType::Int)]),
        ..Schema::default()
    }
}

fn row(data: &Clustered, i: usize, version: usize) -> Record {
    Record {
        id: format!("r{i:06}"),
        vectors: default_vector(data.vector(i + version * 1_000_000)),
        attributes: BTreeMap::from([("n".to_owned(), Value::Int((i % 1000) as i64))]),
        ..Record::default()
    }
}

async fn opened(store: &Store, generation: u64) -> Arc<Namespace> {
    Namespace::open(store, PREFIX, writer(generation), cold_config(), environment(generation)).await.expect("opens")
}

/// No room for rows in memory, but for caches.
fn cold_store(objects: &Arc<dyn ObjectStore>) -> Store {
    Store::over(Arc::clone(objects), 0)
}

async fn filled(objects: &Arc<dyn ObjectStore>, data: &Clustered, metric: Metric, rows: usize) -> Arc<Namespace> {
    let ns = opened(&store(objects), 1).await;
    ns.create_collection(DOCS, cold_schema(metric), WriteMeta::default()).await.expect("created");
    write(&ns, data, 0..rows, 0).await;
    ns.fold().await.expect("fold");
    ns.index_tables().await.expect("indexed");
    ns
}

async fn write(ns: &Namespace, data: &Clustered, rows: std::ops::Range<usize>, version: usize) {
    let rows: Vec<usize> = rows.collect();
    for some in rows.chunks(1_000) {
        let records = some.iter().map(|i| row(data, *i, version)).collect();
        ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
    }
}

fn nearest(vector: Vec<f32>, filter: Option<Filter>) -> Query {
    Query { filter, include: Include::ALL, ..Query::new(Mode::Vector { vector }, 10) }
}

async fn ask(ns: &Namespace, query: &Query) -> Vec<Hit> {
    ns.query(DOCS, query.clone()).await.expect("query").value
}

/// How many of the hits that are right were found, and whether those found are right to the last bit.
async fn compare(cold: &Namespace, warm: &Namespace, data: &Clustered, filter: Option<&Filter>) -> f64 {
    let (mut found, mut all) = (0, 0);
    for i in 0..20 {
        let query = nearest(data.query(i), filter.cloned());
        let (exact, hits) = (ask(warm, &query).await, ask(cold, &query).await);
        assert_eq!(hits.len(), exact.len());
        all += exact.len();
        let by_id: BTreeMap<&str, &Hit> = exact.iter().map(|hit| (hit.record.id.as_str(), hit)).collect();
        for hit in &hits {
            let Some(same) = by_id.get(hit.record.id.as_str()) else { continue };
            assert_eq!((hit.distance, hit.score, &hit.record), (same.distance, same.score, &same.record));
            found += 1;
        }
    }
    f64::from(found) / all as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_finds_nothing_in_memory_finds_the_same_rows() {
    for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
        let objects = memory();
        let data = Clustered::new(11, DIMENSION);
        filled(&objects, &data, metric, ROWS).await.close().await;
        let warm = opened(&store(&objects), 2).await;
        // In memory before the other one takes the namespace over.
        warm.count(DOCS, None).await.expect("count");
        ask(&warm, &Query { mode: Mode::Vector { vector: vec![0.0; DIMENSION] }, ..nearest(Vec::new(), None) }).await;
        let cold = opened(&cold_store(&objects), 3).await;
        let recall = compare(&cold, &warm, &data, None).await;
        assert!(recall >= 0.95, "{metric:?}: {recall}");
        let filter = Filter::parse("n < 3", &[], &cold_schema(metric)).expect("a filter");
        let recall = compare(&cold, &warm, &data, Some(&filter)).await;
        assert!((recall - 1.0).abs() < f64::EPSILON, "{metric:?}: a selective filter is exact: {recall}");
        // Nothing in memory and nothing in caches.
        let far: Arc<dyn ObjectStore> = Arc::new(Slow::new(Arc::clone(&objects), Duration::from_millis(20)));
        let cold = opened(&cold_store(&far), 4).await;
        let io = cold.query(DOCS, nearest(data.query(0), None)).await.expect("query").io;
        assert!(io.gets > 0 && io.round_trips <= 6, "{metric:?}: {io:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_shadowed_rows_hide_none_of_the_ten() {
    let objects = memory();
    let data = Clustered::new(12, DIMENSION);
    let ns = filled(&objects, &data, Metric::Cosine, ROWS).await;
    // Two thirds of all rows are written anew, elsewhere, or deleted; none of that is folded.
    write(&ns, &data, 0..ROWS / 3, 1).await;
    let gone: Vec<String> = (ROWS / 3..2 * ROWS / 3).map(|i| row(&data, i, 0).id).collect();
    for some in gone.chunks(1_000) {
        ns.delete(DOCS, some.to_vec(), WriteMeta::default()).await.expect("deleted");
    }
    ns.close().await;
    let warm = opened(&store(&objects), 2).await;
    ask(&warm, &nearest(vec![0.0; DIMENSION], None)).await;
    let cold = opened(&cold_store(&objects), 3).await;
    let recall = compare(&cold, &warm, &data, None).await;
    assert!(recall >= 0.95, "{recall}");
    let filter = Filter::parse("n < 500", &[], &cold_schema(Metric::Cosine)).expect("a filter");
    let recall = compare(&cold, &warm, &data, Some(&filter)).await;
    assert!(recall >= 0.95, "filtered: {recall}");
}

/// So many numbers that the vectors of the far rows are too many to be measured one by one.
const LONG: usize = 1_024;
const NEAR: usize = 4_000;
const FAR: usize = 1_100;

/// Most rows are where the query looks, the others on the other side; ten of these are nearer than the rest of them.
fn two_sides() -> impl Iterator<Item = Record> {
    let mut random = ChaCha8Rng::seed_from_u64(17);
    (0..NEAR + FAR).map(move |i| {
        let mut vector: Vec<f32> = (0..LONG).map(|_| random.random_range(-0.02..0.02_f32)).collect();
        vector[0] += match i.checked_sub(NEAR) {
            None => 1.0,
            Some(0..10) => -0.25,
            Some(_) => -1.0,
        };
        Record {
            id: format!("r{i:06}"),
            vectors: default_vector(vector),
            attributes: BTreeMap::from([("n".to_owned(), Value::Int(i64::from(i >= NEAR)))]),
            ..Record::default()
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn far_rows_are_found_when_all_that_are_near_are_gone_or_do_not_pass() {
    let objects = memory();
    let ns = opened(&store(&objects), 1).await;
    let vectors = VectorSpec { dimension: LONG as u32, metric: Metric::Cosine }.into();
    let schema = Schema { vectors, ..cold_schema(Metric::Cosine) };
    ns.create_collection(DOCS, schema.clone(), WriteMeta::default()).await.expect("created");
    let records: Vec<Record> = two_sides().collect();
    for some in records.chunks(1_000) {
        ns.upsert(DOCS, some.to_vec(), WriteMeta::default()).await.expect("written");
    }
    ns.fold().await.expect("fold");
    ns.index_tables().await.expect("indexed");
    let mut vector = vec![0.0; LONG];
    vector[0] = 1.0;
    let filter = Filter::parse("n = 1", &[], &schema).expect("a filter");
    let query = Query { include: Include::ID, ..nearest(vector, Some(filter)) };
    let ids = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.record.id).collect::<Vec<_>>();
    let wanted = ids(ask(&ns, &Query { exact: true, ..query.clone() }).await);
    assert_eq!(wanted.len(), 10);
    ns.close().await;
    let cold = opened(&cold_store(&objects), 2).await;
    assert_eq!(ids(ask(&cold, &query).await), wanted);
    cold.close().await;
    // Now those that are near are gone, which is not folded.
    let ns = opened(&store(&objects), 3).await;
    for some in records[..NEAR].chunks(1_000) {
        let gone = some.iter().map(|record| record.id.clone()).collect();
        ns.delete(DOCS, gone, WriteMeta::default()).await.expect("deleted");
    }
    ns.close().await;
    let cold = opened(&cold_store(&objects), 4).await;
    assert_eq!(ids(ask(&cold, &Query { filter: None, ..query }).await), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_rows_are_found_as_are_wanted() {
    let objects = memory();
    let data = Clustered::new(18, DIMENSION);
    filled(&objects, &data, Metric::Cosine, 1_100).await.close().await;
    let cold = opened(&cold_store(&objects), 2).await;
    let vector = data.query(0);
    let query = Query { include: Include::ID, ..Query::new(Mode::Vector { vector }, 1_000) };
    assert_eq!(ask(&cold, &query).await.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_follows_rows_that_a_compaction_moves() {
    let objects = memory();
    let data = Clustered::new(13, DIMENSION);
    let ns = opened(&store(&objects), 1).await;
    ns.create_collection(DOCS, cold_schema(Metric::Cosine), WriteMeta::default()).await.expect("created");
    for fold in 0..3 {
        write(&ns, &data, fold * 1_000..(fold + 1) * 1_000, 0).await;
        ns.fold().await.expect("fold");
    }
    ns.index_tables().await.expect("indexed");
    // More than a quarter of a fragment that the index covers goes, so it is written anew.
    let gone: Vec<String> = (1_000..2_000).filter(|i| i % 3 == 0).map(|i| row(&data, i, 0).id).collect();
    ns.delete(DOCS, gone, WriteMeta::default()).await.expect("deleted");
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().storage.compactions, 1);
    ns.close().await;
    let warm = opened(&store(&objects), 2).await;
    ask(&warm, &nearest(vec![0.0; DIMENSION], None)).await;
    let far: Arc<dyn ObjectStore> = Arc::new(Slow::new(Arc::clone(&objects), Duration::from_millis(5)));
    let cold = opened(&cold_store(&far), 3).await;
    let io = cold.query(DOCS, nearest(data.query(0), None)).await.expect("query").io;
    assert!(io.gets > 0 && io.round_trips <= 6, "not by the index: {io:?}");
    let recall = compare(&cold, &warm, &data, None).await;
    assert!(recall >= 0.95, "{recall}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_index_does_not_cover_are_found_and_the_index_follows() {
    let objects = memory();
    let data = Clustered::new(13, DIMENSION);
    let ns = filled(&objects, &data, Metric::Cosine, ROWS).await;
    write(&ns, &data, ROWS..ROWS + 500, 0).await;
    write(&ns, &data, 0..500, 1).await;
    ns.fold().await.expect("fold");
    ns.close().await;
    let bytes_of_a_query = async |rows: usize, generation: u64| {
        let warm = opened(&store(&objects), generation).await;
        ask(&warm, &nearest(vec![0.0; DIMENSION], None)).await;
        assert_eq!(warm.count(DOCS, None).await.expect("count").value, rows as u64);
        let cold = opened(&cold_store(&objects), generation + 1).await;
        let recall = compare(&cold, &warm, &data, None).await;
        assert!(recall >= 0.95, "{rows}: {recall}");
        let cold = opened(&cold_store(&objects), generation + 2).await;
        cold.query(DOCS, nearest(data.query(1), None)).await.expect("query").io.bytes
    };
    let few = bytes_of_a_query(ROWS + 500, 2).await;
    let ns = opened(&store(&objects), 10).await;
    write(&ns, &data, ROWS + 500..ROWS + 4_000, 0).await;
    ns.fold().await.expect("fold");
    let many = bytes_of_a_query(ROWS + 4_000, 11).await;
    assert!(many > few, "each row that is not covered is read: {many} and {few} bytes");
    let ns = opened(&store(&objects), 20).await;
    ns.index_tables().await.expect("indexed");
    let none = bytes_of_a_query(ROWS + 4_000, 21).await;
    assert!(none < many, "the index covers them: {none} and {many} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_into_memory_while_a_query_is_answered_without() {
    let objects = memory();
    let data = Clustered::new(14, DIMENSION);
    filled(&objects, &data, Metric::Cosine, ROWS).await.close().await;
    let ns = opened(&store(&objects).with_caches(CacheSizes::NONE), 2).await;
    let query = nearest(data.query(0), None);
    assert!(ns.query(DOCS, query.clone()).await.expect("query").io.gets > 0);
    let in_memory = async {
        while ns.query(DOCS, query.clone()).await.expect("query").io.gets > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), in_memory).await.expect("the rows come into memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_by_id_and_the_count_need_not_all_rows() {
    let objects = memory();
    let data = Clustered::new(16, 384);
    let ns = opened(&store(&objects), 1).await;
    let vectors = VectorSpec { dimension: 384, metric: Metric::Cosine }.into();
    let schema = Schema { vectors, ..cold_schema(Metric::Cosine) };
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    write(&ns, &data, 0..ROWS, 0).await;
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = opened(&store(&objects), 2).await;
    let count = ns.count(DOCS, None).await.expect("count");
    assert_eq!((count.value, count.io.gets), (ROWS as u64, 0));
    let wanted = row(&data, 77, 0);
    let read = ns.fetch(DOCS, &[wanted.id.clone(), "nobody".to_owned()], Include::ALL).await.expect("fetch");
    assert_eq!(read.value, [Some(wanted), None]);
    let all = ns.logical_bytes_of(DOCS).expect("known");
    assert!(read.io.bytes < all / 4, "{:?} of {all} bytes", read.io);
}

/// `cargo nextest run -p agentdb-data-plane-engine --run-ignored only -E 'test(cold_queries_of_a_far_store)' --no-capture`
#[expect(clippy::disallowed_methods, reason = "a measurement takes the real time")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of a minute"]
async fn cold_queries_of_a_far_store() {
    const WIDE: usize = 384;
    let s3 = S3::start().await;
    let config = s3.bucket("cold").await;
    let near = Store::open(&config).await.expect("the store passes the probe");
    let data = Clustered::new(15, WIDE);
    let ns = opened(&near, 1).await;
    let schema = Schema {
        vectors: VectorSpec { dimension: WIDE as u32, metric: Metric::Cosine }.into(),
        ..cold_schema(Metric::Cosine)
    };
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    for from in (0..100_000).step_by(20_000) {
        write(&ns, &data, from..from + 20_000, 0).await;
        ns.fold().await.expect("fold");
    }
    let began = Instant::now();
    let without = async |what: &str, generation: u64| {
        for i in 0..3 {
            let far = StoreConfig { memory_bytes: 0, ..config.clone() };
            let far = Store::open(&far).await.expect("the store passes the probe");
            let far = far.wrapped(|objects| Arc::new(Slow::new(objects, Duration::from_millis(50))));
            let began = Instant::now();
            let cold = opened(&far, generation + i as u64).await;
            let open = began.elapsed();
            let began = Instant::now();
            let read = cold.query(DOCS, nearest(data.query(i), None)).await.expect("query");
            println!(
                "{what}: opened in {open:?}; answered in {:?}: {} calls, {:?}",
                began.elapsed(),
                read.io.calls(),
                read.io
            );
            let began = Instant::now();
            let read = cold.query(DOCS, nearest(data.query(i + 10), None)).await.expect("query");
            println!("{what}: another in {:?}: {} calls, {:?}", began.elapsed(), read.io.calls(), read.io);
            cold.close().await;
        }
    };
    ns.close().await;
    without("before", 2).await;
    let ns = opened(&near, 10).await;
    ns.index_tables().await.expect("indexed");
    println!("indexed in {:?}", began.elapsed());
    ns.close().await;
    without("with the index", 20).await;
}
