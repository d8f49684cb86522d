//! What one request, and all of them together, may take of the node's memory.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, until_asked};

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_bounded_pages_end_early_and_go_on() {
    let world = World::new().await;
    let life = world.start_with(|config| config.engine.max_read_bytes = 10_000).await.with_docs().await;
    let ids: Vec<_> = (0..20).map(|n| format!("r{n:02}")).collect();
    let record = |id: &String| json!({"id": id, "vector": [1, 0], "text": "x".repeat(1_000)});
    let records: Vec<_> = ids.iter().map(record).collect();
    life.post("main/collections/docs/upsert", json!({"records": records})).await.ok();

    let (mut seen, mut cursor, mut pages) = (BTreeSet::new(), Value::Null, 0);
    loop {
        let page = life.post("main/collections/docs/scan", json!({"limit": 20, "cursor": cursor})).await.ok();
        let records = page.body["result"]["records"].as_array().expect("records").clone();
        assert!(!records.is_empty() && records.len() <= 10, "{} records of 1,000 bytes", records.len());
        for record in &records {
            assert!(seen.insert(record["id"].as_str().expect("an id").to_owned()), "seen twice: {record}");
        }
        pages += 1;
        cursor = page.body["result"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!((seen.len(), pages > 1), (20, true));
    let all = life.post("main/collections/docs/scan", json!({"limit": 20, "include": []})).await.ok();
    assert_eq!(all.body["result"]["records"].as_array().map(Vec::len), Some(20));
    assert!(all.body["result"]["next_cursor"].is_null(), "a full page that is the last one says so");

    let path = "main/collections/docs/fetch";
    assert_eq!(life.post(path, json!({"ids": ids})).await.refusal(), (400, "invalid_request", "/ids"));
    life.post(path, json!({"ids": ids, "include": []})).await.ok();
    let path = "main/collections/docs/query";
    let query = |include: Value| json!({"vector": [1, 0], "top_k": 20, "include": include});
    assert_eq!(life.post(path, query(json!(["text"]))).await.refusal(), (400, "invalid_request", "/top_k"));
    life.post(path, query(json!(["id"]))).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_takes_only_so_many_bytes_of_bodies_at_once() {
    let world = World::new().await;
    let configure = |config: &mut agentdb_data_plane_node::NodeConfig| {
        config.admission.max_body_bytes = 1_000;
        config.admission.max_bodies_bytes = 1_000;
    };
    let life = world.start_with(configure).await.with_docs().await;
    let query = json!({"vector": [1, 0]});
    let refused = async || {
        let reply = life.post("main/collections/docs/query", query.clone()).await;
        reply.status == StatusCode::SERVICE_UNAVAILABLE && !reply.header("retry-after").is_empty()
    };
    let slow = life.slow_post("main/collections/docs/query", refused).await;
    life.get("main/collections").await.ok();
    slow.finish(&query).await.ok();
    until_asked("the room is free again", || async {
        life.post("main/collections/docs/query", query.clone()).await.status == StatusCode::OK
    })
    .await;
}
