//! What a receipt says of the object store, and of where the data were.

use serde_json::{Value, json};

use crate::world::{Reply, World};

const DOCS: &str = "main/collections/docs";
const UPSERT: &str = "main/collections/docs/upsert";
const QUERY: &str = "main/collections/docs/query";

fn upsert(id: &str) -> Value {
    json!({"records": [{"id": id, "vector": [1, 0], "text": "the quick brown fox"}]})
}

fn tier(reply: &Reply) -> &str {
    reply.body["receipt"]["tier"].as_str().unwrap_or_default()
}

/// The calls, bytes and dependent round trips of a receipt that has them.
fn storage(reply: &Reply) -> Option<[u64; 3]> {
    let told = reply.body["receipt"].get("storage")?;
    let number = |name: &str| told[name].as_u64().expect("a number");
    Some([number("calls"), number("bytes"), number("round_trips")])
}

fn asked(reply: &Reply) {
    let [calls, bytes, round_trips] = storage(reply).expect("the store was asked");
    assert!(bytes > 0 && (1..=calls).contains(&round_trips), "{}", reply.body);
    assert_eq!(tier(reply), "cold", "{}", reply.body);
}

fn from_memory(reply: &Reply) {
    assert_eq!((tier(reply), storage(reply)), ("hot", None), "{}", reply.body);
}

/// A namespace with a record, in its table and in nobody's memory.
async fn folded() -> World {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    life.post(UPSERT, upsert("a")).await.ok();
    life.node.drain().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_query_after_a_restart_says_what_it_read_and_the_second_needs_nothing() {
    let world = folded().await;
    let life = world.start().await;
    let query = async || life.post(QUERY, json!({"vector": [1, 0]})).await.ok();
    let first = query().await;
    asked(&first);
    let second = query().await;
    from_memory(&second);
    assert_eq!(second.body["result"], first.body["result"]);
    for (verb, body) in [
        ("fetch", json!({"ids": ["a"]})),
        ("count", json!({})),
        ("count", json!({"filter": "page = 1"})),
        ("scan", json!({})),
        ("multi-query", json!({"queries": [{"vector": [1, 0]}, {"text": "fox"}]})),
    ] {
        from_memory(&life.post(&format!("{DOCS}/{verb}"), body).await.ok());
    }
    life.node.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_belongs_to_the_request_that_needed_it_first() {
    let world = folded().await;
    let life = world.start().await;
    asked(&life.get("main/collections").await.ok());
    from_memory(&life.get("main/collections").await.ok());
    from_memory(&life.get(DOCS).await.ok());
    // Its rows are not in memory yet.
    asked(&life.post(QUERY, json!({"vector": [1, 0]})).await.ok());
    life.node.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_says_what_it_read_and_nothing_of_the_log() {
    let world = folded().await;
    let life = world.start().await;
    life.get("main/collections").await.ok();
    // Whether the record is there is in its table.
    asked(&life.post(UPSERT, upsert("a")).await.ok());
    from_memory(&life.post(UPSERT, upsert("b")).await.ok());
    from_memory(&life.post(&format!("{DOCS}/patch"), json!({"patches": [{"id": "a", "text": "a dog"}]})).await.ok());
    from_memory(&life.post(&format!("{DOCS}/delete"), json!({"ids": ["b"]})).await.ok());
    from_memory(&life.put("main/collections/more", json!({})).await.ok());
    life.node.drain().await;
}
