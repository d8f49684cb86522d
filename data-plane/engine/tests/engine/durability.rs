//! What was acknowledged is there: at once, after a fold, after a restart, in any order of these.

use std::sync::Arc;

use crate::support::faulty::{Faulty, Rates};
use crate::support::*;
use agentdb_data_plane_engine::{
    FoldError, Idempotency, Include, Namespace, OpenError, ReadError, Schema, Store, WriteError, WriteMeta,
};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_read_back_at_once_after_a_fold_and_after_a_restart() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    let created = ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    assert!(created.created);
    let records: Vec<_> = (0..50).map(|i| record(i, 0)).collect();
    let written = ns.upsert(DOCS, records.clone(), usage(1, 7)).await.expect("written");
    assert!(written.commit > created.commit);
    let ids: Vec<String> = records.iter().map(|r| r.id.clone()).collect();
    let wanted: Vec<_> = records.iter().cloned().map(Some).collect();
    assert_eq!(ns.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value, wanted);

    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().folded_commit, written.commit);
    assert_eq!(ns.stats().memtable_rows, 0);
    assert_eq!(ns.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value, wanted);

    // Some replaced, some deleted, on top of the fold.
    ns.upsert(DOCS, vec![record(3, 1)], usage(1, 1)).await.expect("written");
    let deleted = ns.delete(DOCS, vec![ids[4].clone(), ids[5].clone(), "nobody".to_owned()], usage(1, 1)).await;
    assert_eq!(deleted.expect("deleted").deleted, 2);
    let mut wanted = wanted;
    wanted[3] = Some(record(3, 1));
    (wanted[4], wanted[5]) = (None, None);
    let live: u64 = wanted.iter().flatten().map(agentdb_data_plane_engine::Record::logical_bytes).sum();
    for step in 0..4 {
        let ns = if step == 0 { ns.clone() } else { open(&store(&objects), 1 + step).await };
        assert_eq!(ns.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value, wanted, "step {step}");
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, 48, "step {step}");
        assert_eq!(ns.logical_bytes(), live, "step {step}");
        assert_eq!(ns.usage().iter().map(|(_, n)| *n).sum::<u64>(), 9, "step {step}");
        if step == 2 {
            ns.fold().await.expect("fold");
        }
        ns.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotent_write_is_done_once_whatever_happens_between() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let meta = |hash: u8| WriteMeta {
        idempotency: Some(Idempotency {
            scope_key: [7; 32],
            request_hash: [hash; 32],
            answer: Bytes::from_static(b"the answer"),
        }),
        ..usage(1, 3)
    };
    let first = ns.upsert(DOCS, vec![record(1, 0)], meta(1)).await.expect("written");
    assert_eq!(first.replayed, None);
    ns.delete(DOCS, vec![record(1, 0).id], WriteMeta::default()).await.expect("deleted");
    for step in 0..4_u64 {
        let ns = if step == 0 { ns.clone() } else { open(&store(&objects), 1 + step).await };
        let again = ns.upsert(DOCS, vec![record(1, 0)], meta(1)).await.expect("replayed");
        assert_eq!((again.commit, again.replayed.as_deref()), (first.commit, Some(b"the answer".as_slice())));
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, 0, "the replay wrote nothing");
        let other = ns.upsert(DOCS, vec![record(2, 0)], meta(2)).await;
        assert_eq!(other, Err(WriteError::IdempotencyConflict));
        assert_eq!(ns.usage()[0].1, 3);
        if step == 1 {
            ns.fold().await.expect("fold");
        }
        ns.close().await;
    }
}

/// Writes that come while an entry is on its way to the store all go into the next one.
#[tokio::test(flavor = "multi_thread")]
async fn writes_that_wait_for_the_store_share_one_entry_and_are_all_there() {
    let faulty = Arc::new(Faulty::new(memory(), 0, Rates::default()));
    let ns = open(&Store::over(faulty.clone(), 1 << 30), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let before = ns.stats();
    let held = faulty.hold_puts().await;
    let mut first = Box::pin(ns.upsert(DOCS, vec![record(0, 0)], usage(1, 1)));
    assert!(futures::poll!(&mut first).is_pending());
    faulty.put_held().await;
    // One look at each: it is in the queue and waits for its answer.
    let mut waiting: Vec<_> = (1..65).map(|i| Box::pin(ns.upsert(DOCS, vec![record(i, 0)], usage(1, 1)))).collect();
    for write in &mut waiting {
        assert!(futures::poll!(write).is_pending(), "acknowledged before its entry is in the store");
    }
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 0, "visible before its entry is in the store");
    drop(held);
    let first = first.await.expect("written").commit;
    for written in futures::future::join_all(waiting).await {
        assert_eq!(written.expect("written").commit, first + 1);
    }
    let after = ns.stats();
    assert_eq!(after.writes - before.writes, 65);
    assert_eq!(after.entries - before.entries, 2);
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 65);
    assert_eq!(ns.usage()[0].1, 65);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_lost_the_namespace_is_fenced_and_its_rows_are_not_there() {
    let objects = memory();
    let old = open(&store(&objects), 1).await;
    old.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    old.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    let new = open(&store(&objects), 2).await;
    assert_eq!(old.upsert(DOCS, vec![record(2, 0)], WriteMeta::default()).await, Err(WriteError::Fenced));
    assert!(old.is_fenced());
    assert_eq!(old.count(DOCS, None).await, Err(ReadError::Fenced));
    assert_eq!(new.count(DOCS, None).await.expect("count").value, 1);
    // A lower generation cannot even open.
    let refused = Namespace::open(&store(&objects), PREFIX, writer(1), config(), environment(9)).await;
    assert!(matches!(refused, Err(OpenError::Fenced { theirs: 2, ours: 1 })));
}

/// Two owners: the old one has twenty rows that are not folded, the new one has changed two of them.
async fn old_and_new(objects: &Arc<dyn ObjectStore>) -> (Arc<Namespace>, Arc<Namespace>) {
    let old = open(&store(objects), 1).await;
    old.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    old.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    let new = open(&store(objects), 2).await;
    new.upsert(DOCS, vec![record(3, 5)], WriteMeta::default()).await.expect("written");
    new.delete(DOCS, vec![record(4, 0).id], WriteMeta::default()).await.expect("deleted");
    (old, new)
}

/// One more write of the new owner, a fold, and a third owner who must find all that the new one wrote.
async fn the_new_owners_rows_are_there(objects: &Arc<dyn ObjectStore>, new: &Namespace) {
    new.upsert(DOCS, vec![record(5, 6)], WriteMeta::default()).await.expect("written");
    new.fold().await.expect("fold");
    new.close().await;
    let third = open(&store(objects), 3).await;
    let ids = [3, 4, 5].map(|i| record(i, 0).id);
    let found = third.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value;
    assert_eq!(found, [Some(record(3, 5)), None, Some(record(5, 6))]);
    assert_eq!(third.count(DOCS, None).await.expect("count").value, 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_owner_that_folds_before_the_new_one_does_no_harm() {
    let objects = memory();
    let (old, new) = old_and_new(&objects).await;
    // Its tables and checkpoint hold less than the new owner's log, which builds on them.
    old.fold().await.expect("the new owner has not folded");
    assert_eq!((old.stats().folds, old.stats().memtable_rows), (1, 0));
    new.fold().await.expect("fold");
    the_new_owners_rows_are_there(&objects, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_owner_that_folds_after_the_new_one_is_fenced() {
    let objects = memory();
    let (old, new) = old_and_new(&objects).await;
    new.fold().await.expect("fold");
    assert!(old.stats().memtable_rows > 0, "the old owner has something to fold");
    assert!(matches!(old.fold().await, Err(FoldError::Fenced)));
    assert!(old.is_fenced());
    the_new_owners_rows_are_there(&objects, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_created_once_and_dropped_with_their_rows() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    let plain = Schema { attributes: schema().attributes, ..Schema::default() };
    let first = ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let again = ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("same");
    assert_eq!((again.created, again.commit), (false, first.commit));
    assert_eq!(ns.create_collection(DOCS, plain, WriteMeta::default()).await, Err(WriteError::SchemaConflict));
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    assert_eq!(ns.drop_collection(DOCS, WriteMeta::default()).await, Err(WriteError::NoSuchCollection));
    assert_eq!(ns.count(DOCS, None).await, Err(ReadError::NoSuchCollection));
    assert!(ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created").created);
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 0, "the new one does not have the old rows");
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open(&store(&objects), 2).await;
    assert_eq!(ns.count(DOCS, None).await.expect("count").value, 0);
    assert_eq!(ns.collections().expect("list").value.len(), 1);
}

/// The place of the lost entry is free, so the takeover of whoever opens the namespace comes into it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_entry_right_behind_the_checkpoint_is_noticed_by_every_opening() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.fold().await.expect("fold");
    let lost = ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written").commit;
    assert_eq!(lost, ns.stats().folded_commit + 1);
    ns.upsert(DOCS, vec![record(2, 0)], WriteMeta::default()).await.expect("written");
    ns.close().await;
    objects.delete(&Path::from(format!("{PREFIX}/log/{lost:020}"))).await.expect("deleted");
    for generation in [1, 2, 2, 3] {
        let environment = environment(generation);
        let opened = Namespace::open(&store(&objects), PREFIX, writer(generation), config(), environment).await;
        assert!(matches!(opened, Err(OpenError::Corrupt(_))), "generation {generation}: {opened:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn takeovers_alone_are_folded_when_there_are_many() {
    let objects = memory();
    for generation in 1..70 {
        open(&store(&objects), generation).await.close().await;
    }
    let ns = open(&store(&objects), 70).await;
    assert_eq!((ns.commit(), ns.stats().folded_commit), (70, 0));
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().folded_commit, 70);
    ns.close().await;
    let ns = open(&store(&objects), 71).await;
    ns.fold().await.expect("fold");
    assert_eq!((ns.commit(), ns.stats().folded_commit), (71, 70), "one alone is not");
}
