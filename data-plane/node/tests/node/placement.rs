//! Namespaces that come, go and are removed.

use agentdb_control_plane_contract::{AssignmentState, Meter};
use agentdb_ids::NamespaceId;
use http::StatusCode;
use serde_json::json;

use crate::world::{World, clock, entropy, until};

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

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
