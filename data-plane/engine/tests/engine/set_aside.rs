//! A collection whose table does not take what was written is set aside: loudly, with its rows, and alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{
    Config, Environment, FoldError, Include, Namespace, Record, Store, WriteError, WriteMeta,
};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

const OTHER: &str = "other";
/// Folds that fail before a table is given up.
const ATTEMPTS: usize = 3;

/// The manifests of the one table that there is, taken out of the store.
async fn damage(objects: &Arc<dyn ObjectStore>) -> Vec<(Path, PutPayload)> {
    let listed: Vec<_> = objects.list(Some(&Path::from("ns/test/tables"))).try_collect().await.expect("listed");
    let manifests = listed.into_iter().map(|meta| meta.location).filter(|path| path.as_ref().contains("/_versions/"));
    let mut taken = Vec::new();
    for path in manifests {
        let bytes = objects.get(&path).await.expect("there").bytes().await.expect("read");
        objects.delete(&path).await.expect("removed");
        taken.push((path, bytes.into()));
    }
    assert!(!taken.is_empty());
    taken
}

async fn mend(objects: &Arc<dyn ObjectStore>, taken: Vec<(Path, PutPayload)>) {
    for (path, bytes) in taken {
        objects.put(&path, bytes).await.expect("put back");
    }
}

async fn all(ns: &Namespace, collection: &str) -> Vec<Record> {
    ns.scan(collection, None, None, 1000, Include::ALL).await.expect("scan").value.records
}

async fn fill(ns: &Namespace) {
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
}

/// Writes to both collections that only one of them can fold.
async fn write(ns: &Namespace) {
    ns.create_collection(OTHER, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(OTHER, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.upsert(DOCS, (10..25).map(|i| record(i, 1)).collect(), WriteMeta::default()).await.expect("written");
    ns.delete(DOCS, vec![record(3, 0).id], usage(1, 5)).await.expect("deleted");
}

fn expected() -> Vec<Record> {
    (0..25).filter(|i| *i != 3).map(|i| record(i, usize::from(i >= 10))).collect()
}

async fn check_sums(ns: &Namespace) {
    let info = ns.collection(DOCS).expect("serves").value.expect("there");
    let rows = expected();
    let bytes: u64 = rows.iter().map(Record::logical_bytes).sum();
    assert_eq!((info.rows, info.logical_bytes), (rows.len() as u64, bytes));
}

async fn fold_until_set_aside(ns: &Namespace) {
    for _ in 1..ATTEMPTS {
        assert!(matches!(ns.fold().await, Err(FoldError::Unavailable(_))));
        assert_eq!(ns.stats().set_aside, 0, "not at the first failure");
    }
    ns.fold().await.expect("the others are folded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_collections_fold_and_its_rows_stay_readable_and_its_writes_are_refused() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    fill(&ns).await;
    let taken = damage(&objects).await;
    write(&ns).await;
    fold_until_set_aside(&ns).await;
    let stats = ns.stats();
    assert_eq!((stats.set_aside, stats.folded_commit, stats.memtable_rows), (1, stats.commit, 0));
    assert!(stats.set_aside_bytes > 0);
    assert_eq!(all(&ns, DOCS).await, expected());
    check_sums(&ns).await;
    let refused = ns.upsert(DOCS, vec![record(1, 1)], WriteMeta::default()).await;
    assert!(matches!(refused, Err(WriteError::SetAside { ref collection, .. }) if collection == DOCS), "{refused:?}");
    ns.upsert(OTHER, vec![record(2, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().set_aside, 1, "tried again, and set aside again");

    mend(&objects, taken).await;
    ns.fold().await.expect("fold");
    assert_eq!((ns.stats().set_aside, ns.stats().set_aside_bytes), (0, 0));
    assert_eq!(all(&ns, DOCS).await, expected());
    check_sums(&ns).await;
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open(&store(&objects), 2).await;
    assert_eq!(all(&ns, DOCS).await, expected());
    check_sums(&ns).await;
    assert_eq!(ns.usage()[0].1, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_there_after_a_restart_without_the_log() {
    for mended_before_reopening in [false, true] {
        let objects = memory();
        let ns = open(&store(&objects), 1).await;
        fill(&ns).await;
        let taken = damage(&objects).await;
        write(&ns).await;
        fold_until_set_aside(&ns).await;
        ns.close().await;
        drop(ns);
        let mut taken = Some(taken);
        if mended_before_reopening {
            mend(&objects, taken.take().expect("taken")).await;
        }
        let ns = open(&store(&objects), 2).await;
        assert_eq!(ns.stats().set_aside, 1);
        assert_eq!(all(&ns, OTHER).await, [record(1, 0)]);
        if let Some(taken) = taken {
            assert!(ns.scan(DOCS, None, None, 10, Include::ID).await.is_err(), "its table cannot be read");
            ns.upsert(OTHER, vec![record(2, 0)], WriteMeta::default()).await.expect("written");
            fold_until_given_up(&ns).await;
            mend(&objects, taken).await;
        }
        assert_eq!(all(&ns, DOCS).await, expected());
        check_sums(&ns).await;
        ns.fold().await.expect("fold");
        assert_eq!(ns.stats().set_aside, 0);
        check_sums(&ns).await;
        ns.close().await;
        let ns = open(&store(&objects), 3).await;
        assert_eq!(all(&ns, DOCS).await, expected());
        check_sums(&ns).await;
    }
}

/// The new owner does not know yet that the table fails.
async fn fold_until_given_up(ns: &Namespace) {
    for _ in 1..ATTEMPTS {
        assert!(ns.fold().await.is_err());
    }
    ns.fold().await.expect("the others are folded");
    assert_eq!(ns.stats().set_aside, 1);
}

/// The table is damaged while nothing of it is in memory and its writes are only in the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_read_after_a_restart_does_not_hold_up_the_others() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    fill(&ns).await;
    write(&ns).await;
    ns.close().await;
    drop(ns);
    let taken = damage(&objects).await;
    let ns = open(&store(&objects), 2).await;
    fold_until_set_aside(&ns).await;
    assert_eq!((ns.stats().set_aside, ns.stats().folded_commit), (1, ns.commit()));
    assert_eq!(all(&ns, OTHER).await, [record(1, 0)]);
    ns.close().await;
    let ns = open(&store(&objects), 3).await;
    mend(&objects, taken).await;
    assert_eq!(all(&ns, DOCS).await, expected());
    check_sums(&ns).await;
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().set_aside, 0);
    check_sums(&ns).await;
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    assert_eq!(all(&ns, DOCS).await, expected());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_bounded_in_memory() {
    let objects = memory();
    let config = Config { max_memtable_bytes: 30_000, ..config() };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), config, environment(1)).await.expect("opens");
    fill(&ns).await;
    damage(&objects).await;
    ns.create_collection(OTHER, schema(), WriteMeta::default()).await.expect("created");
    let mut i = 0;
    while ns.stats().memtable_bytes < 25_000 {
        ns.upsert(DOCS, vec![record(i, 0)], WriteMeta::default()).await.expect("written");
        i += 1;
    }
    fold_until_set_aside(&ns).await;
    // The others have as much room as before.
    let refused = loop {
        match ns.upsert(OTHER, vec![record(1, 0)], WriteMeta::default()).await {
            Ok(_) => assert!(ns.stats().memtable_bytes < 40_000, "{:?}", ns.stats()),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, WriteError::Backpressure(_)));
    assert!(ns.stats().memtable_bytes > 20_000);
    ns.fold().await.expect("fold");
    ns.upsert(OTHER, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    // Given up, it leaves nothing behind.
    ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    ns.fold().await.expect("fold");
    assert_eq!((ns.stats().set_aside, ns.stats().set_aside_bytes), (0, 0));
}

/// Every object of the namespace, and its size.
async fn listed(objects: &Arc<dyn ObjectStore>) -> BTreeMap<String, u64> {
    let listed: Vec<_> = objects.list(Some(&Path::from(PREFIX))).try_collect().await.expect("listed");
    listed.into_iter().map(|meta| (meta.location.to_string(), meta.size)).collect()
}

/// Folds once a minute for an hour, and gives the paths of what was put meanwhile and is there still.
async fn an_hour_of_folds(ns: &Namespace, objects: &Arc<dyn ObjectStore>, clock: &ManualClock) -> Vec<String> {
    let before = listed(objects).await;
    for _ in 0..60 {
        clock.advance(Duration::from_secs(60));
        ns.fold().await.expect("tried again");
        assert_eq!(ns.stats().set_aside, 1);
    }
    let after = listed(objects).await;
    after.into_iter().filter(|(path, size)| before.get(path) != Some(size)).map(|(path, _)| path).collect()
}

fn checkpoints(paths: &[String]) -> usize {
    paths.iter().filter(|path| path.contains("/checkpoint/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_not_written_anew_by_tries_that_come_to_nothing() {
    let objects = memory();
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let open = async |generation| {
        let environment = Environment { clock: Arc::new(clock.clone()), ..environment(generation) };
        let opened = Namespace::open(&store(&objects), PREFIX, writer(generation), config(), environment).await;
        opened.expect("opens")
    };
    let ns = open(1).await;
    fill(&ns).await;
    let taken = damage(&objects).await;
    write(&ns).await;
    fold_until_set_aside(&ns).await;
    let none: &[String] = &[];
    assert_eq!(an_hour_of_folds(&ns, &objects, &clock).await, none);
    // Whatever else changes needs one checkpoint.
    let commit = ns.upsert(OTHER, vec![record(2, 0)], WriteMeta::default()).await.expect("written").commit;
    assert_eq!(checkpoints(&an_hour_of_folds(&ns, &objects, &clock).await), 1);
    assert_eq!(ns.stats().folded_commit, commit);
    ns.forget_usage_before(i64::MAX);
    assert_eq!(checkpoints(&an_hour_of_folds(&ns, &objects, &clock).await), 1);
    ns.close().await;

    // The next owner knows of no try.
    let ns = open(2).await;
    fold_until_given_up(&ns).await;
    assert_eq!(an_hour_of_folds(&ns, &objects, &clock).await, none);
    mend(&objects, taken).await;
    ns.fold().await.expect("fold");
    assert_eq!((ns.stats().set_aside, ns.stats().folded_commit), (0, ns.commit()));
    ns.close().await;
    let ns = open(3).await;
    assert_eq!((ns.stats().set_aside, ns.usage()), (0, Vec::new()));
    assert_eq!(all(&ns, DOCS).await, expected());
    assert_eq!(all(&ns, OTHER).await, [record(1, 0), record(2, 0)]);
    check_sums(&ns).await;
}

/// A store that does not answer is no table's fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_sets_nothing_aside() {
    use crate::support::faulty::{Faulty, Rates};
    let faulty = Arc::new(Faulty::new(memory(), 0, Rates::default()));
    let ns = open(&Store::over(faulty.clone(), 1 << 30), 1).await;
    fill(&ns).await;
    write(&ns).await;
    faulty.kill();
    for _ in 0..2 * ATTEMPTS {
        assert!(ns.fold().await.is_err());
    }
    assert_eq!(ns.stats().set_aside, 0);
}
