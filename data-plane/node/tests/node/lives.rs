//! What a node's end, orderly or not, leaves to the next life.

use std::{sync::atomic::Ordering, time::Duration};

use agentdb_control_plane_contract::Meter;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::world::{World, until};

/// Runs one life of the node on a runtime of its own, which is then torn down without a word, as a kill
/// would do it.
fn killed_after<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let life = scope.spawn(|| {
            let runtime = Runtime::new().expect("a runtime");
            let outcome = runtime.block_on(work);
            runtime.shutdown_timeout(Duration::from_secs(5));
            outcome
        });
        life.join().expect("no panic")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_loses_no_write_and_no_usage_and_counts_nothing_twice() {
    let world = World::new().await;
    let (mut write, mut query) = (0, 0);
    for life in 0..3 {
        // Billing hears nothing while the node lives.
        world.plane.away.store(life > 0, Ordering::SeqCst);
        let used = tokio::task::block_in_place(|| {
            killed_after(async {
                let node = world.start_alone().await;
                let (mut write, mut query) = (0, 0);
                if life == 0 {
                    until("the policy came", || world.plane.told.lock().applied > 0).await;
                    let made = node.put("main/collections/docs", json!({"vector": {"dimension": 2}})).await.ok();
                    write += made.units("write");
                }
                for n in 0..10 {
                    let record = json!({"records": [{"id": format!("{life}-{n}"), "vector": [1, n]}]});
                    write += node.post("main/collections/docs/upsert", record).await.ok().units("write");
                    let asked = node.post("main/collections/docs/query", json!({"vector": [1, 0]})).await.ok();
                    query += asked.units("query");
                }
                let grants = world.dir.path().join("node/grants.json");
                let key_id = world.key.key_id().to_string();
                let saved = || std::fs::read_to_string(&grants).is_ok_and(|text| text.contains(&key_id));
                until("the key's grant is saved", saved).await;
                (write, query)
            })
        });
        write += used.0;
        query += used.1;
    }
    world.plane.away.store(false, Ordering::SeqCst);
    let last = world.start_alone().await;
    // Nobody uses the namespace; what its log owes is reported all the same.
    until("all usage is reported", || {
        world.plane.billed(Meter::Write, None) == write && world.plane.billed(Meter::Query, None) == query
    })
    .await;
    let count = last.post("main/collections/docs/count", json!({})).await.ok();
    assert_eq!(count.body["result"]["count"], 30);
    last.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), write);
    assert_eq!(world.plane.billed(Meter::Query, None), query + 100);
    assert_eq!(world.plane.decreases(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_control_plane_away_known_keys_go_on_over_a_restart() {
    let world = World::new().await;
    let first = world.start().await.with_docs().await;
    first.node.drain().await;
    drop(first);
    world.plane.away.store(true, Ordering::SeqCst);
    let second = world.start_alone().await;
    second.get("main/collections/docs").await.ok();
    let unknown = world.new_key(|_| {});
    let refused = second.with(&unknown).get("main/collections").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "not 401: nobody knows");
    world.plane.away.store(false, Ordering::SeqCst);
    let version = world.plane.told.lock().version;
    until("the feed is back", || world.plane.told.lock().applied >= version).await;
    second.with(&unknown).get("main/collections").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_node_refuses_and_gives_its_lease_back() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    life.node.drain().await;
    assert!(!life.node.ready());
    let refused = life.get("main/collections").await;
    assert_eq!((refused.refusal().0, refused.header("retry-after").is_empty()), (503, false));
    let spools = std::fs::read_dir(world.dir.path().join("node/spool")).expect("there").flatten();
    let left = spools.filter(|entry| entry.path().extension().is_some_and(|e| e == "usage")).count();
    assert_eq!(left, 0, "billing has everything");
    let leases = std::fs::read_dir(world.objects().join(format!("nodes/{}/lease", world.node_id))).expect("there");
    let newest = leases.flatten().map(|entry| entry.path()).max().expect("a lease");
    let link: Value = serde_json::from_slice(&std::fs::read(newest).expect("readable")).expect("JSON");
    assert_eq!(link["released"], true, "the next process need not wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_stops_in_time_though_billing_does_not_answer() {
    let world = World::new().await;
    let life = world.start_with(|config| config.assignments.drain_deadline_s = 1).await.with_docs().await;
    world.plane.silent.store(true, Ordering::SeqCst);
    life.post("main/collections/docs/query", json!({"vector": [1, 0]})).await.ok();
    // Less than what one call to billing may take.
    let stopped = tokio::time::timeout(Duration::from_secs(9), life.node.drain()).await;
    assert!(stopped.is_ok(), "the node hangs");
    drop(life);
    world.plane.silent.store(false, Ordering::SeqCst);
    let next = world.start_alone().await;
    until("the next life reports what was owed", || world.plane.billed(Meter::Query, None) == 1_000).await;
    next.node.drain().await;
}
