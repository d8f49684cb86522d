//! The same on a directory and on a real S3 server.

use std::sync::Arc;

use crate::support::s3::S3;
use crate::support::*;
use agentdb_data_plane_engine::{
    CacheSizes, Config, Fusion, Hit, Include, Mode, Namespace, Query, Record, Store, StoreConfig, StoreError,
    WriteError, WriteMeta,
};

type Story = (Vec<Record>, Vec<Hit>, Vec<Hit>, u64, u64);

/// Writes, folds, takes over, fences: what it reads at the end is the same everywhere.
async fn story(config: &StoreConfig) -> Story {
    let connect = || async { Store::open(config).await.expect("the store passes the probe") };
    let ns = open(&connect().await, 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..200).map(|i| record(i, 0)).collect(), usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, (50..80).map(|i| record(i, 1)).collect(), usage(1, 1)).await.expect("written");
    ns.delete(DOCS, (0..10).map(|i| record(i, 0).id).collect(), usage(1, 1)).await.expect("deleted");
    let next = open(&connect().await, 2).await;
    assert_eq!(ns.upsert(DOCS, vec![record(1, 1)], WriteMeta::default()).await, Err(WriteError::Fenced));
    next.fold().await.expect("fold");
    next.upsert(DOCS, vec![record(90, 3)], usage(1, 1)).await.expect("written");
    next.close().await;
    let last = open(&connect().await, 3).await;
    read(&last).await
}

async fn read(ns: &Arc<Namespace>) -> Story {
    let vector = vec![0.1, 0.5, -0.3, 0.2];
    let text = "query planner".to_owned();
    let hybrid = Mode::Hybrid { vector: vector.clone(), text, fusion: Fusion::Weighted(0.5) };
    let ask = |mode| Query { include: Include::ALL, ..Query::new(mode, 12) };
    (
        ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records,
        ns.query(DOCS, ask(Mode::Vector { vector })).await.expect("query").value,
        ns.query(DOCS, ask(hybrid)).await.expect("query").value,
        ns.logical_bytes(),
        ns.usage()[0].1,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_and_s3_give_the_same_answers() {
    let directory = tempfile::tempdir().expect("a directory");
    let s3 = S3::start().await;
    let local = story(&StoreConfig::directory(directory.path())).await;
    assert_eq!(local.0.len(), 190);
    assert_eq!(local.4, 4);
    let remote = story(&s3.bucket("agentdb").await).await;
    assert_eq!(local, remote);
}

/// A directory lists in any order; an old version was once taken for the newest, and the fold after it failed.
#[tokio::test(flavor = "multi_thread")]
async fn many_folds_on_a_directory_each_find_the_newest_version() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = StoreConfig::directory(directory.path());
    let ns = open(&Store::open(&config).await.expect("store"), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for round in 0..24 {
        ns.upsert(DOCS, vec![record(round, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
    }
    ns.close().await;
    let ns = open(&Store::open(&config).await.expect("store"), 2).await;
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_store_is_refused_by_name() {
    let config = |url: &str| StoreConfig { url: url.to_owned(), s3: None, memory_bytes: 0, caches: CacheSizes::NONE };
    for (url, field) in [("ftp://x/y", "url"), ("s3://bucket/x", "s3"), ("nothing", "url")] {
        match Store::open(&config(url)).await {
            Err(StoreError::Config { field: found, .. }) => assert_eq!(found, field, "{url}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_behind_an_old_checkpoint_is_trimmed_and_dropped_tables_go() {
    use agentdb_clock::{Clock, ManualClock};
    use futures::TryStreamExt;
    let objects = memory();
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let environment =
        agentdb_data_plane_engine::Environment { clock: Arc::new(clock.clone()) as Arc<dyn Clock>, ..environment(1) };
    let brief = Config { history: std::time::Duration::ZERO, ..config() };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), brief, environment).await.expect("opens");
    let count = |prefix: &'static str| {
        let objects = Arc::clone(&objects);
        async move {
            let path = object_store::path::Path::from(format!("{PREFIX}/{prefix}"));
            objects.list(Some(&path)).try_collect::<Vec<_>>().await.expect("list").len()
        }
    };
    ns.create_collection("gone", schema(), WriteMeta::default()).await.expect("created");
    ns.upsert("gone", vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.drop_collection("gone", WriteMeta::default()).await.expect("dropped");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for round in 0..6 {
        ns.upsert(DOCS, vec![record(round, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        clock.advance(Config::default().retention / 2);
    }
    let commit = ns.commit();
    assert!(commit >= 10);
    assert!(count("log").await <= 5, "{} entries are left", count("log").await);
    assert!(count("checkpoint").await <= 4, "{} checkpoints are left", count("checkpoint").await);
    ns.close().await;
    let tables = {
        let path = object_store::path::Path::from(format!("{PREFIX}/tables"));
        objects.list_with_delimiter(Some(&path)).await.expect("list").common_prefixes.len()
    };
    assert_eq!(tables, 1, "the dropped table's files are gone");
    let ns = open(&store(&objects), 2).await;
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 6);
    assert_eq!(ns.commit(), commit + 1, "numbers go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn folded_tables_open_in_plain_lancedb() {
    use futures::TryStreamExt;
    use lancedb::query::{ExecutableQuery, QueryBase};
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&StoreConfig::directory(directory.path())).await.expect("store");
    let ns = open(&store, 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..100).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, (0..10).map(|i| record(i, 1)).collect(), WriteMeta::default()).await.expect("written");
    ns.delete(DOCS, vec![record(20, 0).id], WriteMeta::default()).await.expect("deleted");
    ns.fold().await.expect("fold");
    let tables = directory.path().join(PREFIX).join("tables");
    let database = lancedb::connect(tables.to_str().expect("utf-8")).execute().await.expect("connect");
    let names = database.table_names().execute().await.expect("names");
    assert_eq!(names.len(), 1);
    let table = database.open_table(&names[0]).execute().await.expect("opens");
    assert_eq!(table.count_rows(None).await.expect("count"), 99);
    let page = match record(5, 1).attributes["page"] {
        agentdb_data_plane_engine::Value::Int(page) => page,
        ref other => panic!("{other:?}"),
    };
    let found = table.query().only_if(format!("id = 'r0005' AND page = {page}")).execute().await.expect("query");
    let rows: usize = found
        .try_collect::<Vec<_>>()
        .await
        .expect("rows")
        .iter()
        .map(lancedb::arrow::arrow_array::RecordBatch::num_rows)
        .sum();
    assert_eq!(rows, 1);
}
