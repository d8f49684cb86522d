//! Namespaces that come, go and are removed.

use agentdb_control_plane_contract::{AssignmentState, Meter};
use agentdb_data_plane_engine::{Config, Environment, Namespace, Record, Store, StoreConfig, WriteMeta, Writer};
use agentdb_ids::NamespaceId;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::world::{DEADLINE, World, clock, entropy, until};

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
    until("the node says that it is done", || world.plane.told.lock().applied >= version).await;
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
    let environment = Environment { clock: clock(), entropy: entropy() };
    let prefix = format!("ns/{}", world.namespace_id);
    let other = Namespace::open(&store, &prefix, writer, Config::default(), environment).await.expect("taken over");
    let record = |id: &str| Record { id: id.to_owned(), vector: Some(vec![1.0, 0.0]), ..Record::default() };
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

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
