//! Every commit of the history can be read as it was; what is older is gone, but for snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::timeline::*;
use crate::support::*;
use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{
    Config, Environment, Filter, Include, Mode, Moment, Namespace, Query, Record, Store, TimeError, WriteError,
    WriteMeta,
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_reads_as_it_was() {
    for seed in 0..4 {
        let mut line = Timeline::new(seed, config()).await;
        for _ in 0..60 {
            line.step().await;
        }
        line.check_now("now").await;
        line.check_past(0, &format!("seed {seed}")).await;
        line.reopen().await;
        line.check_past(0, &format!("seed {seed}, opened again")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_read_answers_at_an_older_commit() {
    let mut line = Timeline::new(7, config()).await;
    let ns = &line.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..40).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    let then = ns.upsert(DOCS, (10..20).map(|i| record(i, 1)).collect(), WriteMeta::default()).await.expect("written");
    let ask = || Query::new(Mode::Vector { vector: vec![0.1, 0.5, -0.3, 0.2] }, 12);
    let text = || Query::new(Mode::Text { text: "query planner".to_owned() }, 12);
    let filter = || Some(Filter::parse("page > 10", &[], &schema()).expect("a filter"));
    let near = ns.query(DOCS, ask()).await.expect("query").value;
    let found = ns.query(DOCS, text()).await.expect("query").value;
    let many = ns.count(DOCS, filter()).await.expect("count").value;
    ns.upsert(DOCS, (0..40).map(|i| record(i, 2)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    ns.fold().await.expect("fold");
    line.reopen().await;
    let past = line.ns.at_commit(then.commit).await.expect("it is in the history");
    assert_eq!(past.query(DOCS, ask()).await.expect("query").value, near);
    assert_eq!(past.query(DOCS, text()).await.expect("query").value, found);
    let counted = past.count(DOCS, filter()).await.expect("count");
    assert_eq!((counted.value, counted.commit), (many, then.commit));
    let ids = [record(15, 0).id, "none".to_owned()];
    let fetched = past.fetch(DOCS, &ids, Include::ALL).await.expect("fetch").value;
    assert_eq!(fetched, [Some(record(15, 1)), None]);
    assert_eq!(past.collection(DOCS).expect("serves").value.map(|info| info.rows), Some(40));
    assert!(line.ns.collection(DOCS).expect("serves").value.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_outside_the_history_are_refused_by_number() {
    let config = Config { history: 60 * MINUTE, ..config() };
    let mut line = Timeline::new(1, config).await;
    for _ in 0..30 {
        line.step().await;
    }
    let kept = line.ns.create_collection("early", schema(), WriteMeta::default()).await.expect("created").commit;
    line.now.insert("early".to_owned(), BTreeMap::new());
    line.note(kept);
    line.ns.fold().await.expect("fold");
    line.clock.advance(61 * MINUTE);
    line.ns.create_collection("late", schema(), WriteMeta::default()).await.expect("created");
    line.now.insert("late".to_owned(), BTreeMap::new());
    line.note(line.ns.commit());
    line.ns.fold().await.expect("fold");
    let newest = line.ns.commit();
    assert_eq!(gone(line.ns.at_commit(kept - 1).await), (kept - 1, kept, newest));
    line.check_past(kept, "the rest").await;
    let early = line.ns.at_commit(newest + 1).await;
    assert_eq!(early.expect_err("not there"), TimeError::NotReached { asked: newest + 1, newest });
    line.reopen().await;
    assert_eq!(gone(line.ns.at_commit(kept - 1).await), (kept - 1, kept, newest + 1));
    // A shorter history is trimmed at the next fold; a longer one does not bring anything back.
    line.ns.set_history(Duration::ZERO);
    line.clock.advance(11 * MINUTE);
    line.ns.drop_collection("late", WriteMeta::default()).await.expect("dropped");
    line.ns.fold().await.expect("fold");
    line.ns.set_history(1_000 * MINUTE);
    assert_eq!(gone(line.ns.at_commit(kept).await), (kept, newest, line.ns.commit()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_names_the_newest_commit_at_or_before_it() {
    let mut line = Timeline::new(2, config()).await;
    let mut times = Vec::new();
    for _ in 0..40 {
        line.step().await;
        // Steps move the clock on after their write.
        times.push((chrono::DateTime::from_timestamp_millis(now_ms(&line)).expect("a time"), line.ns.commit()));
    }
    for (time, commit) in &times {
        let at = *time - chrono::Duration::milliseconds(1);
        assert_eq!(line.ns.commit_at(at).await.expect("in the history"), *commit, "{time}");
    }
    line.reopen().await;
    let (time, commit) = times[20];
    assert_eq!(line.ns.commit_of(&Moment::Time(time - chrono::Duration::milliseconds(1))).await, Ok(commit));
    line.ns.set_history(Duration::ZERO);
    line.clock.advance(60 * MINUTE);
    line.ns.create_collection("late", schema(), WriteMeta::default()).await.expect("created");
    line.ns.fold().await.expect("fold");
    line.clock.advance(60 * MINUTE);
    line.ns.drop_collection("late", WriteMeta::default()).await.expect("dropped");
    line.ns.fold().await.expect("fold");
    let early = line.ns.commit_at(times[0].0).await;
    assert!(matches!(early, Err(TimeError::TooEarly { .. })), "{early:?}");
}

fn now_ms(line: &Timeline) -> i64 {
    use agentdb_clock::Clock;
    line.clock.now().timestamp_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_stays_readable_until_it_is_deleted() {
    let config = Config { history: Duration::ZERO, ..config() };
    let mut line = Timeline::new(3, config).await;
    for _ in 0..20 {
        line.step().await;
    }
    line.ns.fold().await.expect("fold");
    for _ in 0..5 {
        line.step().await;
    }
    let middle = line.ns.commit();
    for _ in 0..20 {
        line.step().await;
    }
    let ns = line.ns.clone();
    let snapshot = |name: &'static str, moment: Option<Moment>| {
        let ns = ns.clone();
        async move { ns.create_snapshot(name, moment.as_ref(), WriteMeta::default()).await }
    };
    snapshot("middle", Some(Moment::Commit(middle))).await.expect("made");
    let done = snapshot("today", None).await.expect("made");
    line.note(done.commit);
    let twice = snapshot("today", None).await;
    assert!(matches!(twice, Err(TimeError::Write(WriteError::BadRequest { field: "snapshot", .. }))), "{twice:?}");
    for round in 0..4 {
        line.clock.advance(60 * MINUTE);
        for _ in 0..15 {
            line.step().await;
        }
        line.ns.fold().await.expect("fold");
        if round == 2 {
            line.reopen().await;
        }
    }
    assert_eq!(gone(line.ns.at_commit(1).await).0, 1);
    let names: Vec<_> = line.ns.snapshots().expect("serves").into_iter().map(|s| (s.name, s.commit)).collect();
    assert_eq!(names, [("middle".to_owned(), middle), ("today".to_owned(), done.commit)]);
    for (name, commit) in names {
        let of = line.ns.commit_of(&Moment::Snapshot(name)).await.expect("it is there");
        let past = line.ns.at_commit(of).await.expect("it is kept");
        assert_eq!(past_rows(&past).await, *line.at(commit));
    }
    let history = line.ns.stats().history_bytes;
    line.ns.delete_snapshot("middle", WriteMeta::default()).await.expect("deleted");
    let again = line.ns.delete_snapshot("middle", WriteMeta::default()).await;
    assert_eq!(again.expect_err("gone"), TimeError::NoSuchSnapshot);
    line.ns.fold().await.expect("fold");
    line.reopen().await;
    assert_eq!(gone(line.ns.at_commit(middle).await).0, middle);
    assert_eq!(past_rows(&line.ns.at_commit(done.commit).await.expect("kept")).await, *line.at(done.commit));
    assert!(line.ns.stats().history_bytes <= history);
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_bounded_and_past_states_let_go() {
    let config = Config { max_snapshots: 3, ..config() };
    let mut line = Timeline::new(4, config).await;
    for _ in 0..20 {
        line.step().await;
    }
    for name in ["a", "b", "c"] {
        line.ns.create_snapshot(name, None, WriteMeta::default()).await.expect("made");
    }
    let full = line.ns.create_snapshot("d", None, WriteMeta::default()).await;
    assert!(matches!(full, Err(TimeError::Write(WriteError::BadRequest { .. }))), "{full:?}");
    let bad = line.ns.create_snapshot("no/slash", None, WriteMeta::default()).await;
    assert!(matches!(bad, Err(TimeError::Write(WriteError::BadRequest { .. }))), "{bad:?}");
    let held = line.ns.at_commit(5).await.expect("in the history");
    for commit in 0..line.ns.commit() {
        line.ns.at_commit(commit).await.expect("in the history");
    }
    assert_eq!(past_rows(&held).await, *line.at(5), "one that is held answers");
    line.ns.close().await;
    assert!(held.collections().is_err(), "not after the namespace was closed");
    assert!(line.ns.at_commit(5).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn history_bytes_are_those_of_rows_that_are_not_live() {
    let line = Timeline::new(5, Config { history: 60 * MINUTE, ..config() }).await;
    let ns = &line.ns;
    let bytes = |version: usize| (0..10).map(|i| record(i, version).logical_bytes()).sum::<u64>();
    let write = |version: usize| (0..10).map(|i| record(i, version)).collect::<Vec<Record>>();
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, write(0), WriteMeta::default()).await.expect("written");
    assert_eq!(ns.stats().history_bytes, 0);
    ns.upsert(DOCS, write(1), WriteMeta::default()).await.expect("written");
    assert_eq!(ns.stats().history_bytes, bytes(0));
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().history_bytes, bytes(0));
    line.clock.advance(61 * MINUTE);
    ns.upsert(DOCS, write(2), WriteMeta::default()).await.expect("written");
    assert_eq!(ns.stats().history_bytes, bytes(0) + bytes(1));
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().history_bytes, bytes(1), "the first rows can be read no more");
    ns.rewind(&Moment::Commit(4), WriteMeta::default()).await.expect("rewound");
    assert_eq!((ns.stats().history_bytes, ns.logical_bytes()), (bytes(2), bytes(1)));
}

/// A checkpoint that is made while another owner opens decides what is kept, not the one that was read before.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_before_removes_during_a_takeover_is_not_said_to_be_readable() {
    let objects = memory();
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let at = |seed| Environment { clock: Arc::new(clock.clone()), ..environment(seed) };
    let config = Config { history: Duration::ZERO, retention: MINUTE, ..config() };
    let first = Namespace::open(&store(&objects), PREFIX, writer(1), config.clone(), at(1)).await.expect("opens");
    first.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    first.upsert(DOCS, vec![record(0, 0)], WriteMeta::default()).await.expect("written");
    first.fold().await.expect("fold");
    let folded = first.commit();
    clock.advance(100 * MINUTE);
    let held_up = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let hold = held_up.hold_puts().await;
    let second = tokio::spawn({
        let (store, environment) = (Store::over(held_up.clone(), 1 << 30), at(2));
        async move { Namespace::open(&store, PREFIX, writer(2), config, environment).await }
    });
    held_up.put_held().await;
    let last = first.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written").commit;
    first.fold().await.expect("it is the owner still");
    drop(hold);
    let second = second.await.expect("no panic").expect("opens");
    let newest = second.commit();
    assert_eq!(gone(second.at_commit(folded - 1).await), (folded - 1, folded, newest));
    for commit in folded..=newest {
        let past = second.at_commit(commit).await.expect("it is said to be readable");
        assert_eq!(past.count(DOCS, None).await.expect("count").value, 1 + u64::from(commit >= last));
    }
}

/// A fold moves what a commit is read from, and trims what it was read from before, while it is being read.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_commit_is_read_beside_a_fold_that_trims() {
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let faulty = Arc::new(Faulty::new(memory(), 0, Rates::default()));
    let handle = Store::over(Arc::clone(&faulty) as Arc<dyn object_store::ObjectStore>, 1 << 30);
    let config = Config { history: Duration::ZERO, retention: MINUTE, ..config() };
    let ns = open_at(&handle, PREFIX, 1, &config, &clock).await;
    let write = async |i| ns.upsert(DOCS, vec![record(i, 0)], WriteMeta::default()).await.expect("written").commit;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    write(0).await;
    ns.fold().await.expect("fold");
    write(1).await;
    // The checkpoint that will give the commit is on its way, and the one before gives it still.
    let fold_waits = faulty.hold_puts_of("/checkpoint/").await;
    let folding = tokio::spawn({
        let ns = Arc::clone(&ns);
        async move { ns.fold().await.expect("fold") }
    });
    faulty.put_held().await;
    write(2).await;
    let kept = ns.create_snapshot("kept", None, WriteMeta::default()).await.expect("made").commit;
    let read_waits = faulty.hold_replies_of("/checkpoint/00000000000000000001").await;
    let reading = tokio::spawn({
        let ns = Arc::clone(&ns);
        async move { past_rows(&ns.at_commit(kept).await.expect("a snapshot keeps it")).await }
    });
    faulty.reply_held().await;
    drop(fold_waits);
    folding.await.expect("no panic");
    clock.advance(MINUTE * 2);
    write(3).await;
    ns.fold().await.expect("fold");
    drop(read_waits);
    let read = reading.await.expect("no panic");
    let expected = (0..3).map(|i| (record(i, 0).id, record(i, 0))).collect();
    assert_eq!(read, Rows::from([(DOCS.to_owned(), expected)]));
}

#[tokio::test]
async fn past_states_that_come_and_go_have_one_task_that_lets_them_go() {
    const TIMES: usize = 30;
    let line = Timeline::new(1, config()).await;
    let ns = &line.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    ns.at_commit(ns.commit()).await.expect("in the history");
    let before = alive();
    for i in 0..TIMES {
        // Nothing of the past is left after it.
        ns.erase(DOCS, vec![record(i, 0).id], WriteMeta::default()).await.expect("erased");
        ns.at_commit(ns.commit()).await.expect("in the history");
    }
    let after = alive();
    assert!(after < before + TIMES / 2, "{after} tasks after {before}");
}
