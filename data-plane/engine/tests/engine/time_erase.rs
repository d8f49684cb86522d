//! What was erased is in no object any more, and nobody can bring it back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::killed::killed_at_each_call;
use crate::support::leftovers::tables;
use crate::support::s3::S3;
use crate::support::timeline::*;
use crate::support::*;
use agentdb_data_plane_engine::{
    Config, Erasure, Format, Idempotency, Include, Mode, Moment, Namespace, Query, ReadError, Record, Store,
    StoreConfig, TimeError, Value, WriteError, WriteMeta,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::RwLockWriteGuard;

/// What must not be found afterwards.
const MARKER: &str = "xyzzy-plugh-4711";

/// A record that holds the marker in every way.
fn secret(i: usize, version: usize) -> Record {
    let mut record = record(i, version);
    record.id = format!("{MARKER}-{i}");
    record.text = Some(format!("the word is {MARKER} and {version}"));
    record.metadata = Some(serde_json::json!({ "note": MARKER, "version": version }));
    record.attributes.insert("topic".to_owned(), Value::String(MARKER.to_owned()));
    record.attributes.insert("tags".to_owned(), Value::StringList(vec!["a".to_owned(), MARKER.to_owned()]));
    record
}

fn secret_ids(count: usize) -> Vec<String> {
    (0..count).map(|i| secret(i, 0).id).collect()
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

/// Where the marker is: raw, in our frames, or in any version of any table.
async fn found_in(store: &Store, prefix: &str) -> Vec<String> {
    let objects = store.objects();
    let listed: Vec<_> = objects.list(Some(&store.path(prefix))).try_collect().await.expect("list");
    let mut found = Vec::new();
    for meta in &listed {
        let bytes = objects.get(&meta.location).await.expect("get").bytes().await.expect("bytes");
        let framed = bytes.starts_with(b"ADBL") || bytes.starts_with(b"ADBC");
        let inner = if framed { zstd::stream::decode_all(&bytes[13..]).expect("a frame") } else { Vec::new() };
        if holds(&bytes) || holds(&inner) || meta.location.as_ref().contains(MARKER) {
            found.push(meta.location.to_string());
        }
    }
    found.extend(found_in_tables(store, prefix, &listed).await);
    found
}

/// Data files are compressed, so they are read: every row, deleted ones included, of every version.
async fn found_in_tables(store: &Store, prefix: &str, listed: &[object_store::ObjectMeta]) -> Vec<String> {
    let tables = store.path(&format!("{prefix}/tables"));
    let names: std::collections::BTreeSet<String> = listed
        .iter()
        .filter_map(|meta| Some(meta.location.prefix_match(&tables)?.next()?.as_ref().to_owned()))
        .collect();
    let mut found = Vec::new();
    for name in names {
        let (versions, rows) = crate::support::tables::read_all(store, &tables.clone().join(name.as_str())).await;
        if holds(rows.as_bytes()) {
            found.push(format!("{name}, versions {versions:?}"));
        }
    }
    found
}

fn answered(key: u8) -> WriteMeta {
    let idempotency =
        Idempotency { scope_key: [key; 32], request_hash: [4; 32], answer: Bytes::from_static(MARKER.as_bytes()) };
    WriteMeta { idempotency: Some(idempotency), ..WriteMeta::default() }
}

/// Secrets in tables, in deleted rows, in the log, in answers, in a snapshot, in a dropped collection, in what a rewind
/// took back; and rows that stay.
async fn story(line: &mut Timeline) -> BTreeMap<String, Record> {
    let ns = Arc::clone(&line.ns);
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    let rows =
        |version| (0..20).map(|i| record(i, version)).chain((0..5).map(|i| secret(i, version))).collect::<Vec<_>>();
    ns.upsert(DOCS, rows(0), answered(1)).await.expect("written");
    ns.fold().await.expect("fold");
    line.clock.advance(Duration::from_secs(1000));
    ns.upsert("other", vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.upsert(DOCS, rows(1), answered(2)).await.expect("written");
    ns.create_snapshot("before", None, WriteMeta::default()).await.expect("made");
    ns.fold().await.expect("fold");
    ns.drop_collection("other", WriteMeta::default()).await.expect("dropped");
    ns.delete(DOCS, vec![secret(4, 0).id], WriteMeta::default()).await.expect("deleted");
    ns.fold().await.expect("fold");
    let back = Moment::Snapshot("before".to_owned());
    ns.rewind(&back, WriteMeta::default()).await.expect("rewound");
    ns.upsert(DOCS, rows(2), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, rows(3), answered(3)).await.expect("written");
    (0..20).map(|i| record(i, 3)).map(|r| (r.id.clone(), r)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_marker_is_in_no_object() {
    let mut line = Timeline::new(1, config()).await;
    let rows = story(&mut line).await;
    let store = store(&line.objects);
    assert!(found_in(&store, PREFIX).await.len() > 5, "it is everywhere before");
    let past = line.ns.at_commit(line.ns.commit()).await.expect("in the history");
    let receipt = line.ns.erase(DOCS, secret_ids(5), usage(1, 7)).await.expect("erased");
    assert_eq!(found_in(&store, PREFIX).await, [""; 0]);
    assert_eq!((receipt.records, receipt.commit > 0), (5, true));
    assert!(receipt.table_files.objects > 3 && receipt.table_files.bytes > 0, "{receipt:?}");
    assert!(receipt.checkpoints.objects > 2 && receipt.log_entries.objects > 1, "{receipt:?}");
    assert!(receipt.emptied_log_entries.objects > 1 && receipt.emptied_log_entries.bytes > 0, "{receipt:?}");
    assert_eq!((receipt.answers, receipt.snapshots), (3, 1));
    assert!(receipt.ended_reads > 0, "a past state that somebody holds: {receipt:?}");
    assert_eq!(past.collections(), Err(ReadError::Closed));
    assert_eq!(gone(line.ns.at_commit(receipt.commit - 1).await).0, receipt.commit - 1);
    assert!(line.ns.snapshots().expect("serves").is_empty());
    for step in 0..3 {
        let found = line.ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
        assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "step {step}");
        let again = line.ns.upsert(DOCS, vec![record(1, 9)], answered(2)).await.expect("replayed");
        assert_eq!(again.replayed.as_deref(), Some(b"".as_slice()), "done once still, its body is gone");
        assert_eq!(line.ns.usage()[0].1, 7);
        line.reopen().await;
    }
    // The history goes on from here.
    line.ns.upsert(DOCS, vec![record(50, 0)], WriteMeta::default()).await.expect("written");
    let commit = line.ns.commit();
    line.ns.delete(DOCS, vec![record(50, 0).id], WriteMeta::default()).await.expect("deleted");
    line.ns.fold().await.expect("fold");
    assert_eq!(line.ns.at_commit(commit).await.expect("kept").count(DOCS, None).await.expect("count").value, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_collection_is_in_no_object() {
    let mut line = Timeline::new(1, config()).await;
    story(&mut line).await;
    let nothing = line.ns.erase_collection("never", WriteMeta::default()).await;
    assert_eq!(nothing.expect_err("refused"), TimeError::Write(WriteError::NoSuchCollection));
    let receipt = line.ns.erase_collection(DOCS, WriteMeta::default()).await.expect("erased");
    assert_eq!(receipt.records, 25);
    assert_eq!(found_in(&store(&line.objects), PREFIX).await, [""; 0]);
    assert!(line.ns.collection(DOCS).expect("serves").value.is_none());
    line.reopen().await;
    assert!(line.ns.collection(DOCS).expect("serves").value.is_none());
    assert_eq!(line.ns.count("other", None).await.expect("count").value, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_erased_while_a_branch_may_hold_it() {
    let mut line = Timeline::new(1, config()).await;
    story(&mut line).await;
    let branch = line.ns.create_branch("b", None, WriteMeta::default()).await.expect("made");
    let commit = line.ns.commit();
    let refused = line.ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await;
    assert_eq!(refused.expect_err("refused"), TimeError::HasBranches { names: vec!["b".to_owned()] });
    assert_eq!(line.ns.commit(), commit);
    let open = open_at(&store(&line.objects), &branch.prefix, 1, &line.config, &line.clock).await;
    let refused = open.erase(DOCS, secret_ids(5), WriteMeta::default()).await;
    assert_eq!(refused.expect_err("refused"), TimeError::IsBranch);
    open.close().await;
    line.ns.delete_branch("b", WriteMeta::default()).await.expect("deleted");
    line.ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    assert_eq!(found_in(&store(&line.objects), PREFIX).await, [""; 0]);
}

/// A writer that lost the namespace and slept finds its keys taken by empty entries.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_owner_is_fenced_after_an_erase() {
    let mut line = Timeline::new(1, config()).await;
    story(&mut line).await;
    let old = Arc::clone(&line.ns);
    let new = open_at(&store(&line.objects), PREFIX, 2, &line.config, &line.clock).await;
    new.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    let late = old.upsert(DOCS, vec![secret(1, 5)], WriteMeta::default()).await;
    assert_eq!(late, Err(WriteError::Fenced));
    assert_eq!(found_in(&store(&line.objects), PREFIX).await, [""; 0]);
}

/// Dies at the `call`th call of an erase. False when it was done before that.
async fn die_at(objects: Arc<dyn ObjectStore>, rows: Arc<BTreeMap<String, Record>>, call: u64, worked: bool) -> bool {
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open(&Store::over(faulty.clone(), 1 << 30), 12).await;
    faulty.crash_in(call);
    let erasing = dying.erase(DOCS, secret_ids(5), WriteMeta::default());
    let receipt = tokio::select! {
        receipt = erasing => receipt.ok(),
        () = faulty.death() => None,
    };
    let dead = faulty.is_dead();
    drop(dying);
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let store = store(&objects);
    if receipt.is_some() {
        assert_eq!(found_in(&store, PREFIX).await, [""; 0], "{what}");
    }
    let ns = open(&store, 13).await;
    let kept = |found: Vec<Record>| found.into_iter().filter(|r| !r.id.contains(MARKER)).collect::<Vec<_>>();
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    let erased = found.len() == rows.len();
    assert!(erased || found.len() == rows.len() + 5, "{what}");
    assert_eq!(kept(found), rows.values().cloned().collect::<Vec<_>>(), "{what}");
    if erased {
        // The next fold finishes it.
        ns.fold().await.expect("fold");
        assert_eq!(found_in(&store, PREFIX).await, [""; 0], "{what}");
    }
    ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    assert_eq!(found_in(&store, PREFIX).await, [""; 0], "{what}");
    ns.close().await;
    let ns = open(&store, 14).await;
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
    ns.close().await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_an_erase() {
    let prepared = Arc::new(InMemory::new());
    let mut line = Timeline::over(Arc::clone(&prepared) as Arc<dyn ObjectStore>, 1, config()).await;
    let rows = Arc::new(story(&mut line).await);
    line.ns.close().await;
    killed_at_each_call(&prepared, 24, |objects, call, worked| die_at(objects, Arc::clone(&rows), call, worked)).await;
}

/// Dies at the `call`th call of a fold, which leaves files that nothing names; the next owner erases before it folds.
/// False when the fold was done before that.
async fn die_folding_at(
    objects: Arc<dyn ObjectStore>,
    rows: Arc<BTreeMap<String, Record>>,
    call: u64,
    worked: bool,
) -> bool {
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open(&Store::over(faulty.clone(), 1 << 30), 12).await;
    faulty.crash_in(call);
    let folded = dying.fold().await;
    let dead = faulty.is_dead();
    drop(dying);
    assert!(dead || folded.is_ok(), "a fold with a healthy store succeeds");
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let store = store(&objects);
    let ns = open(&store, 13).await;
    let receipt = ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    assert_eq!(receipt.records, 5, "{what}");
    assert_eq!(found_in(&store, PREFIX).await, [""; 0], "{what}");
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
    ns.close().await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_removes_what_a_fold_before_it_left_that_was_killed_between_any_two_steps() {
    let prepared = Arc::new(InMemory::new());
    let mut line = Timeline::over(Arc::clone(&prepared) as Arc<dyn ObjectStore>, 1, config()).await;
    let rows = Arc::new(story(&mut line).await);
    line.ns.close().await;
    killed_at_each_call(&prepared, 12, |objects, call, worked| {
        die_folding_at(objects, Arc::clone(&rows), call, worked)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_is_the_same_on_a_directory_and_on_s3() {
    let directory = tempfile::tempdir().expect("a directory");
    let s3 = S3::start().await;
    for config in [StoreConfig::directory(directory.path()), s3.bucket("agentdb").await] {
        let store = Store::open(&config).await.expect("store");
        let ns = open(&store, 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        let rows = (0..20).map(|i| record(i, 0)).chain((0..5).map(|i| secret(i, 0)));
        ns.upsert(DOCS, rows.collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        ns.upsert(DOCS, (0..5).map(|i| secret(i, 1)).collect(), WriteMeta::default()).await.expect("written");
        let receipt = ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
        assert_eq!(receipt.records, 5);
        assert_eq!(found_in(&store, PREFIX).await, [""; 0]);
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, 20);
    }
}

/// A namespace over a store whose calls can be held back, with secrets in the log.
async fn held_back(objects: Arc<dyn ObjectStore>, faulty: &Arc<Faulty>) -> Timeline {
    let config = Config { write_timeout: Duration::from_millis(200), ..config() };
    let mut line = Timeline::over(objects, 1, config).await;
    line.ns.close().await;
    line.generation += 1;
    let handle = Store::over(Arc::clone(faulty) as Arc<dyn ObjectStore>, 1 << 30);
    line.ns = open_at(&handle, PREFIX, line.generation, &line.config, &line.clock).await;
    line.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let rows = (0..20).map(|i| record(i, 0)).chain((0..5).map(|i| secret(i, 0)));
    line.ns.upsert(DOCS, rows.collect(), WriteMeta::default()).await.expect("written");
    line.ns.fold().await.expect("fold");
    line
}

fn erasing(ns: &Arc<Namespace>) -> tokio::task::JoinHandle<Result<Erasure, TimeError>> {
    let ns = Arc::clone(ns);
    tokio::spawn(async move { ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await })
}

/// Lets a PUT of a checkpoint go on, and holds the next one.
async fn next_checkpoint<'a>(faulty: &'a Faulty, held: RwLockWriteGuard<'a, ()>) -> RwLockWriteGuard<'a, ()> {
    drop(held);
    let held = faulty.hold_puts_of("/checkpoint/").await;
    faulty.put_held().await;
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_in_doubt_that_comes_into_the_log_beside_a_fold_is_finished_by_the_next() {
    let objects = memory();
    let of_log = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let faulty = Arc::new(Faulty::new(of_log.clone(), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    line.ns.upsert(DOCS, vec![record(1, 1)], WriteMeta::default()).await.expect("written");
    let before = line.ns.commit();
    let entry = of_log.hold_puts_of("/log/").await;
    let in_doubt = erasing(&line.ns).await.expect("no panic");
    assert!(matches!(in_doubt, Err(TimeError::Write(WriteError::Unavailable(_)))), "{in_doubt:?}");
    let checkpoint = faulty.hold_puts_of("/checkpoint/").await;
    let folding = Arc::clone(&line.ns);
    let fold = tokio::spawn(async move { folding.fold().await });
    faulty.put_held().await;
    drop(entry);
    while line.ns.commit() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(checkpoint);
    fold.await.expect("no panic").expect("folded");
    line.ns.fold().await.expect("fold");
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
    assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_dropped_beside_an_erase_leaves_nothing_of_what_was_erased() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    let first = faulty.hold_puts_of("/checkpoint/").await;
    let erase = erasing(&line.ns);
    faulty.put_held().await;
    let second = next_checkpoint(&faulty, first).await;
    line.ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    drop(second);
    // Either all is gone, or it says that it is not.
    if erase.await.expect("no panic").is_err() {
        line.ns.fold().await.expect("fold");
    }
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_was_in_doubt_and_is_deleted_leaves_nothing_to_an_erase() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    line.ns.upsert(DOCS, vec![secret(1, 1)], WriteMeta::default()).await.expect("written");
    let before = line.ns.commit();
    let held = faulty.hold_puts_of("/log/").await;
    let in_doubt = line.ns.create_branch("b", None, WriteMeta::default()).await;
    assert!(matches!(in_doubt, Err(TimeError::Write(WriteError::Unavailable(_)))), "{in_doubt:?}");
    drop(held);
    while line.ns.commit() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    line.ns.delete_branch("b", WriteMeta::default()).await.expect("deleted");
    line.ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
    let left = objects.list(Some(&format!("{PREFIX}/branches").into())).try_collect::<Vec<_>>().await.expect("list");
    assert_eq!(left, []);
}

/// Whoever opens the namespace next would finish the erase, and with it remove what was named since.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_named_until_a_checkpoint_says_that_an_erase_is_finished() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    let mut held = faulty.hold_puts_of("/checkpoint/").await;
    let erase = erasing(&line.ns);
    faulty.put_held().await;
    for _ in 0..2 {
        held = next_checkpoint(&faulty, held).await;
    }
    // All is removed; only the last checkpoint is not written.
    erase.abort();
    assert!(erase.await.is_err());
    drop(held);
    let refused = line.ns.create_branch("b", None, WriteMeta::default()).await.expect_err("refused");
    assert!(matches!(refused, TimeError::Write(WriteError::Backpressure(_))), "{refused:?}");
    let refused = line.ns.create_snapshot("s", None, WriteMeta::default()).await.expect_err("refused");
    assert!(matches!(refused, TimeError::Write(WriteError::Backpressure(_))), "{refused:?}");
    line.ns.fold().await.expect("fold");
    line.ns.create_snapshot("s", None, WriteMeta::default()).await.expect("made");
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_that_was_cut_short_is_finished_after_the_next_opening_without_a_write() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    let first = faulty.hold_puts_of("/checkpoint/").await;
    let erase = erasing(&line.ns);
    faulty.put_held().await;
    // The deletions are folded; what is left is to remove what holds the records.
    let second = next_checkpoint(&faulty, first).await;
    faulty.kill();
    erase.abort();
    assert!(erase.await.is_err());
    drop(second);
    line.ns.close().await;
    let store = store(&objects);
    assert!(!found_in(&store, PREFIX).await.is_empty());
    let config = Config { background_fold: true, fold_interval: Duration::ZERO, ..config() };
    let ns = open_at(&store, PREFIX, line.generation + 1, &config, &line.clock).await;
    let finished = async {
        // One names the files written anew, one says that nothing is left to be done.
        while ns.stats().folds < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), finished).await.expect("it is finished");
    ns.close().await;
    assert_eq!(found_in(&store, PREFIX).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_whose_caller_went_away_is_finished_without_a_write() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let line = held_back(Arc::clone(&objects), &faulty).await;
    line.ns.close().await;
    let config = Config { background_fold: true, fold_interval: Duration::from_millis(100), ..config() };
    let handle = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, 1 << 30);
    let ns = open_at(&handle, PREFIX, line.generation + 1, &config, &line.clock).await;
    let first = faulty.hold_puts_of("/checkpoint/").await;
    let erase = erasing(&ns);
    faulty.put_held().await;
    let second = next_checkpoint(&faulty, first).await;
    erase.abort();
    assert!(erase.await.is_err());
    drop(second);
    line.clock.advance(Duration::from_secs(1));
    let finished = async {
        // Refused until a checkpoint says that nothing is left to be done.
        while ns.create_snapshot("s", None, WriteMeta::default()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), finished).await.expect("it is finished");
    ns.close().await;
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
}

/// A namespace with secrets in a collection that is to have an index in its table; nothing is folded yet.
async fn large(faulty: &Arc<Faulty>, background_fold: bool) -> Arc<Namespace> {
    let config = Config {
        index_rows: 500,
        background_index: false,
        background_fold,
        fold_interval: Duration::from_secs(24 * 3600),
        ..config()
    };
    let handle = Store::over(Arc::clone(faulty) as Arc<dyn ObjectStore>, 1 << 30);
    let ns = Namespace::open(&handle, PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let rows = (0..600).map(|i| record(i, 0)).chain((0..5).map(|i| secret(i, 0)));
    ns.upsert(DOCS, rows.collect(), WriteMeta::default()).await.expect("written");
    ns
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_went_with_an_erase_is_built_again() {
    let objects = memory();
    let ns = large(&Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default())), false).await;
    ns.fold().await.expect("fold");
    ns.index_tables().await.expect("indexed");
    assert!(index_files(&objects).await > 0);
    ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    assert_eq!(index_files(&objects).await, 0, "it held what was erased");
    ns.index_tables().await.expect("indexed");
    assert!(index_files(&objects).await > 0);
}

/// Files of indexes.
async fn index_files(objects: &Arc<dyn ObjectStore>) -> usize {
    let files = tables(objects).await.into_values().flatten();
    files.filter(|file| file.starts_with("_indices/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_does_not_wait_for_an_index_that_is_being_built() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let ns = large(&faulty, false).await;
    ns.fold().await.expect("fold");
    let held = faulty.hold_replies_of("/data/").await;
    let builder = Arc::clone(&ns);
    let build = tokio::spawn(async move { builder.index_tables().await });
    faulty.reply_held().await;
    // Of a whole collection: that reads no rows.
    let erase = ns.erase_collection(DOCS, WriteMeta::default());
    let receipt = tokio::time::timeout(Duration::from_secs(20), erase).await.expect("the build is held up, not this");
    assert_eq!(receipt.expect("erased").records, 605);
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
    drop(held);
    build.await.expect("no panic").expect("it was given up");
    assert!(tables(&objects).await.is_empty(), "it has written nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_being_written_beside_an_erase_goes_and_is_built_again() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let ns = large(&faulty, true).await;
    let held = faulty.hold_puts_of("/_indices/").await;
    ns.fold().await.expect("fold");
    faulty.put_held().await;
    let before = ns.commit();
    let erase = erasing(&ns);
    while ns.commit() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(held);
    assert_eq!(erase.await.expect("no panic").expect("erased").records, 5);
    assert_eq!(found_in(&store(&objects), PREFIX).await, [""; 0]);
    let built = async {
        while index_files(&objects).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), built).await.expect("it is built again");
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_began_before_an_erase_gives_nothing_after_it() {
    // The rows in memory, and read from the table's files.
    for room in [1 << 30, 0] {
        let ns = open(&Store::over(memory(), room), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        // In the order of ids the secrets come last, behind the first piece.
        for rows in [0..1_000, 1_000..1_500] {
            ns.upsert(DOCS, rows.map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        }
        ns.upsert(DOCS, (0..5).map(|i| secret(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        let begin = async || ns.export(DOCS, None, Format::Jsonl).await.expect("export").into_stream();
        let mut before = Box::pin(begin().await);
        assert!(!holds(&before.next().await.expect("a piece").expect("bytes")), "room {room}");
        let receipt = ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
        assert_eq!((receipt.records, receipt.ended_reads), (5, 1), "room {room}");
        let next = before.next().await;
        assert!(matches!(next, Some(Err(ReadError::Closed))), "room {room}: {next:?}");
        assert!(before.next().await.is_none(), "room {room}");
        let after: Vec<Bytes> = begin().await.try_collect().await.expect("bytes");
        let lines = after.concat().iter().filter(|byte| **byte == b'\n').count();
        assert!(lines == 1_500 && !holds(&after.concat()), "room {room}: {lines} records");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_leaves_no_part_of_an_index_in_memory() {
    let objects = memory();
    let filled = large(&Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default())), false).await;
    filled.fold().await.expect("fold");
    filled.index_tables().await.expect("indexed");
    filled.close().await;
    // Without room for rows a query is answered by the index of the table.
    let handle = Store::over(Arc::clone(&objects), 0);
    let config = Config { index_rows: 500, background_index: false, ..config() };
    let ns = Namespace::open(&handle, PREFIX, writer(2), config, environment(2)).await.expect("opens");
    let query = Query::new(Mode::Vector { vector: vec![0.5, -0.5, 0.25, 1.0] }, 5);
    assert_eq!(ns.query(DOCS, query).await.expect("query").value.len(), 5);
    let before = handle.decoded_index_bytes().await;
    ns.erase(DOCS, secret_ids(5), WriteMeta::default()).await.expect("erased");
    let after = handle.decoded_index_bytes().await;
    // That a table has no index is remembered, too.
    assert!(before > 2_000 && after < 1_000, "{before} bytes before, {after} after");
}
