//! Every read and write, and an opening, says what it asked of the object store.

use std::sync::Arc;
use std::time::Duration;

use crate::support::slow::Slow;
use crate::support::*;
use agentdb_data_plane_engine::{CacheSizes, Include, Io, Mode, Query, Store, WriteMeta};

const LATENCY: Duration = Duration::from_millis(20);

fn nearest() -> Query {
    Query::new(Mode::Vector { vector: vec![0.3, -0.2, 0.9, 0.1] }, 5)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_counts_its_own_calls_and_no_others() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..50).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;

    // Not in memory: the first read brings it there and says so; the next one needs nothing.
    let ns = open(&store(&objects), 2).await;
    let first = ns.query(DOCS, nearest()).await.expect("query");
    assert!(first.io.gets > 0 && first.io.bytes > 0 && first.io.round_trips > 0, "{:?}", first.io);
    assert!(first.io.round_trips <= first.io.calls(), "{:?}", first.io);
    let second = ns.query(DOCS, nearest()).await.expect("query");
    assert_eq!(second.io, Io::default());
    assert_eq!(second.value, first.value);
    assert!(first.io.tables, "the rows came from their table");

    // Never in memory: each read reads, and counts but its own.
    let ns = open(&Store::over(objects, 0).with_caches(CacheSizes::NONE), 3).await;
    ns.query(DOCS, nearest()).await.expect("query");
    let one = ns.query(DOCS, nearest()).await.expect("query");
    let (a, b) = tokio::join!(ns.query(DOCS, nearest()), ns.query(DOCS, nearest()));
    for io in [a.expect("query").io, b.expect("query").io] {
        assert!(io.gets > 0 && io.gets <= one.io.gets, "{io:?} beside {:?} alone", one.io);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_caches_answer_is_read_from_a_table_all_the_same() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..50).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;
    // No room for rows, but for ranges of files.
    let ns = open(&Store::over(objects, 0), 2).await;
    let first = ns.query(DOCS, nearest()).await.expect("query").io;
    let again = ns.query(DOCS, nearest()).await.expect("query").io;
    assert!(again.tables && again.calls() < first.calls(), "{first:?}, then {again:?}");
    // Of a row that is in a memtable nothing is in the table.
    ns.upsert(DOCS, vec![record(100, 0)], WriteMeta::default()).await.expect("written");
    let fetched = ns.fetch(DOCS, &[record(100, 0).id], Include::ALL).await.expect("fetch");
    assert_eq!((fetched.value, fetched.io), (vec![Some(record(100, 0))], Io::default()));
    assert!(ns.fetch(DOCS, &[record(1, 0).id], Include::ALL).await.expect("fetch").io.tables);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_and_a_write_count_what_they_read() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..50).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;

    let ns = open(&store(&objects), 2).await;
    let opening = ns.opening();
    assert!(opening.gets > 0 && opening.lists > 0 && opening.puts == 1 && !opening.tables, "{opening:?}");
    // The checkpoints are listed, one is read, and then the place behind it is taken.
    assert!((3..=opening.calls()).contains(&opening.round_trips), "{opening:?}");
    // It must know whether the record is there.
    let write = async |version| {
        let written = ns.upsert(DOCS, vec![record(1, version)], WriteMeta::default()).await;
        written.expect("written").io
    };
    let first = write(1).await;
    assert!(first.gets > 0 && first.bytes > 0 && first.round_trips > 0 && first.tables, "{first:?}");
    assert_eq!(write(2).await, Io::default(), "the rows are in memory, and the log is everybody's");
    ns.close().await;

    // Rows that are not folded need the folded ones beside them.
    let ns = open(&store(&objects), 3).await;
    assert!(ns.opening().tables, "{:?}", ns.opening());
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a far store takes real time")]
async fn round_trips_are_what_a_far_store_makes_one_wait_for() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..50).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open(&Store::over(Arc::new(Slow::new(objects, LATENCY)), 1 << 30), 2).await;
    let began = std::time::Instant::now();
    let read = ns.query(DOCS, nearest()).await.expect("query");
    let waited = began.elapsed();
    let least = LATENCY * u32::try_from(read.io.round_trips).expect("few");
    assert!(waited >= least, "{waited:?} for {:?}", read.io);
    println!("{:?} in {waited:?}", read.io);
}
