//! Changes of records over HTTP: patches, removal by filter, and conditions; each is counted as what it did.

use agentdb_control_plane_contract::Meter;
use http::Method;
use serde_json::json;

use crate::world::World;

const UPSERT: &str = "main/collections/docs/upsert";
const PATCH: &str = "main/collections/docs/patch";
const DELETE: &str = "main/collections/docs/delete";
const FETCH: &str = "main/collections/docs/fetch";

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_it_names_and_costs_what_the_whole_records_cost() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let long = "x".repeat(5_000);
    let records = json!({"records": [
        {"id": "a", "vector": [1, 0], "text": long, "attributes": {"page": 1, "lang": "en"}, "metadata": {"x": 1, "y": {"z": 2}}},
        {"id": "b", "vector": [0, 1], "text": "short"},
    ]});
    let written = life.post(UPSERT, records).await.ok().units("write");
    assert_eq!(written, 3_000);
    let patches = json!({"patches": [
        {"id": "a", "attributes": {"page": 2, "lang": null}, "metadata": {"x": null, "y": {"w": 3}}},
        {"id": "b", "text": null, "vector": [1, 1]},
        {"id": "c", "text": "none"},
    ], "missing": "skip"});
    let key = [("idempotency-key", "k1")];
    let patched = life.send(Method::POST, PATCH, &key, Some(patches.clone())).await.ok();
    assert_eq!(patched.body["result"], json!({"patched": 2, "missing": 1, "embedded": 0}));
    assert_eq!(patched.units("write"), 3_000, "two steps and one");
    let again = life.send(Method::POST, PATCH, &key, Some(patches)).await.ok();
    assert_eq!((&again.body["result"], again.units("write")), (&patched.body["result"], 0));
    let fetched = life.post(FETCH, json!({"ids": ["a", "b"], "include": ["text", "attributes", "metadata", "vector"]}));
    let records = fetched.await.ok().body["result"]["records"].clone();
    assert_eq!(records[0]["attributes"], json!({"page": 2}));
    assert_eq!(records[0]["metadata"], json!({"y": {"z": 2, "w": 3}}));
    assert_eq!((records[0]["text"].as_str(), &records[0]["vector"]), (Some(long.as_str()), &json!([1.0, 0.0])));
    assert_eq!((records[1].get("text"), &records[1]["vector"]), (None, &json!([1.0, 1.0])));
    assert_eq!(records[0]["commit"], patched.body["receipt"]["commit"]);

    let refused = async |patch: serde_json::Value| life.post(PATCH, json!({"patches": [patch]})).await;
    let missing = refused(json!({"id": "c", "text": "x"})).await;
    assert_eq!(missing.refusal(), (412, "precondition_failed", ""));
    for (patch, pointer) in [
        (json!({"id": "a", "attributes": {"page": "x"}}), "/patches/0/attributes/page"),
        (json!({"id": "a", "attributes": {"nothing": null}}), "/patches/0/attributes/nothing"),
        (json!({"id": "a", "vector": [1]}), "/patches/0/vector"),
        (json!({"id": "a"}), "/patches/0/patch"),
        (json!({"id": "", "text": "x"}), "/patches/0/id"),
    ] {
        let refused = refused(patch).await;
        assert_eq!(refused.refusal(), (400, "invalid_request", pointer));
    }
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 2_000 + 3_000 + 3_000, "the collection, the upsert, the patch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_by_filter_goes_on_until_none_passes() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let record = |n: usize| json!({"id": format!("r{n:02}"), "vector": [1, n], "attributes": {"page": n % 2}});
    life.post(UPSERT, json!({"records": (0..30).map(record).collect::<Vec<_>>()})).await.ok();
    let delete = json!({"filter": "page = $1", "params": [1], "limit": 10});
    let first = life.post(DELETE, delete.clone()).await.ok();
    assert_eq!(first.body["result"], json!({"deleted": 10, "more": true}));
    assert_eq!(first.units("write"), 2_500);
    let second = life.post(DELETE, delete.clone()).await.ok();
    assert_eq!(second.body["result"], json!({"deleted": 5, "more": false}));
    assert_eq!(second.units("write"), 2_000);
    let left = life.post("main/collections/docs/count", json!({})).await.ok();
    assert_eq!(left.body["result"]["count"], 15);
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"ids": ["a"], "filter": "page = 1"}), "/filter"),
        (json!({"ids": ["a"], "limit": 1}), "/limit"),
        (json!({"filter": "page = 1", "limit": 0}), "/limit"),
        (json!({"filter": "page = 1", "if": "present"}), "/if"),
    ] {
        assert_eq!(life.post(DELETE, body).await.refusal(), (400, "invalid_request", pointer));
    }
    assert_eq!(life.post(DELETE, json!({"filter": "page ="})).await.refusal().1, "invalid_filter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_condition_does_not_hold_is_a_412_with_the_commit_of_the_record() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    let upsert = |page: i32, condition: serde_json::Value| json!({"records": [{"id": "a", "vector": [1, 0], "attributes": {"page": page}}], "if": condition});
    let made = life.post(UPSERT, upsert(1, json!("absent"))).await.ok();
    let commit = made.body["receipt"]["commit"].clone();
    let refused = life.post(UPSERT, upsert(2, json!("absent"))).await;
    assert_eq!(refused.refusal(), (412, "precondition_failed", ""));
    assert_eq!((&refused.body["record"], &refused.body["current_commit"]), (&json!("a"), &commit));
    let fetched = life.post(FETCH, json!({"ids": ["a"]})).await.ok();
    assert_eq!(fetched.body["result"]["records"][0]["commit"], commit);
    let next = life.post(UPSERT, upsert(2, json!({"commit": commit}))).await.ok();
    let stale = life.post(UPSERT, upsert(3, json!({"commit": commit}))).await;
    assert_eq!(stale.body["current_commit"], next.body["receipt"]["commit"]);
    let patch = |condition: &str| json!({"patches": [{"id": "a", "text": "x"}], "if": {"filter": condition}});
    assert_eq!(life.post(PATCH, patch("page = 1")).await.status.as_u16(), 412);
    life.post(PATCH, patch("page = 2")).await.ok();
    assert_eq!(life.post(PATCH, patch("page =")).await.refusal(), (400, "invalid_filter", "/if/filter"));
    let delete = |condition: &str| json!({"ids": ["a"], "if": condition});
    assert_eq!(life.post(DELETE, delete("absent")).await.status.as_u16(), 412);
    assert_eq!(life.post(DELETE, delete("present")).await.ok().body["result"], json!({"deleted": 1}));
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 5 * 2_000, "what was refused is not counted");
}
