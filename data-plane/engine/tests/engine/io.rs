//! Every read says what it asked of the object store.

use std::sync::Arc;
use std::time::Duration;

use crate::support::slow::Slow;
use crate::support::*;
use agentdb_data_plane_engine::{CacheSizes, Io, Mode, Query, Store, WriteMeta};

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
