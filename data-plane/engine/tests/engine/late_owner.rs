//! An owner that has lost the namespace and does not know it yet: what it does late harms nothing.

use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{Commit, Config, FeedError, Include, Moment, Namespace, Store, WriteMeta};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::support::faulty::{Faulty, Rates};
use crate::support::timeline::{gone, open_at, past_rows};
use crate::support::*;

const RETENTION: Duration = Duration::from_secs(60);

fn short() -> Config {
    Config { history: Duration::ZERO, retention: RETENTION, ..config() }
}

fn clock() -> ManualClock {
    ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"))
}

async fn owner(objects: &Arc<dyn ObjectStore>, generation: u64, clock: &ManualClock) -> Arc<Namespace> {
    open_at(&store(objects), PREFIX, generation, &short(), clock).await
}

async fn write(ns: &Namespace, i: usize) -> Commit {
    ns.upsert(DOCS, vec![record(i, 1)], WriteMeta::default()).await.expect("written").commit
}

/// Folds so that what is there now is trimmed.
async fn trim(ns: &Namespace, clock: &ManualClock, i: usize) {
    ns.fold().await.expect("fold");
    clock.advance(RETENTION * 2);
    write(ns, i).await;
    ns.fold().await.expect("fold");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_checkpoint_of_the_owner_before_takes_no_snapshot_away() {
    let (objects, clock) = (memory(), clock());
    let before = owner(&objects, 1, &clock).await;
    before.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let early = write(&before, 1).await;
    before.fold().await.expect("fold");
    let wanted = write(&before, 2).await;
    write(&before, 3).await;
    before.fold().await.expect("fold");
    clock.advance(RETENTION * 2);
    // Something to fold that changes no table.
    before.create_snapshot("other", None, WriteMeta::default()).await.expect("made");
    let after = owner(&objects, 2, &clock).await;
    // Its root does not keep what is before the last fold; it is not asked whether it is the owner still.
    before.fold().await.expect("the root moves");
    let (at, rows) = (after.at_commit(wanted).await.expect("kept"), after.at_commit(early).await.expect("kept"));
    let (at, rows) = (past_rows(&at).await, past_rows(&rows).await);
    after.create_snapshot("wanted", Some(&Moment::Commit(wanted)), WriteMeta::default()).await.expect("made");
    after.create_snapshot("early", Some(&Moment::Commit(early)), WriteMeta::default()).await.expect("made");
    drop(after);
    for generation in 3..6 {
        let ns = owner(&objects, generation, &clock).await;
        let names: Vec<String> = ns.snapshots().expect("serves").into_iter().map(|snapshot| snapshot.name).collect();
        assert_eq!(names, ["early", "other", "wanted"]);
        assert_eq!(past_rows(&ns.at_commit(wanted).await.expect("a snapshot keeps it")).await, at);
        assert_eq!(past_rows(&ns.at_commit(early).await.expect("a snapshot keeps it")).await, rows);
        // The first dies before it folds.
        if generation > 3 {
            trim(&ns, &clock, 10).await;
            assert_eq!(past_rows(&ns.at_commit(wanted).await.expect("a snapshot keeps it")).await, at);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_said_before_a_pause_proves_nothing_after_it() {
    let (objects, clock) = (memory(), clock());
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 1, Rates::default()));
    let handle = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, 1 << 30);
    let sleeper = open_at(&handle, PREFIX, 1, &short(), &clock).await;
    sleeper.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    write(&sleeper, 1).await;
    sleeper.fold().await.expect("fold");
    // So long that it asks for the root before it acknowledges; and it hears the answer very late.
    clock.advance(RETENTION);
    let held = faulty.hold_replies_of("").await;
    let (writing, asked) = (Arc::clone(&sleeper), faulty.reply_held());
    let first = tokio::spawn(async move { write(&writing, 2).await });
    asked.await;
    let next = owner(&objects, 2, &clock).await;
    let found = next.fetch(DOCS, &[record(2, 1).id], Include::ID).await.expect("fetch").value;
    assert!(found[0].is_some(), "the entry was there before the next owner came");
    for i in 3..9 {
        write(&next, i).await;
    }
    trim(&next, &clock, 9).await;
    drop(held);
    first.await.expect("it was the owner when it wrote");
    let lost = sleeper.upsert(DOCS, vec![record(20, 1)], WriteMeta::default()).await;
    assert!(lost.is_err(), "nobody will ever see it: {lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_in_the_place_of_a_trimmed_one_is_never_read() {
    let (objects, clock) = (memory(), clock());
    let ns = owner(&objects, 1, &clock).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    write(&ns, 1).await;
    ns.fold().await.expect("fold");
    let kept = write(&ns, 2).await;
    ns.create_snapshot("kept", Some(&Moment::Commit(kept)), WriteMeta::default()).await.expect("made");
    write(&ns, 3).await;
    let mut feed = ns.changes(kept, Include::ID).await.expect("there");
    let entry = |commit: Commit| Path::from(format!("{PREFIX}/log/{commit:020}"));
    let stale = objects.get(&entry(kept + 1)).await.expect("there").bytes().await.expect("read");
    trim(&ns, &clock, 4).await;
    assert!(objects.get(&entry(kept + 1)).await.is_err(), "it was trimmed");
    // As one does that slept, and finds the place free.
    objects.put(&entry(kept + 1), stale.into()).await.expect("written");
    let (asked, oldest, _) = gone(ns.at_commit(kept + 1).await);
    assert!(asked < oldest);
    ns.at_commit(kept).await.expect("the snapshot keeps it");
    assert!(matches!(feed.next().await, Err(FeedError::Gone { .. })));
    assert!(matches!(ns.changes(kept, Include::ID).await, Err(FeedError::Gone { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erase_that_sleeps_removes_nothing_of_what_the_next_owner_writes() {
    let (objects, clock) = (memory(), clock());
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 1, Rates::default()));
    let handle = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, 1 << 30);
    let dying = open_at(&handle, PREFIX, 1, &short(), &clock).await;
    dying.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    write(&dying, 1).await;
    // It leaves a version of the table that no checkpoint names.
    let held = faulty.hold_puts_of("/checkpoint/").await;
    let folding = Arc::clone(&dying);
    let fold = tokio::spawn(async move { folding.fold().await });
    faulty.put_held().await;
    faulty.kill();
    drop(held);
    fold.await.expect("no panic").expect_err("it is dead");
    drop(dying);

    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 1, Rates::default()));
    let handle = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, 1 << 30);
    let sleeper = open_at(&handle, PREFIX, 2, &short(), &clock).await;
    let held = faulty.hold_puts_of("/log/").await;
    let erasing = Arc::clone(&sleeper);
    let erase = tokio::spawn(async move { erasing.erase(DOCS, vec![record(1, 1).id], WriteMeta::default()).await });
    faulty.put_held().await;
    drop(held);
    // The entry is on its way; the next ones to be held are those that empty older ones.
    let held = faulty.hold_puts_of("/log/").await;
    faulty.put_held().await;
    let next = owner(&objects, 3, &clock).await;
    for i in 2..5 {
        write(&next, i).await;
    }
    next.fold().await.expect("fold");
    next.close().await;
    drop(held);
    erase.await.expect("no panic").expect_err("it is not the owner");
    let last = owner(&objects, 4, &clock).await;
    let found = last.scan(DOCS, None, None, 10, Include::ID).await.expect("scan").value.records;
    assert_eq!(found.len(), 3);
}
