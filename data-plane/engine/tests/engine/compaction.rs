//! Compaction changes how a table lies in its files, and nothing that a reader sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::leftovers::{open_table, tables};
use crate::support::*;
use agentdb_data_plane_engine::{Include, Namespace, Record, Store, WriteMeta};
use lance::dataset::Dataset;
use object_store::ObjectStore;

async fn newest(objects: &Arc<dyn ObjectStore>) -> Dataset {
    let place = tables(objects).await.into_keys().next().expect("a table");
    open_table(objects, &place).await
}

async fn write(ns: &Namespace, rows: &mut BTreeMap<String, Record>, records: Vec<Record>) {
    rows.extend(records.iter().map(|r| (r.id.clone(), r.clone())));
    ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
}

async fn delete(ns: &Namespace, rows: &mut BTreeMap<String, Record>, numbers: impl Iterator<Item = usize>) {
    let ids: Vec<String> = numbers.map(|i| record(i, 0).id).collect();
    ids.iter().for_each(|id| drop(rows.remove(id)));
    ns.delete(DOCS, ids, WriteMeta::default()).await.expect("deleted");
}

async fn check(ns: &Namespace, rows: &BTreeMap<String, Record>, what: &str) {
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
    let bytes: u64 = rows.values().map(Record::logical_bytes).sum();
    assert_eq!(ns.logical_bytes_of(DOCS), Some(bytes), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_folds_make_few_fragments_and_rows_are_rewritten_seldom() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut rows = BTreeMap::new();
    for fold in 0..40 {
        write(&ns, &mut rows, (0..5).map(|i| record(fold * 5 + i, 0)).collect()).await;
        ns.fold().await.expect("fold");
    }
    let table = newest(&objects).await;
    table.validate().await.expect("is whole");
    assert_eq!(table.count_rows(None).await.expect("count"), 200);
    assert!(table.get_fragments().len() <= 12, "{} fragments of 40 folds", table.get_fragments().len());
    let storage = ns.stats().storage;
    assert!(storage.compactions >= 4 && storage.compaction_bytes < storage.fold_bytes * 4, "{storage:?}");
    check(&ns, &rows, "after 40 folds").await;
    ns.close().await;
    let ns = open(&store(&objects), 2).await;
    check(&ns, &rows, "opened again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_leave_the_files_when_they_are_many() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut rows = BTreeMap::new();
    write(&ns, &mut rows, (0..100).map(|i| record(i, 0)).collect()).await;
    ns.fold().await.expect("fold");
    delete(&ns, &mut rows, 0..20).await;
    ns.fold().await.expect("fold");
    let table = newest(&objects).await;
    assert_eq!(table.count_deleted_rows().await.expect("count"), 20, "a fifth may stay");
    let storage = ns.stats().storage;
    assert!(storage.table_dead_bytes > 0 && storage.table_dead_bytes * 4 < storage.table_live_bytes, "{storage:?}");
    delete(&ns, &mut rows, 20..30).await;
    ns.fold().await.expect("fold");
    let table = newest(&objects).await;
    assert_eq!(table.count_deleted_rows().await.expect("count"), 0);
    assert_eq!(table.count_rows(None).await.expect("count"), 70);
    assert_eq!(ns.stats().storage.table_dead_bytes, 0);
    check(&ns, &rows, "compacted").await;
}

/// Rows that are not in memory are found by their places in the version that was loaded.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_streamed_are_found_in_the_compacted_version() {
    let objects = memory();
    let ns = open(&Store::over(Arc::clone(&objects), 0), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut rows = BTreeMap::new();
    for fold in 0..20 {
        write(&ns, &mut rows, (0..6).map(|i| record((fold * 7 + i * 3) % 60, fold)).collect()).await;
        delete(&ns, &mut rows, std::iter::once((fold * 11) % 60)).await;
        ns.fold().await.expect("fold");
        check(&ns, &rows, &format!("after fold {fold}")).await;
        // Some not folded yet on top.
        write(&ns, &mut rows, vec![record((fold * 13) % 60, fold + 100)]).await;
        check(&ns, &rows, &format!("written after fold {fold}")).await;
        let ids: Vec<String> = (0..60).map(|i| record(i, 0).id).collect();
        let found = ns.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value;
        assert_eq!(found, ids.iter().map(|id| rows.get(id).cloned()).collect::<Vec<_>>());
    }
    assert!(ns.stats().storage.compactions >= 2, "{:?}", ns.stats().storage);
}

/// What folds and compactions leave behind is bounded: versions past the retention are gone, and so are their files.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_holds_little_more_than_the_rows_however_often_they_are_written() {
    let objects = memory();
    let config = agentdb_data_plane_engine::Config {
        retention: std::time::Duration::ZERO,
        history: std::time::Duration::ZERO,
        orphan_grace: std::time::Duration::ZERO,
        ..config()
    };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut rows = BTreeMap::new();
    let mut once = 0;
    for round in 0..30 {
        write(&ns, &mut rows, (0..200).map(|i| record(i, round)).collect()).await;
        ns.fold().await.expect("fold");
        once = if round == 0 { ns.stats().storage.table_bytes } else { once };
        let storage = ns.stats().storage;
        assert!(storage.table_bytes < once * 3, "round {round}: {storage:?}, {once} bytes once");
    }
    let listed: u64 = sizes(&objects).await.iter().sum();
    let storage = ns.stats().storage;
    assert_eq!(storage.table_bytes, listed, "statistics say what is there");
    assert_eq!(storage.table_objects, sizes(&objects).await.len() as u64);
    assert!(storage.removed.objects > 60 && storage.log_entries <= 2, "{storage:?}");
    check(&ns, &rows, "at the end").await;
}

async fn sizes(objects: &Arc<dyn ObjectStore>) -> Vec<u64> {
    use futures::TryStreamExt;
    let tables = object_store::path::Path::from(format!("{PREFIX}/tables"));
    objects.list(Some(&tables)).map_ok(|meta| meta.size).try_collect().await.expect("the store lists")
}
