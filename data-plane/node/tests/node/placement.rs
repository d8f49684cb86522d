//! Namespaces that come, go and are removed.

use std::sync::Arc;

use agentdb_control_plane_contract::{AssignmentState, Meter, policy::MAX_ERASING};
use agentdb_data_plane_engine::{
    Config, Environment, Namespace, Record, SoleOwner, Store, StoreConfig, WriteMeta, Writer, default_vector,
};
use agentdb_ids::NamespaceId;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::world::{DEADLINE, World, clock, entropy, until, until_asked};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_namespace_is_gone_reported_and_acknowledged_only_then() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let record = json!({"records": [{"id": "a", "vector": [1, 0]}]});
    life.post("main/collections/docs/upsert", record).await.ok();
    let folder = world.objects().join(format!("ns/{}", world.namespace_id));
    let files = || walk(&folder);
    assert!(files() > 0);
    world.place("main", world.namespace_id, AssignmentState::Delete);
    let version = world.plane.told.lock().version;
    let done = || {
        let told = world.plane.told.lock();
        told.applied >= version && told.erasing.is_empty()
    };
    until("the node says that it is done", done).await;
    assert_eq!(files(), 0);
    assert_eq!(world.plane.billed(Meter::Write, None), 4_000, "what was used before it went");
    assert_eq!(life.get("main/collections").await.status, StatusCode::NOT_FOUND);

    let successor = NamespaceId::generate(&*clock(), &*entropy());
    world.place("main", successor, AssignmentState::Serve);
    let version = world.plane.told.lock().version;
    until("the successor is placed", || world.plane.told.lock().applied >= version).await;
    let empty = life.get("main/collections").await.ok();
    assert_eq!(empty.body["result"]["collections"], json!([]), "the same name, another namespace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_namespace_is_refused_and_its_data_stay() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    world.place("main", world.namespace_id, AssignmentState::Drain);
    let version = world.plane.told.lock().version;
    until("the node says that it is done", || world.plane.told.lock().applied >= version).await;
    let refused = life.get("main/collections").await;
    assert_eq!((refused.refusal().0, refused.header("retry-after").is_empty()), (503, false));
    world.place("main", world.namespace_id, AssignmentState::Serve);
    let version = world.plane.told.lock().version;
    until("it is back", || world.plane.told.lock().applied >= version).await;
    life.get("main/collections/docs").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_another_writer_took_is_refused_until_it_is_placed_here_anew() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let store = Store::open(&StoreConfig::directory(&world.objects())).await.expect("a store");
    let writer = Writer { writer_id: Uuid::from_u128(7), generation: 2 };
    let environment = Environment { clock: clock(), entropy: entropy(), lease: Arc::new(SoleOwner) };
    let prefix = format!("ns/{}", world.namespace_id);
    let other = Namespace::open(&store, &prefix, writer, Config::default(), environment).await.expect("taken over");
    let record = |id: &str| Record { id: id.to_owned(), vectors: default_vector(vec![1.0, 0.0]), ..Record::default() };
    other.upsert("docs", vec![record("theirs")], WriteMeta::default()).await.expect("written");

    let upsert = json!({"records": [{"id": "ours", "vector": [1, 0]}]});
    let refused = life.post("main/collections/docs/upsert", upsert.clone()).await;
    assert_eq!((refused.refusal().0, refused.header("retry-after").is_empty()), (503, false), "{}", refused.body);
    let refused = life.post("main/collections/docs/fetch", json!({"ids": ["theirs"]})).await;
    assert_eq!(refused.refusal().0, 503, "nothing stale is read either");
    other.close().await;

    world.plane.tell(|told| {
        for assignment in told.assignments.values_mut() {
            assignment.generation = 3;
        }
    });
    let version = world.plane.told.lock().version;
    until("it is placed here anew", || world.plane.told.lock().applied >= version).await;
    life.post("main/collections/docs/upsert", upsert).await.ok();
    let both = life.post("main/collections/docs/fetch", json!({"ids": ["theirs", "ours"]})).await.ok();
    assert_eq!(both.body["result"]["missing"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_feed_lost_is_found_by_comparing_digests() {
    let world = World::new().await;
    let life = world.start().await;
    life.get("main/collections").await.ok();
    // Not told: the version stays.
    world.plane.told.lock().assignments.clear();
    let gone = async {
        while life.get("main/collections").await.status != StatusCode::NOT_FOUND {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, gone).await.is_ok(), "the node goes on with what is not its own");
}

/// Tells the node to remove a namespace that cannot be removed: its prefix names no folder of its own.
fn stick(world: &World, namespace_id: NamespaceId) {
    world.place("stuck", namespace_id, AssignmentState::Delete);
    let mut told = world.plane.told.lock();
    told.assignments.get_mut(&namespace_id).expect("placed").prefix = "stuck".to_owned();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_cannot_be_removed_holds_up_no_other() {
    let world = World::new().await;
    let life = world.start().await;
    let stuck = NamespaceId::generate(&*clock(), &*entropy());
    world.plane.away.store(true, std::sync::atomic::Ordering::SeqCst);
    stick(&world, stuck);
    world.place("other", NamespaceId::generate(&*clock(), &*entropy()), AssignmentState::Serve);
    world.plane.away.store(false, std::sync::atomic::Ordering::SeqCst);
    let version = world.plane.told.lock().version;
    let told = |erasing: &[NamespaceId]| {
        let told = world.plane.told.lock();
        told.applied >= version && told.erasing == erasing
    };
    until("all but the removal is acknowledged", || told(&[stuck])).await;
    life.get("other/collections").await.ok();
    life.node.drain().await;
    drop(life);

    world.plane.away.store(true, std::sync::atomic::Ordering::SeqCst);
    let life = world.start_alone().await;
    world.plane.told.lock().erasing.clear();
    world.plane.away.store(false, std::sync::atomic::Ordering::SeqCst);
    until("the next life owes it too", || told(&[stuck])).await;
    world.place("stuck", stuck, AssignmentState::Delete);
    let version = world.plane.told.lock().version;
    let done = || {
        let told = world.plane.told.lock();
        told.applied >= version && told.erasing.is_empty()
    };
    until("it is removed", done).await;
    life.node.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_more_removals_than_can_be_told_the_cursor_waits() {
    let world = World::new().await;
    let life = world.start().await;
    let before = world.plane.told.lock().applied;
    let many: Vec<_> = (0..=MAX_ERASING).map(|_| NamespaceId::generate(&*clock(), &*entropy())).collect();
    world.plane.away.store(true, std::sync::atomic::Ordering::SeqCst);
    for id in &many {
        stick(&world, *id);
    }
    world.place("other", NamespaceId::generate(&*clock(), &*entropy()), AssignmentState::Serve);
    world.plane.away.store(false, std::sync::atomic::Ordering::SeqCst);
    until_asked("the rest is applied", || async { life.get("other/collections").await.status == StatusCode::OK }).await;
    let polls = world.plane.told.lock().polls;
    until("the node has polled again", || world.plane.told.lock().polls > polls + 1).await;
    {
        let told = world.plane.told.lock();
        assert_eq!((told.applied, told.erasing.len()), (before, 0), "nothing of it is acknowledged");
    }
    world.place("stuck", many[0], AssignmentState::Delete);
    let version = world.plane.told.lock().version;
    let done = || {
        let told = world.plane.told.lock();
        told.applied >= version && told.erasing.len() == MAX_ERASING
    };
    until("as many are left as can be told", done).await;
    life.node.drain().await;
}

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
