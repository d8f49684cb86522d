//! The change feed: every commit once, in order, from wherever a reader left off.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{Clock, ManualClock};
use agentdb_data_plane_engine::{
    Change, Changes, Config, Environment, Feed, FeedError, Include, Namespace, ReadError, Record, WriteMeta,
};
use object_store::ObjectStore;

use crate::support::*;

type Rows = BTreeMap<(String, String), Record>;

/// Delivers everything up to the commit.
async fn until(feed: &mut Feed, commit: u64) -> Vec<Changes> {
    let mut all = Vec::new();
    while all.last().is_none_or(|c: &Changes| c.commit < commit) {
        all.push(feed.next().await.expect("changes"));
    }
    all
}

/// What a reader holds who does as the feed says.
fn follow(rows: &mut Rows, changes: &[Changes]) {
    for change in changes.iter().flat_map(|c| &c.changes) {
        match change {
            Change::Created { .. } => {}
            Change::Dropped { collection } => rows.retain(|(name, _), _| **name != **collection),
            Change::Upserted { collection, record } => {
                rows.insert((collection.to_string(), record.id.clone()), record.clone());
            }
            Change::Deleted { collection, id } => {
                rows.remove(&(collection.to_string(), id.to_string()));
            }
            Change::Rewound { to } => panic!("nobody went back to {to}"),
        }
    }
}

async fn scanned(ns: &Namespace) -> Rows {
    let mut rows = Rows::new();
    for collection in ns.collections().expect("collections").value {
        let page = ns.scan(&collection.name, None, None, 1000, Include::ALL).await.expect("scan").value;
        rows.extend(page.records.into_iter().map(|record| ((collection.name.clone(), record.id.clone()), record)));
    }
    rows
}

/// Writes of all kinds over two owners, with folds between them; gives the commits that changed something.
async fn story(objects: &Arc<dyn ObjectStore>) -> (Arc<Namespace>, Vec<u64>) {
    let mut commits = Vec::new();
    let mut ns = open(&store(objects), 1).await;
    for round in 0..3_usize {
        let mut done = Vec::new();
        if round == 0 {
            done.push(ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created").commit);
        }
        done.push(ns.create_collection("other", schema(), usage(1, 1)).await.expect("created").commit);
        let records = |from: usize, to: usize| (from..to).map(|i| record(i, round)).collect::<Vec<_>>();
        done.push(ns.upsert(DOCS, records(0, 8), WriteMeta::default()).await.expect("written").commit);
        ns.fold().await.expect("fold");
        done.push(ns.upsert("other", records(2, 5), WriteMeta::default()).await.expect("written").commit);
        done.push(ns.delete(DOCS, vec![record(round, 0).id], WriteMeta::default()).await.expect("deleted").commit);
        done.push(ns.drop_collection("other", WriteMeta::default()).await.expect("dropped").commit);
        commits.extend(done);
        if round == 1 {
            ns.close().await;
            ns = open(&store(objects), 2).await;
        }
    }
    (ns, commits)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_resumes_anywhere_holds_what_a_scan_finds() {
    let objects = memory();
    let (ns, commits) = story(&objects).await;
    let newest = *commits.last().expect("commits");
    let all = until(&mut ns.changes(0, Include::ALL).await.expect("feed"), newest).await;
    let delivered: Vec<u64> = all.iter().map(|c| c.commit).collect();
    assert_eq!(delivered, commits, "each commit that changed something, once, in order");
    let truth = scanned(&ns).await;
    assert_eq!(truth.len(), 7);
    for resumed in 0..=newest {
        let (before, after): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|c| c.commit <= resumed);
        let mut rows = Rows::new();
        follow(&mut rows, &before);
        if !after.is_empty() {
            let mut feed = ns.changes(resumed, Include::ALL).await.expect("feed");
            let again = until(&mut feed, newest).await;
            assert_eq!(again, after, "resumed after {resumed}");
            assert_eq!(feed.delivered(), newest);
            follow(&mut rows, &again);
        }
        assert_eq!(rows, truth, "resumed after {resumed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reader_is_given_the_next_commit_and_only_the_columns_asked_for() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut feed = ns.changes(ns.commit(), Include::ID).await.expect("feed");
    let mut waiting = Box::pin(feed.next());
    assert!(futures::poll!(&mut waiting).is_pending(), "nothing has happened yet");
    let commit = ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written").commit;
    let changes = waiting.await.expect("changes");
    assert_eq!(changes.commit, commit);
    let bare = Record { id: record(1, 0).id, ..Record::default() };
    assert_eq!(changes.changes, [Change::Upserted { collection: DOCS.into(), record: bare }]);
    // Dropping a wait loses nothing.
    drop(Box::pin(feed.next()));
    ns.delete(DOCS, vec![record(1, 0).id], WriteMeta::default()).await.expect("deleted");
    let changes = feed.next().await.expect("changes");
    assert_eq!(changes.changes, [Change::Deleted { collection: DOCS.into(), id: record(1, 0).id.into() }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_with_its_owner() {
    let objects = memory();
    let old = open(&store(&objects), 1).await;
    old.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let ahead = old.changes(99, Include::ALL).await;
    assert!(matches!(ahead, Err(FeedError::Ahead { after: 99, newest: 2 })), "{ahead:?}");
    let mut feed = old.changes(old.commit(), Include::ALL).await.expect("feed");
    let mut waiting = Box::pin(feed.next());
    assert!(futures::poll!(&mut waiting).is_pending());
    let new = open(&store(&objects), 2).await;
    assert!(old.upsert(DOCS, vec![record(2, 0)], WriteMeta::default()).await.is_err());
    assert!(matches!(waiting.await, Err(FeedError::Stopped(ReadError::Fenced))));
    new.upsert(DOCS, vec![record(3, 0)], WriteMeta::default()).await.expect("written");
    // Its place goes on at the new owner, without what the old one did not get done.
    let mut feed = new.changes(feed.delivered(), Include::ALL).await.expect("feed");
    let wanted = Change::Upserted { collection: DOCS.into(), record: record(3, 0) };
    assert_eq!(feed.next().await.expect("changes").changes, [wanted]);
    new.close().await;
    assert!(matches!(feed.next().await, Err(FeedError::Stopped(ReadError::Closed))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_when_its_namespace_is_dropped() {
    let ns = open(&store(&memory()), 1).await;
    let mut feed = ns.changes(ns.commit(), Include::ALL).await.expect("feed");
    let mut waiting = Box::pin(feed.next());
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(ns);
    let ended = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it waits for nobody");
    assert!(matches!(ended, Err(FeedError::Stopped(ReadError::Closed))), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_slower_than_the_history_is_cut_off_and_told() {
    let objects = memory();
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let environment = Environment { clock: Arc::new(clock.clone()) as Arc<dyn Clock>, ..environment(1) };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), config(), environment).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut slow = ns.changes(0, Include::ALL).await.expect("feed");
    assert_eq!(slow.next().await.expect("changes").commit, 2);
    // More than what is kept in memory for followers.
    let long = |i: usize| Record { text: Some("x".repeat(1 << 19)), metadata: Some(noise(i)), ..record(i, 0) };
    for i in 0..30 {
        ns.upsert(DOCS, vec![long(i)], WriteMeta::default()).await.expect("written");
    }
    for _ in 0..4 {
        clock.advance(Config::default().retention * 400);
        ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
    }
    assert!(matches!(slow.next().await, Err(FeedError::Gone { after: 2 })));
    assert!(matches!(ns.changes(2, Include::ALL).await, Err(FeedError::Gone { after: 2 })));
    assert!(ns.changes(ns.commit(), Include::ALL).await.is_ok());
}

/// Metadata that does not compress.
fn noise(seed: usize) -> serde_json::Value {
    use rand::{RngExt, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed as u64);
    (0..200_000).map(|_| char::from(random.random_range(b' '..b'~'))).collect::<String>().into()
}
