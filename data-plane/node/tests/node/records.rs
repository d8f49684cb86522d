//! Collections and records: what is written is read, each reply has its receipt, and all of it is counted.

use agentdb_control_plane_contract::Meter;
use http::{Method, StatusCode};
use serde_json::json;

use crate::world::{Life, Reply, World, until};

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_made_once_described_listed_and_removed() {
    let world = World::new().await;
    let life = world.start().await;
    let schema = json!({"vector": {"dimension": 3}, "attributes": {"page": "int"}});
    let made = life.put("main/collections/a", schema.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.units("write"), 2_000);
    assert_eq!(made.body["result"]["vector"]["metric"], "cosine");
    let again = life.put("main/collections/a", schema).await.ok();
    assert_eq!((again.status, again.units("write")), (StatusCode::OK, 0));
    assert_eq!(again.body["result"], made.body["result"]);
    let other = life.put("main/collections/a", json!({"text": {}})).await;
    assert_eq!(other.refusal(), (409, "conflict", ""));
    let list = life.get("main/collections").await.ok();
    assert_eq!(list.body["result"]["collections"][0]["name"], "a");
    assert_eq!(life.get("main/collections/a").await.ok().body["result"]["rows"], 0);
    assert_eq!(life.get("main/collections/b").await.refusal(), (404, "not_found", ""));
    let gone = life.send(Method::DELETE, "main/collections/a", &[], None).await.ok();
    assert_eq!(gone.units("write"), 2_000);
    let twice = life.send(Method::DELETE, "main/collections/a", &[], None).await;
    assert_eq!(twice.refusal(), (404, "not_found", ""));
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 4_000, "two that did something");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_back_at_once_in_every_way() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let records = json!({"records": [
        {"id": "a", "vector": [1, 0], "text": "the quick brown fox", "attributes": {"page": 1, "lang": "en"}, "metadata": {"x": [1]}},
        {"id": "b", "vector": [0, 1], "text": "lazy dogs sleep", "attributes": {"page": 2}},
        {"id": "c", "vector": [1, 1], "text": "foxes and dogs", "attributes": {"page": 3}},
    ]});
    let written = life.post("main/collections/docs/upsert", records).await.ok();
    let commit = written.body["receipt"]["commit"].as_u64().expect("a commit");
    assert_eq!(written.body["result"], json!({"upserted": 3, "embedded": 0}));

    let fetched = life.post("main/collections/docs/fetch", json!({"ids": ["c", "x", "a"]})).await.ok();
    assert_eq!(fetched.body["result"]["records"][0]["id"], "c");
    assert_eq!(fetched.body["result"]["records"][1]["attributes"], json!({"page": 1, "lang": "en"}));
    assert_eq!(fetched.body["result"]["records"][1]["metadata"], json!({"x": [1]}));
    assert!(fetched.body["result"]["records"][1].get("vector").is_none(), "not asked for");
    assert_eq!(fetched.body["result"]["missing"], json!(["x"]));
    assert!(fetched.body["receipt"]["commit"].as_u64() >= Some(commit));

    let hits = |body: &serde_json::Value| -> Vec<String> {
        let hits = body["result"]["hits"].as_array().cloned().unwrap_or_default();
        hits.iter().filter_map(|hit| Some(hit["id"].as_str()?.to_owned())).collect()
    };
    let by_vector = life.post("main/collections/docs/query", json!({"vector": [1, 0.1], "top_k": 2})).await.ok();
    assert_eq!((hits(&by_vector.body), by_vector.units("query")), (vec!["a".to_owned(), "c".to_owned()], 1_000));
    let by_text =
        life.post("main/collections/docs/query", json!({"text": "dogs", "filter": "page >= $1", "params": [3]}));
    assert_eq!(hits(&by_text.await.ok().body), ["c"]);
    let both = json!({"vector": [1, 0], "text": "fox", "include": ["id", "score_parts"]});
    let both = life.post("main/collections/docs/query", both).await.ok();
    assert_eq!(both.body["result"]["mode"], "hybrid");
    assert_eq!(both.body["result"]["hits"][0]["id"], "a");
    assert_eq!(both.body["result"]["hits"][0]["score_parts"]["vector_rank"], 1);
    assert!(both.body["result"]["hits"][0].get("text").is_none());

    let counted = life.post("main/collections/docs/count", json!({"filter": "page < 3"})).await.ok();
    assert_eq!((counted.body["result"]["count"].as_u64(), counted.units("query")), (Some(2), 100));
    let first = life.post("main/collections/docs/scan", json!({"limit": 2})).await.ok();
    assert_eq!(first.body["result"]["records"].as_array().map(Vec::len), Some(2));
    let cursor = first.body["result"]["next_cursor"].clone();
    let second = life.post("main/collections/docs/scan", json!({"limit": 2, "cursor": cursor})).await.ok();
    assert_eq!(second.body["result"]["records"][0]["id"], "c");
    assert!(second.body["result"]["next_cursor"].is_null());

    let deleted = life.post("main/collections/docs/delete", json!({"ids": ["a", "x"]})).await.ok();
    assert_eq!((deleted.body["result"]["deleted"].as_u64(), deleted.units("write")), (Some(1), 2_000));
    let fetched = life.post("main/collections/docs/fetch", json!({"ids": ["a"]})).await.ok();
    assert_eq!(fetched.body["result"]["missing"], json!(["a"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_gets_is_what_the_receipts_say() {
    let world = World::new().await;
    let other = world.new_key(|_| {});
    let life = world.start().await.with_docs().await;
    let second = life.with(&other);
    let (mut write, mut query, mut others, mut bytes) = (2_000, 0, 0, 0);
    for n in 0..20 {
        let record = json!({"records": [{"id": format!("r{n}"), "vector": [1, n], "text": "x".repeat(n * 1_000)}]});
        let reply = life.post("main/collections/docs/upsert", record).await.ok();
        write += reply.units("write");
        let reply = life.post("main/collections/docs/query", json!({"vector": [1, 2], "top_k": 20})).await.ok();
        query += reply.units("query");
        bytes += reply.bytes;
        others += second.post("main/collections/docs/fetch", json!({"ids": ["r0"]})).await.ok().units("query");
        life.post("main/collections/docs/query", json!({"top_k": 0})).await;
        life.post("main/collections/none/query", json!({"vector": [1, 2]})).await;
    }
    assert_eq!((query, others), (20_000, 2_000));
    let billed = |meter, key| world.plane.billed(meter, Some(key));
    let (mine, theirs) = (world.key.key_id(), other.key_id());
    until("all of it is reported", || billed(Meter::Query, theirs) == others && billed(Meter::Write, mine) == write)
        .await;
    assert_eq!(billed(Meter::Query, mine), query);
    assert_eq!(billed(Meter::Write, theirs), 0);
    assert!(billed(Meter::EgressBytes, mine) > bytes as u64);
    life.node.drain().await;
    assert_eq!((billed(Meter::Query, mine), billed(Meter::Write, mine)), (query, write));
    assert_eq!(world.plane.decreases(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_done_and_counted_once() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let path = "main/collections/docs/upsert";
    let body = |text: &str| json!({"records": [{"id": "a", "vector": [1, 0], "text": text}]});
    let key = [("idempotency-key", "k1")];
    let first = life.send(Method::POST, path, &key, Some(body("one"))).await.ok();
    assert_eq!(first.header("idempotency-replayed"), "");
    life.post(path, body("two")).await.ok();
    let again = life.send(Method::POST, path, &key, Some(body("one"))).await.ok();
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body["result"], first.body["result"]);
    assert_eq!(again.body["receipt"]["commit"], first.body["receipt"]["commit"]);
    assert_eq!(again.body["receipt"]["milli_units"], json!({}));
    let fetched = life.post("main/collections/docs/fetch", json!({"ids": ["a"]})).await.ok();
    assert_eq!(fetched.body["result"]["records"][0]["text"], "two", "not done again");
    let other = life.send(Method::POST, path, &key, Some(body("three"))).await;
    assert_eq!(other.refusal(), (409, "idempotency_conflict", ""));

    let delete = json!({"ids": ["a"]});
    let key = [("idempotency-key", "k2")];
    let path = "main/collections/docs/delete";
    assert_eq!(life.send(Method::POST, path, &key, Some(delete.clone())).await.ok().body["result"]["deleted"], 1);
    assert_eq!(life.send(Method::POST, path, &key, Some(delete)).await.ok().body["result"]["deleted"], 1);

    let path = "main/collections/more";
    let made = life.send(Method::PUT, path, &key, Some(json!({}))).await;
    let again = life.send(Method::PUT, path, &key, Some(json!({}))).await;
    assert_eq!((made.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(again.body["result"], made.body["result"]);
    let gone = life.send(Method::DELETE, path, &key, None).await.ok();
    let again = life.send(Method::DELETE, path, &key, None).await.ok();
    assert_eq!((again.header("idempotency-replayed"), &again.body["result"]), ("true", &gone.body["result"]));

    // Also when what it was about is gone.
    life.send(Method::DELETE, "main/collections/docs", &[], None).await.ok();
    let key = [("idempotency-key", "k1")];
    let again = life.send(Method::POST, "main/collections/docs/upsert", &key, Some(body("one"))).await.ok();
    assert_eq!((again.header("idempotency-replayed"), &again.body["result"]), ("true", &first.body["result"]));
    life.node.drain().await;
    assert_eq!(
        world.plane.billed(Meter::Write, None),
        7 * 2_000,
        "what was done: two collections, both removed, two upserts, one delete"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_kept_for_a_collection_that_was_there_is_charged_as_the_write_that_it_is() {
    let world = World::new().await;
    let life = world.start().await;
    let path = "main/collections/a";
    assert_eq!(life.put(path, json!({})).await.ok().units("write"), 2_000);
    let plain = life.put(path, json!({})).await.ok();
    assert_eq!((plain.status, plain.units("write")), (StatusCode::OK, 0));
    life.post("main/collections/a/upsert", json!({"records": [{"id": "r1"}]})).await.ok();
    let key = [("idempotency-key", "k1")];
    let kept = life.send(Method::PUT, path, &key, Some(json!({}))).await.ok();
    assert_eq!((kept.status, kept.units("write")), (StatusCode::OK, 2_000));
    assert_eq!(kept.body["result"]["rows"], 1);
    life.post("main/collections/a/upsert", json!({"records": [{"id": "r2"}]})).await.ok();
    let again = life.send(Method::PUT, path, &key, Some(json!({}))).await.ok();
    assert_eq!((again.header("idempotency-replayed"), again.units("write")), ("true", 0));
    assert_eq!((again.status, &again.body["result"]), (StatusCode::OK, &kept.body["result"]));
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 8_000, "as the receipts say");
}

/// Each of them finds no collection when it comes, and one of them makes it.
#[tokio::test(flavor = "multi_thread")]
async fn of_requests_that_make_a_collection_together_each_is_answered_the_same_when_it_is_repeated() {
    let world = World::new().await;
    let life = world.start().await;
    for round in 0..5 {
        let path = format!("main/collections/c{round}");
        let keys: Vec<String> = (0..8).map(|n| format!("k{round}-{n}")).collect();
        let first = futures::future::join_all(keys.iter().map(|key| make(&life, &path, key))).await;
        let made = first.iter().filter(|reply| reply.status == StatusCode::CREATED).count();
        assert_eq!(made, 1, "round {round}");
        for (key, first) in keys.iter().zip(first) {
            let again = make(&life, &path, key).await;
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!((again.status, &again.body["result"]), (first.status, &first.body["result"]), "{key}");
        }
    }
}

async fn make(life: &Life, path: &str, key: &str) -> Reply {
    life.send(Method::PUT, path, &[("idempotency-key", key)], Some(json!({}))).await.ok()
}
