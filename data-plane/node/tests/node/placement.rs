//! Namespaces that come, go and are removed.

use std::sync::Arc;

use agentdb_control_plane_contract::{AssignmentState, Meter, Suspension, policy::MAX_ERASING};
use agentdb_data_plane_engine::{
    Config, Environment, Namespace, Record, SoleOwner, Store, StoreConfig, WriteMeta, Writer, default_vector,
};
use agentdb_ids::NamespaceId;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{DEADLINE, Life, Reply, World, clock, entropy, until, until_asked};

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

/// Says what the node is to do with the namespace `main`, and waits until it says that it does.
async fn told(world: &World, state: AssignmentState) {
    world.place("main", world.namespace_id, state);
    let version = world.plane.told.lock().version;
    until("the node says that it is done", || world.plane.told.lock().applied >= version).await;
}

/// All that differs from request to request taken out.
fn comparable(reply: &Reply) -> Value {
    let mut body = reply.body.clone();
    body.as_object_mut().expect("an object").remove("request_id").expect("a refusal has one");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_namespace_refuses_reads_and_writes_and_serves_again_what_it_had() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let upsert = json!({"records": [{"id": "a", "vector": [1, 0]}]});
    life.post("main/collections/docs/upsert", upsert.clone()).await.ok();
    let fetch = json!({"ids": ["a"]});
    let before = life.post("main/collections/docs/fetch", fetch.clone()).await.ok();
    for (by, refusal) in [
        (Suspension::Organization, (403, "forbidden", "")),
        (Suspension::Standing, (402, "standing_unpaid", "")),
        (Suspension::Operator, (403, "forbidden", "")),
    ] {
        told(&world, AssignmentState::Suspend(by)).await;
        let refused = life.post("main/collections/docs/upsert", upsert.clone()).await;
        assert_eq!((refused.refusal(), &refused.body["suspended_by"]), (refusal, &json!(by.as_str())));
        assert_eq!(life.post("main/collections/docs/fetch", fetch.clone()).await.refusal(), refusal);
    }
    let unknown = World::new().await.key.expose().to_owned();
    let stranger = Life { token: unknown, ..life };
    assert_eq!(stranger.get("main/collections").await.status, StatusCode::UNAUTHORIZED, "told to nobody else");
    let life = Life { token: world.key.expose().to_owned(), ..stranger };
    told(&world, AssignmentState::Serve).await;
    let after = life.post("main/collections/docs/fetch", fetch.clone()).await.ok();
    assert_eq!(after.body["result"], before.body["result"], "at the commit it had");
    life.post("main/collections/docs/upsert", upsert).await.ok();
    // Once more, since what was let go of before is let go of again.
    told(&world, AssignmentState::Suspend(Suspension::Operator)).await;
    assert_eq!(life.post("main/collections/docs/fetch", fetch).await.status, StatusCode::FORBIDDEN);
    life.node.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_namespace_that_is_kept_is_as_if_it_were_not_there_and_comes_back_as_it_was() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let upsert = json!({"records": [{"id": "a", "vector": [1, 0]}, {"id": "b", "vector": [0, 1]}]});
    life.post("main/collections/docs/upsert", upsert).await.ok();
    let fetch = json!({"ids": ["a", "b", "c"]});
    let before = life.post("main/collections/docs/fetch", fetch.clone()).await.ok();
    let folder = world.objects().join(format!("ns/{}", world.namespace_id));
    told(&world, AssignmentState::Retain).await;
    assert_eq!(world.plane.billed(Meter::Write, None), 4_000, "what was used is reported");
    let gone = life.post("main/collections/docs/fetch", fetch.clone()).await;
    let never = life.post("never/collections/docs/fetch", fetch.clone()).await;
    assert_eq!((gone.status, comparable(&gone)), (StatusCode::NOT_FOUND, comparable(&never)));
    assert!(walk(&folder) > 0, "its data are kept");

    // Its name is another's meanwhile.
    let other = NamespaceId::generate(&*clock(), &*entropy());
    world.place("main", other, AssignmentState::Serve);
    let placed = || async { life.get("main/collections").await.status == StatusCode::OK };
    until_asked("the other has the name", placed).await;
    assert_eq!(life.get("main/collections").await.ok().body["result"]["collections"], json!([]));
    world.place("main", other, AssignmentState::Delete);
    life.node.drain().await;
    drop(life);

    // The next life of the node knows what it keeps.
    let life = world.start().await;
    assert_eq!(life.post("main/collections/docs/fetch", fetch.clone()).await.status, StatusCode::NOT_FOUND);
    told(&world, AssignmentState::Serve).await;
    let after = life.post("main/collections/docs/fetch", fetch).await.ok();
    assert_eq!(after.body["result"], before.body["result"], "each record at the commit it had");
    life.node.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_counts_as_stored() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let record = json!({"records": [{"id": "a", "vector": [1, 0], "metadata": {"filler": "x".repeat(2_000)}}]});
    life.post("main/collections/docs/upsert", record.clone()).await.ok();
    let second = NamespaceId::generate(&*clock(), &*entropy());
    world.place("second", second, AssignmentState::Serve);
    told(&world, AssignmentState::Retain).await;
    world.set_policy(|policy| policy.limits.storage_bytes = 3_000);
    let version = world.plane.told.lock().version;
    until("the limit is known", || world.plane.told.lock().applied >= version).await;
    life.put("second/collections/docs", json!({"vector": {"dimension": 2, "metric": "cosine"}})).await.ok();
    let refused = life.post("second/collections/docs/upsert", record.clone()).await;
    assert_eq!(refused.refusal().1, "limit_exceeded", "{}", refused.body);
    told(&world, AssignmentState::Delete).await;
    let there_is_room =
        || async { life.post("second/collections/docs/upsert", record.clone()).await.status == StatusCode::OK };
    until_asked("it is gone", there_is_room).await;
    life.node.drain().await;
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
