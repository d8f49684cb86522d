//! Folded rows leave the memory when others need it, and come back when they are asked for.

use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use agentdb_clock::{Clock, ManualClock};
use agentdb_data_plane_engine::{
    AttributeType, CacheSizes, Config, Environment, Filter, Mode, Namespace, Query, Record, Schema, Store, Value,
    WriteMeta,
};
use object_store::ObjectStore;

const ROWS: usize = 2_000;

fn asked() -> Query {
    Query::new(Mode::Vector { vector: vec![0.3, -0.2, 0.9, 0.1] }, 5)
}

async fn opened(store: &Store, name: &str, generation: u64, clock: &ManualClock) -> Arc<Namespace> {
    let environment = Environment { clock: Arc::new(clock.clone()), ..environment(generation) };
    let config = Config { index_rows: 500, ..config() };
    Namespace::open(store, name, writer(generation), config, environment).await.expect("opens")
}

async fn filled(objects: &Arc<dyn ObjectStore>, name: &str, clock: &ManualClock) -> usize {
    let ns = opened(&store(objects), name, 1, clock).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for from in (0..ROWS).step_by(1_000) {
        let rows = (from..from + 1_000).map(|i| record(i, 0)).collect();
        ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
    }
    ns.fold().await.expect("fold");
    ns.index_tables().await.expect("indexed");
    ns.close().await;
    // As much as it takes when it is loaded, not as much as a fold has left.
    let ns = opened(&store(objects), name, 2, clock).await;
    until_in_memory(&ns).await;
    let bytes = ns.stats().resident_bytes;
    ns.close().await;
    bytes
}

/// Asks until the answer comes from memory.
async fn until_in_memory(ns: &Namespace) {
    let in_memory = async {
        while ns.query(DOCS, asked()).await.expect("query").io.gets > 0 || ns.stats().resident_bytes == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), in_memory).await.expect("it comes into memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_used_gives_way_and_comes_back() {
    let (objects, clock) =
        (memory(), ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time")));
    let bytes = filled(&objects, "ns/a", &clock).await;
    assert!(bytes > 0, "folded rows are accounted");
    filled(&objects, "ns/b", &clock).await;
    // Room for one, and not for two.
    let store = Store::over(Arc::clone(&objects), bytes + bytes / 2);
    let (a, b) = (opened(&store, "ns/a", 3, &clock).await, opened(&store, "ns/b", 3, &clock).await);
    until_in_memory(&a).await;
    let right = a.query(DOCS, asked()).await.expect("query").value;
    // A moment ago: it stays, and the other one answers without.
    for _ in 0..20 {
        assert_eq!(b.query(DOCS, asked()).await.expect("query").value, right);
    }
    assert!(a.stats().resident_bytes > 0 && b.stats().resident_bytes == 0);
    // Each in its turn.
    for (comes, goes) in [(&b, &a), (&a, &b)] {
        clock.advance(Duration::from_secs(10));
        until_in_memory(comes).await;
        assert_eq!(goes.stats().resident_bytes, 0);
        assert_eq!(goes.query(DOCS, asked()).await.expect("query").value, right);
    }
    assert_eq!(store.release_idle(clock.monotonic(), Duration::from_secs(60)), 0, "it is in use");
    clock.advance(Duration::from_secs(61));
    assert_eq!(store.release_idle(clock.monotonic(), Duration::from_secs(60)), 1);
    assert_eq!(a.stats().resident_bytes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_after_rows_left_know_what_was_there() {
    let (objects, clock) =
        (memory(), ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time")));
    filled(&objects, "ns/a", &clock).await;
    let store = store(&objects);
    let ns = opened(&store, "ns/a", 3, &clock).await;
    let total = |rows: std::ops::Range<usize>| rows.map(|i| record(i, 0).logical_bytes()).sum::<u64>();
    for round in 0..3 {
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, (ROWS - 10 * round) as u64);
        until_in_memory(&ns).await;
        clock.advance(Duration::from_secs(100));
        assert_eq!(store.release_idle(clock.monotonic(), Duration::from_secs(60)), 1, "round {round}");
        let ids = (10 * round..10 * round + 10).map(|i| record(i, 0).id).chain(["nobody".to_owned()]).collect();
        let done = ns.delete(DOCS, ids, WriteMeta::default()).await.expect("deleted");
        assert_eq!(done.deleted, 10, "round {round}");
        assert_eq!(ns.logical_bytes_of(DOCS), Some(total(10 * round + 10..ROWS)), "round {round}");
        clock.advance(Duration::from_secs(100));
        assert_eq!(store.release_idle(clock.monotonic(), Duration::from_secs(60)), 0, "what is not folded needs them");
        ns.fold().await.expect("fold");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_its_nulls_is_not_read_to_find_that_out() {
    const MANY: u64 = 6_000;
    let objects = memory();
    let columns = (0..128).map(|i| (format!("a{i:03}"), AttributeType::Int));
    let schema = Schema { attributes: columns.collect(), ..Schema::default() };
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema.clone(), WriteMeta::default()).await.expect("created");
    let row = |i: u64| Record {
        // Nothing that could be compressed.
        id: format!("{:032x}", u128::from(i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        attributes: [("a000".to_owned(), Value::Int(i.cast_signed()))].into(),
        ..Record::default()
    };
    for from in (0..MANY).step_by(1_000) {
        ns.upsert(DOCS, (from..from + 1_000).map(row).collect(), WriteMeta::default()).await.expect("written");
    }
    ns.fold().await.expect("fold");
    let logical = ns.logical_bytes_of(DOCS).expect("known");
    ns.close().await;
    let filter = Filter::parse("a000 < 1000", &[], &schema).expect("a filter");
    let mut read = Vec::new();
    // No room at all, and room for what the records count for, but not for 128 numbers of each.
    for (generation, room) in [(2, 0), (3, 1 << 20)] {
        let store = Store::over(Arc::clone(&objects), room).with_caches(CacheSizes::NONE);
        let ns = open(&store, generation).await;
        let counted = ns.count(DOCS, Some(filter.clone())).await.expect("count");
        assert_eq!(counted.value, 1_000);
        read.push(counted.io.bytes);
        ns.close().await;
    }
    assert!(logical < 1 << 20 && MANY * 128 * 8 > 1 << 20);
    assert!(read[1] <= read[0] + read[0] / 10, "the keys and the column of the filter are read, once: {read:?}");
}
