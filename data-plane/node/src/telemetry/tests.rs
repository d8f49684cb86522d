use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentdb_control_plane_contract::AssignmentState;
use agentdb_data_plane_engine::StorageStats;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::*;
use crate::metering::bench::Bench;

/// What was told, by name: a counter's value, or the bits of a gauge's.
#[derive(Default)]
struct Told(Mutex<HashMap<String, Arc<AtomicU64>>>);

impl Told {
    fn cell(&self, name: &str) -> Arc<AtomicU64> {
        Arc::clone(self.0.lock().entry(name.to_owned()).or_default())
    }

    fn counter(&self, name: &str) -> u64 {
        self.cell(name).load(Ordering::SeqCst)
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.counter(name))
    }
}

impl Recorder for Told {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key.name()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key.name()))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// On one thread, so that all that is told comes to the recorder of this test.
#[tokio::test]
async fn counters_go_on_where_a_namespace_is_closed() {
    let told = Told::default();
    let _guard = metrics::set_default_local_recorder(&told);
    let written = || told.counter("agentdb_node_table_written_bytes_total");
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 1).await;
    open.fold().await.expect("fold");
    open.look();
    let first = written();
    assert!(first > 0);
    open.look();
    assert_eq!(written(), first, "nothing is counted twice");
    bench.write(&open, 1).await;
    drop(open);
    // It folds last of all, and nobody looks at it after that.
    slot.close().await;
    let second = written();
    assert!(second > first);

    let open = slot.acquire(&bench.opener).await.expect("open again");
    open.look();
    assert_eq!(written(), second, "a handle that has counted nothing takes nothing away");
    bench.write(&open, 1).await;
    open.fold().await.expect("fold");
    open.look();
    assert!(written() > second);
    let counted = ["writes", "log_entries", "folds", "fold_failures"];
    let counted = counted.map(|what| told.counter(&format!("agentdb_node_{what}_total")));
    assert_eq!(counted, [4, 4, 3, 0], "a collection, three records, and a fold after each record");
}

#[test]
fn gauges_add_up_what_namespaces_have_or_tell_the_worst_of_them() {
    let told = Told::default();
    let storage = StorageStats { table_bytes: 5_000, table_logical_bytes: 2_000, ..StorageStats::default() };
    let quick = Stats { commit: 10, folded_commit: 8, waiting: 1, fold_lag_ms: 1_500, storage, ..Stats::default() };
    let slow = Stats { commit: 50, folded_commit: 20, waiting: 4, fold_lag_ms: 90_000, set_aside: 1, ..quick };
    let publish = |open| metrics::with_local_recorder(&told, || Gauges { usage_backlog: 3, open }.publish());
    publish(vec![quick, slow]);
    for (what, value) in [
        ("usage_backlog", 3.0),
        ("open_namespaces", 2.0),
        ("waiting_writes", 5.0),
        ("unfolded_log_entries", 32.0),
        ("fold_lag_commits", 30.0),
        ("fold_lag_seconds", 90.0),
        ("collections_set_aside", 1.0),
        ("table_bytes", 10_000.0),
        ("table_logical_bytes", 4_000.0),
    ] {
        assert_eq!(told.gauge(&format!("agentdb_node_{what}")), value, "{what}");
    }
    publish(Vec::new());
    for what in ["open_namespaces", "waiting_writes", "fold_lag_seconds", "collections_set_aside", "table_bytes"] {
        assert_eq!(told.gauge(&format!("agentdb_node_{what}")), 0.0, "{what} of no namespace");
    }
}
