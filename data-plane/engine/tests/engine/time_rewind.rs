//! A rewind takes the collections back to an older commit, whole or not at all, and nothing else back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::killed::killed_at_each_call;
use crate::support::leftovers::tables;
use crate::support::s3::S3;
use crate::support::timeline::*;
use crate::support::vectors::Clustered;
use crate::support::*;
use agentdb_data_plane_engine::{
    Change, Commit, Config, Idempotency, Include, Metric, Mode, Moment, Namespace, Query, Record, Schema, Store,
    StoreConfig, TimeError, VectorSpec, WriteError, WriteMeta, default_vector,
};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::memory::InMemory;

#[tokio::test(flavor = "multi_thread")]
async fn rewinds_between_writes_folds_and_takeovers_give_every_commit_as_it_was() {
    for seed in 0..6 {
        let mut line = Timeline::new(seed, config()).await;
        for round in 0..8 {
            for _ in 0..12 {
                line.step().await;
            }
            let newest = line.ns.commit();
            let to = line.pick(0..=newest);
            line.rewind(to).await;
            line.check_now(&format!("seed {seed}, round {round}: rewound to {to}")).await;
        }
        line.check_past(0, &format!("seed {seed}")).await;
        line.ns.fold().await.expect("fold");
        line.reopen().await;
        line.check_now("opened again").await;
        line.check_past(0, &format!("seed {seed}, opened again")).await;
    }
}

fn meta(answer: &'static [u8]) -> WriteMeta {
    WriteMeta {
        idempotency: Some(Idempotency {
            scope_key: [3; 32],
            request_hash: [4; 32],
            answer: Bytes::from_static(answer),
        }),
        ..usage(1, 1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_answers_and_snapshots_are_not_taken_back() {
    let mut line = Timeline::new(1, config()).await;
    line.ns.create_collection(DOCS, schema(), usage(1, 1)).await.expect("created");
    line.ns.create_snapshot("empty", None, WriteMeta::default()).await.expect("made");
    let first = line.ns.upsert(DOCS, vec![record(1, 0)], meta(b"answer")).await.expect("written");
    line.ns.create_snapshot("one", None, WriteMeta::default()).await.expect("made");
    let back = Moment::Snapshot("empty".to_owned());
    let rewound = line.ns.rewind(&back, usage(1, 1)).await.expect("rewound");
    assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 0);
    for step in 0..3 {
        let again = line.ns.upsert(DOCS, vec![record(1, 0)], meta(b"answer")).await.expect("replayed");
        assert_eq!((again.commit, again.replayed.as_deref()), (first.commit, Some(b"answer".as_slice())));
        assert_eq!(line.ns.usage()[0].1, 3);
        assert_eq!(line.ns.snapshots().expect("serves").len(), 2);
        assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 0, "the replay wrote nothing");
        assert!(line.ns.commit() >= rewound.commit, "numbers go on");
        if step == 0 {
            line.ns.fold().await.expect("fold");
        }
        line.reopen().await;
    }
    // What the rewind took back is there to go forward to.
    line.ns.rewind(&Moment::Snapshot("one".to_owned()), WriteMeta::default()).await.expect("rewound");
    assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 1);
    let nowhere = line.ns.rewind(&Moment::Snapshot("none".to_owned()), WriteMeta::default()).await;
    assert_eq!(nowhere.expect_err("refused"), TimeError::NoSuchSnapshot);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewind_asked_for_twice_is_done_once() {
    let line = Timeline::new(1, config()).await;
    line.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let to = Moment::Commit(line.ns.commit());
    line.ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    let first = line.ns.rewind(&to, meta(b"rewound")).await.expect("rewound");
    line.ns.upsert(DOCS, vec![record(2, 0)], WriteMeta::default()).await.expect("written");
    let again = line.ns.rewind(&to, meta(b"rewound")).await.expect("replayed");
    assert_eq!((again.commit, again.replayed.as_deref()), (first.commit, Some(b"rewound".as_slice())));
    assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_tells_of_a_rewind_and_goes_on_with_the_collections_it_brought_back() {
    let line = Timeline::new(1, config()).await;
    line.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let to = line.ns.commit();
    line.ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    let after = line.ns.commit();
    line.ns.rewind(&Moment::Commit(to), WriteMeta::default()).await.expect("rewound");
    line.ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    for begin in [to, after, after + 1] {
        let mut feed = line.ns.changes(begin, Include::ALL).await.expect("follows");
        let mut changes = Vec::new();
        while feed.delivered() < line.ns.commit() {
            changes.extend(feed.next().await.expect("changes").changes);
        }
        let collection: Arc<str> = Arc::from(DOCS);
        let written = Change::Upserted { collection: Arc::clone(&collection), record: record(1, 0) };
        let all = [Change::Dropped { collection }, Change::Rewound { to }, written];
        let told = usize::try_from(begin - to).expect("small");
        assert_eq!(changes, all[told..], "after {begin}");
    }
}

/// Rows 0..40 in one version at a time: a reader must never see two of them.
#[tokio::test(flavor = "multi_thread")]
async fn readers_see_all_before_or_all_after() {
    let line = Timeline::new(1, config()).await;
    let ns = &line.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut commits = Vec::new();
    for version in 0..3 {
        let rows = (0..40).map(|i| record(i, version)).collect();
        commits.push(ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written").commit);
        if version == 1 {
            ns.fold().await.expect("fold");
        }
    }
    let done = tokio_util::sync::CancellationToken::new();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (ns, done) = (Arc::clone(ns), done.clone());
            tokio::spawn(async move {
                let mut reads = 0_u32;
                while !done.is_cancelled() || reads == 0 {
                    let rows = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
                    let whole = (0..3).any(|version| rows == (0..40).map(|i| record(i, version)).collect::<Vec<_>>());
                    assert!(whole, "rows of two commits in one answer");
                    reads += 1;
                    // A read that waits for nothing would not let the writer run.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for round in 0..12 {
        ns.rewind(&Moment::Commit(commits[round % 3]), WriteMeta::default()).await.expect("rewound");
        if round % 4 == 3 {
            ns.fold().await.expect("fold");
        }
    }
    done.cancel();
    for reader in readers {
        reader.await.expect("a reader saw whole states alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_beside_a_rewind_is_before_or_after_it() {
    let line = Timeline::new(1, config()).await;
    let ns = &line.ns;
    let start = ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created").commit;
    for round in 0..10_usize {
        let writes: Vec<_> = (0..8)
            .map(|i| {
                let (ns, row) = (Arc::clone(ns), record(round * 8 + i, 0));
                tokio::spawn(async move { (row.id.clone(), ns.upsert(DOCS, vec![row], WriteMeta::default()).await) })
            })
            .collect();
        let rewound = ns.rewind(&Moment::Commit(start), WriteMeta::default()).await.expect("rewound").commit;
        let mut after = Vec::new();
        for write in writes {
            match write.await.expect("no panic") {
                (id, Ok(done)) if done.commit > rewound => after.push(id),
                (_, Ok(_) | Err(WriteError::Backpressure(_))) => {}
                (_, Err(error)) => panic!("{error}"),
            }
        }
        after.sort();
        let rows = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
        assert_eq!(rows.into_iter().map(|r| r.id).collect::<Vec<_>>(), after, "round {round}");
    }
}

/// Two collections, rows in tables and in the log; the commit to go back to has some of each.
async fn prepare(objects: &Arc<dyn ObjectStore>) -> (u64, Rows, Rows) {
    let ns = open(&store(objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), usage(1, 1)).await.expect("written");
    ns.create_collection("old", schema(), WriteMeta::default()).await.expect("created");
    ns.upsert("old", vec![record(1, 0)], usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    let to = ns.upsert(DOCS, (5..10).map(|i| record(i, 1)).collect(), usage(1, 1)).await.expect("written").commit;
    let before = all_rows(&ns).await;
    ns.drop_collection("old", WriteMeta::default()).await.expect("dropped");
    ns.upsert(DOCS, (0..30).map(|i| record(i, 2)).collect(), usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    ns.create_collection("new", schema(), WriteMeta::default()).await.expect("created");
    ns.delete(DOCS, vec![record(3, 0).id], usage(1, 1)).await.expect("deleted");
    let after = all_rows(&ns).await;
    ns.close().await;
    (to, before, after)
}

async fn check(ns: &Namespace, allowed: &[&Rows], what: &str) {
    let found = all_rows(ns).await;
    assert!(allowed.contains(&&found), "{what}");
    assert_eq!(ns.usage()[0].1, 5, "{what}");
}

/// Dies at the `call`th call of a rewind and the fold after it. False when all was done before it could die.
async fn die_at(objects: Arc<dyn ObjectStore>, prepared: Arc<(u64, Rows, Rows)>, call: u64, worked: bool) -> bool {
    let (to, old, new) = &*prepared;
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open(&Store::over(faulty.clone(), 1 << 30), 2).await;
    faulty.crash_in(call);
    // An append does not give up while the process lives; this one is dead.
    let moment = Moment::Commit(*to);
    let rewind = dying.rewind(&moment, WriteMeta::default());
    let rewound = tokio::select! {
        rewound = rewind => Some(rewound),
        () = faulty.death() => None,
    };
    if rewound.as_ref().is_some_and(Result::is_ok) && !faulty.is_dead() {
        let _ = dying.fold().await;
    }
    let dead = faulty.is_dead();
    drop(dying);
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let allowed: Vec<&Rows> = match rewound {
        Some(Ok(_)) => vec![old],
        _ => vec![old, new],
    };
    let ns = open(&store(&objects), 3).await;
    check(&ns, &allowed, &what).await;
    let now = all_rows(&ns).await;
    ns.fold().await.expect("fold");
    check(&ns, &[&now], &what).await;
    // Again, over whatever versions the dead one left.
    ns.rewind(&Moment::Commit(*to), WriteMeta::default()).await.expect("rewound");
    check(&ns, &[old], &what).await;
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, vec![record(7, 9)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open(&store(&objects), 4).await;
    let mut changed = old.clone();
    changed.entry(DOCS.to_owned()).or_insert_with(BTreeMap::new).insert(record(7, 9).id, record(7, 9));
    check(&ns, &[&changed], &what).await;
    let past = ns.at_commit(*to).await.expect("in the history");
    assert_eq!(past_rows(&past).await, *old, "{what}");
    ns.close().await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_a_rewind() {
    let prepared = Arc::new(InMemory::new());
    let rows = Arc::new(prepare(&(Arc::clone(&prepared) as Arc<dyn ObjectStore>)).await);
    killed_at_each_call(&prepared, 16, |objects, call, worked| die_at(objects, Arc::clone(&rows), call, worked)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewind_is_the_same_on_a_directory_and_on_s3() {
    let directory = tempfile::tempdir().expect("a directory");
    let s3 = S3::start().await;
    for config in [StoreConfig::directory(directory.path()), s3.bucket("agentdb").await] {
        let store = Store::open(&config).await.expect("store");
        let ns = open(&store, 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        let to = ns.upsert(DOCS, vec![record(3, 1)], WriteMeta::default()).await.expect("written").commit;
        let before = all_rows(&ns).await;
        ns.upsert(DOCS, (0..30).map(|i| record(i, 2)).collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        ns.rewind(&Moment::Commit(to), WriteMeta::default()).await.expect("rewound");
        ns.upsert(DOCS, vec![record(4, 4)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        ns.close().await;
        let ns = open(&store, 2).await;
        let mut rows = before;
        rows.entry(DOCS.to_owned()).or_default().insert(record(4, 4).id, record(4, 4));
        assert_eq!(all_rows(&ns).await, rows);
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A collection that was there for ten minutes, long enough ago that no checkpoint names it; and a commit at which it was.
async fn short_lived() -> (Timeline, Commit) {
    let line = Timeline::new(1, Config { history: minutes(24 * 60), retention: minutes(1), ..config() }).await;
    line.ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    line.ns.fold().await.expect("fold");
    line.clock.advance(minutes(10));
    line.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let rows = (0..5).map(|i| record(i, 0)).collect();
    let there = line.ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written").commit;
    line.ns.fold().await.expect("fold");
    line.clock.advance(minutes(10));
    line.ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    line.ns.fold().await.expect("fold");
    line.clock.advance(minutes(55));
    (line, there)
}

async fn other(line: &Timeline, i: usize) {
    line.ns.upsert("other", vec![record(i, 0)], WriteMeta::default()).await.expect("written");
    line.ns.fold().await.expect("fold");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_in_memory_is_gone_back_to_when_its_checkpoint_is_gone() {
    let (mut line, there) = short_lived().await;
    let past = line.ns.at_commit(there).await.expect("in the history");
    other(&line, 1).await;
    assert_eq!(past.count(DOCS, None).await.expect("count").value, 5);
    line.ns.rewind(&Moment::Commit(there), WriteMeta::default()).await.expect("rewound");
    for _ in 0..2 {
        line.ns.upsert(DOCS, vec![record(4, 1)], WriteMeta::default()).await.expect("written");
        line.ns.fold().await.expect("fold");
        assert_eq!(line.ns.count(DOCS, None).await.expect("count").value, 5);
        line.reopen().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewind_makes_anew_what_was_removed_and_nothing_of_it_is_left_in_the_end() {
    for rounds in [0, 2] {
        let (mut line, there) = short_lived().await;
        other(&line, 1).await;
        assert_eq!(tables(&line.objects).await.len(), 1, "no checkpoint names the other one");
        line.ns.rewind(&Moment::Commit(there), WriteMeta::default()).await.expect("rewound");
        for round in 0..rounds {
            let found = line.ns.scan(DOCS, None, None, 10, Include::ALL).await.expect("scan").value.records;
            assert_eq!(found, (0..5).map(|i| record(i, 0)).collect::<Vec<_>>(), "round {round}");
            other(&line, 2).await;
            line.reopen().await;
        }
        line.ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
        for i in 3..7 {
            other(&line, i).await;
            line.clock.advance(minutes(48 * 60));
        }
        line.ns.clean_up().await.expect("cleaned");
        assert_eq!(tables(&line.objects).await.len(), 1, "{rounds} rounds");
    }
}

/// A rewind that ends before its entry is written has made tables that nothing names.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_rewind_that_was_given_up_has_made_is_removed() {
    let (line, there) = short_lived().await;
    other(&line, 1).await;
    line.ns.close().await;
    let faulty = Arc::new(Faulty::new(Arc::clone(&line.objects), 0, Rates::default()));
    let handle = Store::over(faulty.clone(), 1 << 30);
    let ns = open_at(&handle, PREFIX, 2, &line.config, &line.clock).await;
    let held = faulty.hold_puts_of("/log/").await;
    let rewinding = Arc::clone(&ns);
    let back = tokio::spawn(async move { rewinding.rewind(&Moment::Commit(there), WriteMeta::default()).await });
    faulty.put_held().await;
    assert_eq!(tables(&line.objects).await.len(), 2);
    faulty.kill();
    back.abort();
    drop((held, ns));
    let ns = open(&store(&line.objects), 3).await;
    assert!(ns.collection(DOCS).expect("serves").value.is_none(), "its entry was not written");
    ns.upsert("other", vec![record(2, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    assert_eq!(tables(&line.objects).await.len(), 1);
}

/// Rows of the test of an index beside a rewind.
const INDEXED: usize = 2_000;
const DIMENSION: usize = 32;

fn clustered(data: &Clustered, i: usize) -> Record {
    Record { id: format!("r{i:06}"), vectors: default_vector(data.vector(i)), ..Record::default() }
}

/// It knows nothing of rows that were deleted when it was begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_vector_index_that_is_built_beside_a_rewind_hides_none_of_the_rows_that_came_back() {
    let (objects, data) = (memory(), Clustered::new(21, DIMENSION));
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let handle = Store::over(faulty.clone(), 1 << 30);
    let config = || Config { index_rows: 500, background_index: false, ..config() };
    let ns = Namespace::open(&handle, PREFIX, writer(1), config(), environment(1)).await.expect("opens");
    let spec = VectorSpec { dimension: DIMENSION as u32, metric: Metric::Cosine };
    let schema = Schema { vectors: spec.into(), ..Schema::default() };
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    for from in (0..INDEXED).step_by(500) {
        let records = (from..from + 500).map(|i| clustered(&data, i)).collect();
        ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
    }
    ns.fold().await.expect("fold");
    let whole = ns.commit();
    let gone = (0..500).map(|i| clustered(&data, i).id).collect();
    ns.delete(DOCS, gone, WriteMeta::default()).await.expect("deleted");
    ns.fold().await.expect("fold");

    let held = faulty.hold_puts_of("/_indices/").await;
    let builder = Arc::clone(&ns);
    let build = tokio::spawn(async move { builder.index_tables().await });
    faulty.put_held().await;
    ns.rewind(&Moment::Commit(whole), WriteMeta::default()).await.expect("rewound");
    // So that the next fold makes a version, which the index could be put upon.
    ns.upsert(DOCS, vec![clustered(&data, INDEXED)], WriteMeta::default()).await.expect("written");
    drop(held);
    build.await.expect("no panic").expect("indexed");
    ns.close().await;

    // No room for rows in memory: queries go to the table, by its index if it has one.
    let cold = Store::over(Arc::clone(&objects), 0);
    let ns = Namespace::open(&cold, PREFIX, writer(2), config(), environment(2)).await.expect("opens");
    for i in (0..500).step_by(25) {
        let hits = ns.query(DOCS, Query::new(Mode::Vector { vector: data.vector(i) }, 1)).await.expect("query").value;
        let found: Vec<&str> = hits.iter().map(|hit| hit.record.id.as_str()).collect();
        assert_eq!(found, [clustered(&data, i).id.as_str()]);
    }
}
