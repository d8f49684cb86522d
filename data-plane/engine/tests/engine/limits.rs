//! Every limit of a [`Config`] that a writer can reach: what is refused at it, and that work goes on below it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::slow::Slow;
use crate::support::*;
use agentdb_clock::{ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    Committed, Config, Environment, Idempotency, Namespace, Record, Schema, SoleOwner, Store, TimeError, UsageDelta,
    WriteError, WriteMeta,
};
use bytes::Bytes;
use object_store::ObjectStore;
use uuid::Uuid;

fn clock() -> ManualClock {
    ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"))
}

/// The namespace by `generation`, with its clock in the test's hand.
async fn open_at(
    objects: &Arc<dyn ObjectStore>,
    generation: u64,
    config: &Config,
    clock: &ManualClock,
) -> Arc<Namespace> {
    let entropy = Arc::new(SeededEntropy::new(generation));
    let environment = Environment { clock: Arc::new(clock.clone()), entropy, lease: Arc::new(SoleOwner) };
    let opened = Namespace::open(&store(objects), PREFIX, writer(generation), config.clone(), environment).await;
    opened.expect("opens")
}

/// A namespace with a collection, whose objects nobody else needs.
async fn namespace(config: &Config) -> Arc<Namespace> {
    let ns = open_at(&memory(), 1, config, &clock()).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns
}

async fn rows(ns: &Namespace) -> u64 {
    ns.count(DOCS, None).await.expect("count").value
}

fn idempotent(key: u8, hash: u8, answer: &[u8]) -> WriteMeta {
    let answer = Bytes::copy_from_slice(answer);
    let idempotency = Some(Idempotency { scope_key: [key; 32], request_hash: [hash; 32], answer });
    WriteMeta { idempotency, ..usage(1, 1) }
}

#[tokio::test]
async fn one_write_more_than_may_wait_gets_backpressure_and_the_others_are_done() {
    let faulty = Arc::new(Faulty::new(memory(), 0, Rates::default()));
    let config = Config { max_pending_writes: 4, ..config() };
    let store = Store::over(faulty.clone(), 1 << 30);
    let ns = Namespace::open(&store, PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let held = faulty.hold_puts().await;
    let mut first = Box::pin(ns.upsert(DOCS, vec![record(0, 0)], WriteMeta::default()));
    assert!(futures::poll!(&mut first).is_pending());
    faulty.put_held().await;
    let write = |i| Box::pin(ns.upsert(DOCS, vec![record(i, 0)], WriteMeta::default()));
    let mut waiting: Vec<_> = (1..5).map(write).collect();
    for write in &mut waiting {
        assert!(futures::poll!(write).is_pending());
    }
    assert!(matches!(write(5).await, Err(WriteError::Backpressure(_))));
    drop(held);
    first.await.expect("written");
    for written in futures::future::join_all(waiting).await {
        written.expect("written");
    }
    assert_eq!(rows(&ns).await, 5, "the refused one is not there");
    write(5).await.expect("written");
    assert_eq!(rows(&ns).await, 6);
}

#[tokio::test]
async fn a_full_memtable_gets_backpressure_until_a_fold() {
    let limit = 8_000;
    let ns = namespace(&Config { max_memtable_bytes: limit, ..config() }).await;
    let mut written = 0;
    let refused = loop {
        let before = ns.stats().memtable_bytes;
        match ns.upsert(DOCS, vec![record(written, 0)], usage(1, 1)).await {
            Ok(_) => assert!(before <= limit, "accepted at {before} bytes"),
            Err(refused) => {
                assert!(before > limit, "refused at {before} bytes");
                break refused;
            }
        }
        written += 1;
    };
    assert!(matches!(refused, WriteError::Backpressure(_)), "{refused}");
    assert!(written > 3, "{written}");
    assert_eq!((rows(&ns).await, ns.usage()[0].1), (written as u64, written as u64), "the refused one left nothing");
    // A delete takes memory too.
    let deleted = ns.delete(DOCS, vec![record(0, 0).id], WriteMeta::default()).await;
    assert!(matches!(deleted, Err(WriteError::Backpressure(_))));
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, vec![record(written, 0)], WriteMeta::default()).await.expect("written");
    assert_eq!(rows(&ns).await, written as u64 + 1);
}

/// Log entries behind the checkpoint.
fn tail(ns: &Namespace) -> u64 {
    let stats = ns.stats();
    stats.commit - stats.folded_commit
}

/// What is there already, asked for once more and counted: an entry without rows.
async fn count_one(ns: &Namespace) -> Result<Committed, WriteError> {
    ns.create_collection(DOCS, schema(), usage(1, 1)).await
}

#[tokio::test]
async fn at_most_so_many_entries_come_behind_the_checkpoint_and_writes_go_on_after_a_fold() {
    let limit = 60;
    let faulty = Arc::new(Faulty::new(memory(), 0, Rates::default()));
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let ns = open_at(&objects, 1, &Config { max_unfolded_entries: limit, ..config() }, &clock()).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![record(0, 0)], WriteMeta::default()).await.expect("written");
    faulty.refuse_puts_of(Some("/checkpoint/"));
    let mut counted = 0_u64;
    while tail(&ns) < limit - 5 {
        count_one(&ns).await.expect("written");
        counted += 1;
        if counted.is_multiple_of(20) {
            ns.fold().await.expect_err("no checkpoint");
        }
    }
    // Each snapshot has an entry of its own: more of them are in the queue than may be written.
    let names: Vec<String> = (0..12).map(|i| format!("s{i}")).collect();
    let made = names.iter().map(|name| ns.create_snapshot(name, None, WriteMeta::default()));
    let (made, refused): (Vec<_>, Vec<_>) = futures::future::join_all(made).await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len(), tail(&ns)), (5, 7, limit));
    let backpressure = |r: &Result<_, _>| matches!(r, Err(TimeError::Write(WriteError::Backpressure(_))));
    assert!(refused.iter().all(backpressure), "{refused:?}");
    for _ in 0..20 {
        assert!(matches!(count_one(&ns).await, Err(WriteError::Backpressure(_))));
    }
    let upserted = ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await;
    assert!(matches!(upserted, Err(WriteError::Backpressure(_))), "{upserted:?}");
    ns.fold().await.expect_err("no checkpoint");
    assert_eq!((tail(&ns), rows(&ns).await, ns.usage()[0].1), (limit, 1, counted), "reads go on");

    faulty.refuse_puts_of(None);
    ns.fold().await.expect("fold");
    assert_eq!(tail(&ns), 0);
    ns.upsert(DOCS, vec![record(1, 0)], usage(1, 1)).await.expect("written");
    assert_eq!((rows(&ns).await, ns.usage()[0].1, ns.snapshots().expect("serves").len()), (2, counted + 1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_tail_is_read_many_entries_at_a_time_and_can_always_be_taken_over() {
    let (limit, clock, objects) = (640, clock(), memory());
    let config = Config { max_unfolded_entries: limit, ..config() };
    let ns = open_at(&objects, 1, &config, &clock).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![record(0, 0)], WriteMeta::default()).await.expect("written");
    let mut counted = 0;
    let refused = loop {
        match count_one(&ns).await {
            Ok(_) => counted += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, WriteError::Backpressure(_)), "{refused}");
    assert_eq!(tail(&ns), limit);
    ns.close().await;

    let far: Arc<dyn ObjectStore> = Arc::new(Slow::new(Arc::clone(&objects), Duration::from_millis(50)));
    let ns = open_at(&far, 2, &config, &clock).await;
    let opening = ns.opening();
    assert!((limit..limit + 10).contains(&opening.gets), "{opening:?}");
    assert!(opening.round_trips <= opening.gets / 16, "{opening:?}");
    assert_eq!((tail(&ns), rows(&ns).await, ns.usage()[0].1), (limit + 1, 1, counted));
    assert!(matches!(count_one(&ns).await, Err(WriteError::Backpressure(_))));
    ns.close().await;

    let ns = open_at(&objects, 3, &config, &clock).await;
    assert_eq!(tail(&ns), limit + 2);
    ns.fold().await.expect("fold");
    count_one(&ns).await.expect("written");
    assert_eq!((tail(&ns), rows(&ns).await, ns.usage()[0].1), (1, 1, counted + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_the_entries_that_may_be_behind_the_checkpoint_call_for_a_fold() {
    let (limit, day) = (40, Duration::from_secs(24 * 3600));
    let config = Config { max_unfolded_entries: limit, background_fold: true, fold_interval: day, ..config() };
    let ns = namespace(&config).await;
    while tail(&ns) < limit / 2 - 1 {
        count_one(&ns).await.expect("written");
    }
    assert_eq!(ns.stats().folds, 0);
    let last = count_one(&ns).await.expect("written").commit;
    let folded = async {
        while ns.stats().folded_commit < last {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), folded).await.expect("it is folded");
}

/// Takes memory only as long as it is there, and room in the log for longer.
async fn short_lived(ns: &Namespace) -> Result<Committed, WriteError> {
    ns.create_collection("short-lived", schema(), WriteMeta::default()).await?;
    ns.upsert("short-lived", vec![sized(0, 2_000)], WriteMeta::default()).await?;
    ns.drop_collection("short-lived", WriteMeta::default()).await
}

#[tokio::test]
async fn rows_of_dropped_collections_count_as_long_as_the_log_behind_the_checkpoint_holds_them() {
    let limit = 20_000;
    let ns = namespace(&Config { max_memtable_bytes: limit, ..config() }).await;
    let mut done = 0;
    let refused = loop {
        match short_lived(&ns).await {
            Ok(_) => done += 1,
            Err(refused) => break refused,
        }
        assert!(done <= 10, "{done} of 2,000 bytes in {limit}");
    };
    assert!(matches!(refused, WriteError::Backpressure(_)), "{refused}");
    assert!(done >= 7 && ns.stats().memtable_bytes < limit / 4, "{done}; {:?}", ns.stats());
    ns.fold().await.expect("fold");
    short_lived(&ns).await.expect("done");
}

#[tokio::test]
async fn answers_are_bounded_and_expired_ones_make_room_without_a_fold() {
    let (clock, objects) = (clock(), memory());
    let config = Config { max_answer_bytes: 8_000, answer_retention: Duration::from_secs(3600), ..config() };
    let ns = open_at(&objects, 1, &config, &clock).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let answer = [b'a'; 1_000];
    let write = async |i: u8| ns.upsert(DOCS, vec![record(i.into(), 0)], idempotent(i, 0, &answer)).await;
    let mut kept = 0;
    let refused = loop {
        match write(kept).await {
            Ok(_) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, WriteError::Backpressure(_)), "{refused}");
    assert!((4..=8).contains(&kept), "{kept} answers of 1,000 bytes in 8,000");
    assert_eq!((rows(&ns).await, ns.stats().answers), (kept.into(), kept.into()));
    // Writes without a key go on, and what was answered is answered again.
    ns.upsert(DOCS, vec![record(0, 1)], WriteMeta::default()).await.expect("written");
    assert_eq!(write(0).await.expect("replayed").replayed.as_deref(), Some(answer.as_slice()));
    // A fold does not help: no answer is old enough to forget.
    ns.fold().await.expect("fold");
    assert!(matches!(write(kept).await, Err(WriteError::Backpressure(_))));
    clock.advance(config.answer_retention + Duration::from_secs(1));
    for i in kept..kept + 4 {
        assert_eq!(write(i).await.expect("written").replayed, None, "{i}");
    }
    assert_eq!(ns.stats().answers, 4, "the expired ones are gone");
}

#[tokio::test]
async fn an_answer_is_given_again_for_its_retention_and_not_longer() {
    let (clock, objects) = (clock(), memory());
    let retention = Duration::from_secs(3600);
    let config = Config { answer_retention: retention, ..config() };
    let ns = open_at(&objects, 1, &config, &clock).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let first = ns.upsert(DOCS, vec![record(1, 0)], idempotent(1, 1, b"one")).await.expect("written");
    clock.advance(retention);
    let again = ns.upsert(DOCS, vec![record(1, 0)], idempotent(1, 1, b"two")).await.expect("replayed");
    assert_eq!((again.commit, again.replayed.as_deref()), (first.commit, Some(b"one".as_slice())));
    let other = ns.upsert(DOCS, vec![record(1, 0)], idempotent(1, 2, b"two")).await;
    assert_eq!(other, Err(WriteError::IdempotencyConflict));
    ns.fold().await.expect("fold");
    ns.close().await;

    // The checkpoint holds it, yet the next owner opens too late.
    clock.advance(Duration::from_secs(1));
    let ns = open_at(&objects, 2, &config, &clock).await;
    assert_eq!(ns.answered(&[1; 32], &[1; 32]), Ok(None));
    let anew = ns.upsert(DOCS, vec![record(1, 0)], idempotent(1, 2, b"two")).await.expect("written");
    assert!(anew.commit > first.commit && anew.replayed.is_none());
    assert_eq!(ns.usage()[0].1, 2, "done and counted anew");
    clock.advance(retention + Duration::from_secs(1));
    assert_eq!(ns.answered(&[1; 32], &[2; 32]), Ok(None));
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().answers, 0);
}

#[tokio::test]
async fn one_collection_too_many_is_refused_until_one_is_dropped() {
    let ns = open_at(&memory(), 1, &Config { max_collections: 2, ..config() }, &clock()).await;
    let create = async |name: &str| ns.create_collection(name, schema(), WriteMeta::default()).await;
    create("one").await.expect("created");
    create("two").await.expect("created");
    assert_eq!(create("three").await, Err(WriteError::TooManyCollections { limit: 2 }));
    assert!(!create("two").await.expect("there already").created);
    ns.drop_collection("one", WriteMeta::default()).await.expect("dropped");
    assert!(create("three").await.expect("created").created);
    assert_eq!(create("one").await, Err(WriteError::TooManyCollections { limit: 2 }));
    let names: Vec<String> = ns.collections().expect("list").value.into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["three", "two"]);
}

/// A record of about `bytes`.
fn sized(i: usize, bytes: usize) -> Record {
    Record { text: Some("fox ".repeat(bytes / 4)), ..record(i, 0) }
}

#[tokio::test]
async fn a_write_larger_than_an_entry_is_refused_and_smaller_ones_are_spread_over_entries() {
    let limit = 20_000;
    let ns = namespace(&Config { max_entry_bytes: limit, ..config() }).await;
    let commit = ns.commit();
    match ns.upsert(DOCS, vec![sized(0, 9_000), sized(1, 9_000), sized(2, 9_000)], usage(1, 1)).await {
        Err(WriteError::TooLarge { bytes, limit: told }) => {
            assert!(bytes > 27_000 && told == limit, "{bytes} bytes, at most {told}");
        }
        other => panic!("{other:?}"),
    }
    let ids = (0..100).map(|i| format!("{i:0>300}")).collect();
    assert!(matches!(ns.delete(DOCS, ids, usage(1, 1)).await, Err(WriteError::TooLarge { .. })));
    let answer = [b'a'; (16 << 10) + 1];
    let refused = ns.upsert(DOCS, vec![record(0, 0)], idempotent(1, 1, &answer)).await;
    assert_eq!(refused, Err(WriteError::TooLarge { bytes: answer.len(), limit: answer.len() - 1 }));
    assert_eq!((ns.commit(), rows(&ns).await, ns.usage().len()), (commit, 0, 0), "nothing was done");

    let before = ns.stats().entries;
    let writes = (0..6).map(|i| ns.upsert(DOCS, vec![sized(i, 9_000)], WriteMeta::default()));
    for written in futures::future::join_all(writes).await {
        written.expect("written");
    }
    assert_eq!(rows(&ns).await, 6);
    assert!(ns.stats().entries - before >= 3, "at most two of 9,000 bytes fit in 20,000");
}

fn in_hour(hour: i64) -> WriteMeta {
    let delta = UsageDelta { key: Uuid::from_u128(1), meter: "write".to_owned(), hour, amount: 1 };
    WriteMeta { usage: vec![delta], ..WriteMeta::default() }
}

fn hours(ns: &Namespace) -> BTreeMap<i64, u64> {
    ns.usage().into_iter().map(|(key, amount)| (key.hour, amount)).collect()
}

#[tokio::test]
async fn forgotten_hours_are_gone_for_good_once_a_later_write_is_folded() {
    let (clock, objects, config) = (clock(), memory(), config());
    let ns = open_at(&objects, 1, &config, &clock).await;
    let plain = Schema { attributes: BTreeMap::default(), ..schema() };
    ns.create_collection(DOCS, plain, WriteMeta::default()).await.expect("created");
    let row = |i| Record { attributes: BTreeMap::default(), ..record(i, 0) };
    for hour in 10..14 {
        ns.upsert(DOCS, vec![row(1)], in_hour(hour)).await.expect("written");
    }
    ns.forget_usage_before(12);
    assert_eq!(hours(&ns), BTreeMap::from([(12, 1), (13, 1)]));
    ns.close().await;

    // Not folded, so the log brings them back, with what they were.
    let ns = open_at(&objects, 2, &config, &clock).await;
    assert_eq!(hours(&ns), BTreeMap::from([(10, 1), (11, 1), (12, 1), (13, 1)]));
    ns.fold().await.expect("fold");
    // Forgetting is enough of a change for a fold.
    ns.forget_usage_before(12);
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open_at(&objects, 3, &config, &clock).await;
    assert_eq!(hours(&ns), BTreeMap::from([(12, 1), (13, 1)]));
}
