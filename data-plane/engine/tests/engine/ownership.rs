//! Who may answer: nothing is answered without the lease, and what is handed over is handed over whole.

use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::lease::TimedLease;
use crate::support::*;
use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{
    Environment, FoldError, Include, Mode, Namespace, Query, ReadError, Store, WriteError, WriteMeta,
};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

const VALIDITY: Duration = Duration::from_secs(10);

struct Leased {
    ns: Arc<Namespace>,
    clock: ManualClock,
    lease: Arc<TimedLease>,
    faulty: Arc<Faulty>,
}

/// An owner by `generation` with a lease of ten seconds, and `memory_bytes` for folded rows.
async fn leased(objects: &Arc<dyn ObjectStore>, generation: u64, memory_bytes: usize) -> Leased {
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let lease = TimedLease::new(&clock, VALIDITY);
    let environment = Environment { clock: Arc::new(clock.clone()), lease: lease.clone(), ..environment(generation) };
    let faulty = Arc::new(Faulty::new(Arc::clone(objects), 0, Rates::default()));
    let store = Store::over(faulty.clone(), memory_bytes);
    let opened = Namespace::open(&store, PREFIX, writer(generation), config(), environment).await;
    Leased { ns: opened.expect("opens"), clock, lease, faulty }
}

fn ids(rows: std::ops::Range<usize>) -> Vec<String> {
    rows.map(|i| record(i, 0).id).collect()
}

fn nearest() -> Query {
    let vector = record(1, 0).vector().expect("a vector").to_vec();
    Query { include: Include::ALL, ..Query::new(Mode::Vector { vector }, 3) }
}

#[tokio::test]
async fn nothing_is_answered_without_the_lease_and_nothing_is_begun() {
    let objects = memory();
    let Leased { ns, clock, lease, .. } = leased(&objects, 1, 1 << 30).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    clock.advance(VALIDITY);
    let entries = ns.stats().entries;
    assert_eq!(ns.fetch(DOCS, &ids(1..2), Include::ALL).await, Err(ReadError::NoLease));
    assert_eq!(ns.count(DOCS, None).await, Err(ReadError::NoLease));
    assert_eq!(ns.scan(DOCS, None, None, 10, Include::ALL).await, Err(ReadError::NoLease));
    assert_eq!(ns.query(DOCS, nearest()).await, Err(ReadError::NoLease));
    assert_eq!(ns.collections(), Err(ReadError::NoLease));
    assert_eq!(ns.collection(DOCS), Err(ReadError::NoLease));
    for collection in [DOCS, "none"] {
        assert_eq!(ns.current_schema(collection), Err(ReadError::NoLease), "{collection}: a successor may have it");
    }
    assert_eq!(ns.answered(&[1; 32], &[1; 32]), Err(WriteError::NoLease));
    assert_eq!(ns.upsert(DOCS, vec![record(2, 0)], usage(1, 1)).await, Err(WriteError::NoLease));
    assert_eq!(ns.delete(DOCS, ids(1..2), usage(1, 1)).await, Err(WriteError::NoLease));
    assert_eq!(ns.drop_collection(DOCS, usage(1, 1)).await, Err(WriteError::NoLease));
    assert_eq!(ns.stats().entries, entries, "a refused write was begun");
    // It was only late: the same handle goes on.
    lease.renew(VALIDITY);
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 1);
    assert_eq!(ns.current_schema(DOCS).expect("the lease").as_deref(), Some(&schema()));
    assert_eq!(ns.current_schema("none"), Ok(None));
    assert!(ns.usage().is_empty());
}

#[tokio::test]
async fn a_read_that_is_under_way_when_the_lease_runs_out_is_not_answered() {
    let objects = memory();
    let before = open(&store(&objects), 1).await;
    before.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    before.upsert(DOCS, (0..50).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    before.drain().await.expect("handed over");
    // Without memory for folded rows each read goes to the store, so that it can be stopped in the middle.
    let Leased { ns, clock, lease, .. } = leased(&objects, 2, 0).await;
    ns.count(DOCS, None).await.expect("count");
    for round in 0..2 {
        let wanted = ids(0..50);
        let mut fetch = Box::pin(ns.fetch(DOCS, &wanted, Include::ALL));
        let mut query = Box::pin(ns.query(DOCS, nearest()));
        assert!(futures::poll!(&mut fetch).is_pending() && futures::poll!(&mut query).is_pending());
        if round == 0 {
            clock.advance(VALIDITY);
            assert_eq!(fetch.await, Err(ReadError::NoLease));
            assert_eq!(query.await, Err(ReadError::NoLease));
            lease.renew(VALIDITY);
        } else {
            assert!(fetch.await.expect("fetch").value.iter().all(Option::is_some));
            assert_eq!(query.await.expect("query").value.len(), 3);
        }
    }
}

#[tokio::test]
async fn a_write_whose_lease_runs_out_on_the_way_is_not_acknowledged() {
    let objects = memory();
    let Leased { ns, clock, lease, faulty } = leased(&objects, 1, 1 << 30).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let held = faulty.hold_puts().await;
    let mut write = Box::pin(ns.upsert(DOCS, vec![record(1, 0)], usage(1, 1)));
    assert!(futures::poll!(&mut write).is_pending());
    faulty.put_held().await;
    clock.advance(VALIDITY);
    drop(held);
    assert!(matches!(write.await, Err(WriteError::Unavailable(_))), "done or not, nobody may be told that it is");
    // In fact it is in the log, and whoever comes next has it.
    lease.renew(VALIDITY);
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 1);
    ns.close().await;
    assert_eq!(open(&store(&objects), 2).await.count(DOCS, None).await.expect("count").value, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_has_no_tail_and_holds_every_write_that_was_queued() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let ns = open(&Store::over(faulty.clone(), 1 << 30), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let held = faulty.hold_puts().await;
    let mut first = Box::pin(ns.upsert(DOCS, vec![record(0, 0)], usage(1, 1)));
    assert!(futures::poll!(&mut first).is_pending());
    faulty.put_held().await;
    let mut queued: Vec<_> = (1..20).map(|i| Box::pin(ns.upsert(DOCS, vec![record(i, 0)], usage(1, 1)))).collect();
    for write in &mut queued {
        assert!(futures::poll!(write).is_pending());
    }
    let mut drained = Box::pin(ns.drain());
    assert!(futures::poll!(&mut drained).is_pending());
    drop(held);
    let (handed_over, first, queued) = futures::join!(drained, first, futures::future::join_all(queued));
    handed_over.expect("handed over");
    let last = queued.into_iter().chain([first]).map(|done| done.expect("queued before the hand-over").commit).max();

    let late = ns.upsert(DOCS, vec![record(30, 0)], usage(1, 1)).await;
    assert_eq!(late, Err(WriteError::Closed));
    assert_eq!(ns.count(DOCS, None).await, Err(ReadError::Closed));
    let next = open(&store(&objects), 2).await;
    let stats = next.stats();
    assert_eq!((stats.memtable_rows, Some(stats.folded_commit)), (0, last), "the tail is empty");
    assert_eq!(next.count(DOCS, None).await.expect("count").value, 20);
    assert_eq!(next.usage()[0].1, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_that_cannot_fold_loses_nothing() {
    let objects = memory();
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let ns = open(&Store::over(faulty.clone(), 1 << 30), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![record(0, 0)], usage(1, 1)).await.expect("written");
    faulty.kill();
    assert!(matches!(ns.drain().await, Err(FoldError::Unavailable(_))));
    assert_eq!(ns.upsert(DOCS, vec![record(1, 0)], usage(1, 1)).await, Err(WriteError::Closed));
    let next = open(&store(&objects), 2).await;
    assert_eq!(next.count(DOCS, None).await.expect("count").value, 1);
}

/// What a fold of `from` wrote to the tables arrives in `to`, where it finds no place taken.
async fn arrives_late(from: &InMemory, to: &InMemory) {
    let tables = Path::from(format!("{PREFIX}/tables"));
    let files: Vec<_> = from.list(Some(&tables)).try_collect().await.expect("a list");
    for file in files {
        let bytes = from.get(&file.location).await.expect("a file").bytes().await.expect("its bytes");
        // Refused where the successor was before.
        drop(to.put_opts(&file.location, bytes.into(), PutOptions::from(PutMode::Create)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_fold_of_the_owner_before_brings_nothing_deleted_back() {
    for folded_before in [false, true] {
        let disk = Arc::new(InMemory::new());
        let objects: Arc<dyn ObjectStore> = disk.clone();
        let old = open(&store(&objects), 1).await;
        old.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        if folded_before {
            old.upsert(DOCS, vec![record(0, 0)], WriteMeta::default()).await.expect("written");
            old.fold().await.expect("fold");
        }
        old.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
        // It folds, and what it sends to the store takes very long.
        let sent = Arc::new(disk.fork());
        let folding = open(&store(&(sent.clone() as Arc<dyn ObjectStore>)), 1).await;
        folding.fold().await.expect("fold");

        let new = open(&store(&objects), 2).await;
        new.delete(DOCS, ids(1..2), WriteMeta::default()).await.expect("deleted");
        new.fold().await.expect("fold");
        arrives_late(&sent, &disk).await;
        new.upsert(DOCS, vec![record(2, 0)], WriteMeta::default()).await.expect("written");
        new.fold().await.expect("fold");
        new.close().await;
        let last = open(&store(&objects), 3).await;
        let found = last.fetch(DOCS, &ids(1..3), Include::ALL).await.expect("fetch").value;
        assert_eq!(found, [None, Some(record(2, 0))], "folded before: {folded_before}");
        assert_eq!(last.count(DOCS, None).await.expect("count").value, 1 + u64::from(folded_before));
    }
}
