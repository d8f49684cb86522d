//! Bad input is refused by name, stored nowhere, and costs nothing.

use agentdb_control_plane_contract::Meter;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Reply, World};

#[expect(clippy::needless_pass_by_value, reason = "cases are written as literals")]
fn upsert(record: Value) -> (&'static str, Value) {
    ("upsert", json!({"records": [record]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_and_nothing_is_stored() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let good = json!({"id": "a", "vector": [1, 0]});
    let cases = [
        (upsert(json!({"id": "a", "vector": [1]})), "invalid_request", "/records/0/vector"),
        (upsert(json!({"id": "a", "vector": [1, 1e39]})), "invalid_request", "/records/0/vector/1"),
        (upsert(json!({"id": "a", "vector": [0, 0]})), "invalid_request", "/records/0/vector"),
        (upsert(json!({"id": "a", "vector": [1, "x"]})), "invalid_request", "/records/0/vector/1"),
        (upsert(json!({"id": "a"})), "invalid_request", "/records/0/vector"),
        (upsert(json!({"id": "", "vector": [1, 0]})), "invalid_request", "/records/0/id"),
        (upsert(json!({"id": "x".repeat(257), "vector": [1, 0]})), "invalid_request", "/records/0/id"),
        (upsert(json!({"id": 7, "vector": [1, 0]})), "invalid_request", "/records/0/id"),
        (upsert(json!({"id": "a", "vector": [1, 0], "colour": 1})), "invalid_request", "/records/0/colour"),
        (
            upsert(json!({"id": "a", "vector": [1, 0], "attributes": {"page": "1"}})),
            "invalid_request",
            "/records/0/attributes/page",
        ),
        (
            upsert(json!({"id": "a", "vector": [1, 0], "attributes": {"nope": 1}})),
            "invalid_request",
            "/records/0/attributes/nope",
        ),
        (
            upsert(json!({"id": "a", "vector": [1, 0], "text": "x".repeat(65_537)})),
            "invalid_request",
            "/records/0/text",
        ),
        (
            upsert(json!({"id": "a", "vector": [1, 0], "metadata": "x".repeat(300_000)})),
            "invalid_request",
            "/records/0/metadata",
        ),
        (upsert(json!({"id": "a", "vector": vec![1; 4097]})), "invalid_request", "/records/0/vector"),
        (("upsert", json!({"records": [good, good]})), "invalid_request", "/records/1/id"),
        (("upsert", json!({"records": []})), "invalid_request", "/records"),
        (("upsert", json!({"records": vec![good.clone(); 1001]})), "invalid_request", "/records"),
        (("upsert", json!({})), "invalid_request", "/records"),
        (("upsert", json!([])), "invalid_request", ""),
        (("delete", json!({"ids": ["a", "a"]})), "invalid_request", "/ids/1"),
        (("delete", json!({"ids": []})), "invalid_request", "/ids"),
        (("delete", json!({"ids": ["a", "b", "c", "d\n"]})), "invalid_request", "/ids/3"),
        (("delete", json!({"ids": vec!["a"; 1001]})), "invalid_request", "/ids"),
        (("fetch", json!({"ids": vec!["a"; 1001]})), "invalid_request", "/ids"),
        (("fetch", json!({"ids": ["a"], "include": vec!["text"; 9]})), "invalid_request", "/include"),
        (("scan", json!({"include": vec!["text"; 9]})), "invalid_request", "/include"),
        (("query", json!({"vector": [1, 0], "include": vec!["text"; 9]})), "invalid_request", "/include"),
        (("query", json!({"vector": vec![1; 4097]})), "invalid_request", "/vector"),
        (("query", json!({"vector": [1, 0], "params": vec![1; 257]})), "invalid_request", "/params"),
        (("scan", json!({"filter": "page = $1", "params": vec![1; 257]})), "invalid_request", "/params"),
        (("count", json!({"filter": "page = $1", "params": vec![1; 257]})), "invalid_request", "/params"),
        (("count", json!({"filter": "page = $1", "params": [{"a": 1}]})), "invalid_request", "/params/0"),
        (("fetch", json!({"ids": ["a"], "include": ["everything"]})), "invalid_request", "/include/0"),
        (("count", json!({"filter": "page >"})), "invalid_filter", "/filter"),
        (("count", json!({"filter": "nope = 1"})), "invalid_filter", "/filter"),
        (("count", json!({"filter": "page = $2", "params": [1]})), "invalid_filter", "/filter"),
        (("count", json!({"params": [1]})), "invalid_request", "/params"),
        (("scan", json!({"limit": 0})), "invalid_request", "/limit"),
        (("scan", json!({"limit": 1001})), "invalid_request", "/limit"),
        (("scan", json!({"cursor": "xyz"})), "invalid_request", "/cursor"),
        (("query", json!({})), "invalid_request", ""),
        (("query", json!({"vector": [1]})), "invalid_request", "/vector"),
        (("query", json!({"vector": [1, 0], "top_k": 0})), "invalid_request", "/top_k"),
        (("query", json!({"vector": [1, 0], "top_k": 1001})), "invalid_request", "/top_k"),
        (("query", json!({"vector": [1, 0], "alpha": 0.5})), "invalid_request", "/alpha"),
        (("query", json!({"text": "a", "mode": "semantic"})), "invalid_request", "/mode"),
        (("query", json!({"text": "a", "mode": "psychic"})), "invalid_request", "/mode"),
        (("query", json!({"text": " "})), "invalid_request", "/text"),
        (("query", json!({"vector": [1, 0], "at_commit": 3})), "invalid_request", "/at_commit"),
    ];
    for ((verb, body), code, pointer) in cases {
        let reply = life.post(&format!("main/collections/docs/{verb}"), body).await;
        let (status, got, at) = reply.refusal();
        assert_eq!((status, got), (400, code), "{}", reply.body);
        assert_eq!(at, pointer, "{}", reply.body);
        assert!(reply.body["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    let many: serde_json::Map<String, Value> = (0..129).map(|n| (format!("a{n}"), json!("int"))).collect();
    for (name, body, pointer) in [
        ("x y", json!({}), "collection"),
        ("bad", json!({"vector": {"dimension": 0}}), "/vector/dimension"),
        ("bad", json!({"vector": {"dimension": 3, "metric": "manhattan"}}), "/vector/metric"),
        ("bad", json!({"embedding_model": "nope"}), "/embedding_model"),
        ("bad", json!({"attributes": {"id": "int"}}), "/attributes/id"),
        ("bad", json!({"attributes": {"a": "int", "A": "int"}}), "/attributes/a"),
        ("bad", json!({"attributes": many}), "/attributes"),
    ] {
        let reply = life.put(&format!("main/collections/{name}"), body).await;
        assert_eq!(reply.refusal(), (400, "invalid_request", pointer), "{}", reply.body);
    }
    let widest = json!({"ids": ["😀".repeat(256)]});
    let gone = life.post("main/collections/docs/delete", widest).await.ok();
    assert_eq!(gone.body["result"]["deleted"], 0, "256 characters fit, whatever their bytes");
    let key = [("idempotency-key", "ä")];
    let reply = life.send(Method::POST, "main/collections/docs/delete", &key, Some(json!({"ids": ["a"]}))).await;
    assert_eq!(reply.refusal(), (400, "invalid_request", "Idempotency-Key"));
    let count = life.post("main/collections/docs/count", json!({})).await.ok();
    assert_eq!(count.body["result"]["count"], 0);
    assert_eq!(life.get("main/collections").await.ok().body["result"]["collections"].as_array().map(Vec::len), Some(1));
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 4_000, "the one collection and the one delete");
    assert_eq!(world.plane.billed(Meter::Query, None), 100, "the one count");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_are_refused() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let url = format!("{}/v1/namespaces/main/collections/docs/upsert", life.base);
    let send = |kind: &'static str, body: Vec<u8>| {
        let request = life.http.post(&url).bearer_auth(&life.token).header(header::CONTENT_TYPE, kind).body(body);
        async move { Reply::read(request.send().await.expect("a reply")).await }
    };
    let reply = send("application/json", b"{\"records\":[{\"id\":\"\xff\"}]}".to_vec()).await;
    assert_eq!(reply.refusal().0, 400);
    assert_eq!(reply.body["errors"][0]["code"], "invalid_utf8");
    assert_eq!(send("application/json", Vec::new()).await.refusal().0, 400);
    assert_eq!(send("application/json", b"{\"records\":".to_vec()).await.refusal().0, 400);
    assert_eq!(send("text/plain", b"{}".to_vec()).await.refusal().0, 415);
    let large = send("application/json", vec![b' '; 20 * 1024 * 1024]).await;
    assert_eq!((large.status, large.refusal().1), (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"));
}
