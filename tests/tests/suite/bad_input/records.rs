//! Records that cannot be written.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Ground, case::Case};

pub fn cases(ground: &Ground) -> Vec<Case> {
    let mut cases = one_record(ground);
    cases.extend(batches(ground));
    cases.extend(bodies(ground));
    cases.extend(ids(ground));
    cases
}

fn one_record(ground: &Ground) -> Vec<Case> {
    let upsert = format!("{}/upsert", ground.points.path());
    let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
    let wrong: Vec<(&'static str, Value, &'static str)> = vec![
        ("wrong dimension", json!({"id": "x", "vector": [1, 2, 3]}), "/records/0/vector"),
        ("empty vector", json!({"id": "x", "vector": []}), "/records/0/vector"),
        ("not a 32-bit number", json!({"id": "x", "vector": [1, 1e39]}), "/records/0/vector/1"),
        ("no direction", json!({"id": "x", "vector": [0, 0]}), "/records/0/vector"),
        ("vector of text", json!({"id": "x", "vector": ["1", "2"]}), "/records/0/vector"),
        ("no vector", json!({"id": "x"}), "/records/0/vector"),
        ("no id", json!({"vector": [1, 2]}), "id"),
        ("empty id", json!({"id": "", "vector": [1, 2]}), "/records/0/id"),
        ("id of a number", json!({"id": 7, "vector": [1, 2]}), "/records/0/id"),
        ("long id", json!({"id": "x".repeat(257), "vector": [1, 2]}), "/records/0/id"),
        ("id with a line break", json!({"id": "x\n", "vector": [1, 2]}), "/records/0/id"),
        ("id with NUL", json!({"id": "x\u{0}", "vector": [1, 2]}), "/records/0/id"),
        ("unknown member", json!({"id": "x", "vector": [1, 2], "vektor": 1}), "/records/0/vektor"),
        ("text without a text column", json!({"id": "x", "vector": [1, 2], "text": "t"}), "/records/0/text"),
        (
            "undeclared attribute",
            json!({"id": "x", "vector": [1, 2], "attributes": {"colour": 1}}),
            "/attributes/colour",
        ),
        (
            "attribute of another type",
            json!({"id": "x", "vector": [1, 2], "attributes": {"page": "1"}}),
            "/attributes/page",
        ),
        (
            "fraction for an integer",
            json!({"id": "x", "vector": [1, 2], "attributes": {"page": 1.5}}),
            "/attributes/page",
        ),
        (
            "list with a number",
            json!({"id": "x", "vector": [1, 2], "attributes": {"tags": ["a", 1]}}),
            "/attributes/tags",
        ),
        (
            "no such day",
            json!({"id": "x", "vector": [1, 2], "attributes": {"at": "2026-02-30T00:00:00Z"}}),
            "/attributes/at",
        ),
        ("attributes in a list", json!({"id": "x", "vector": [1, 2], "attributes": []}), "/records/0/attributes"),
        ("deep metadata", json!({"id": "x", "vector": [1, 2], "metadata": deep}), "/records/0/metadata"),
        (
            "large metadata",
            json!({"id": "x", "vector": [1, 2], "metadata": "x".repeat(300_000)}),
            "/records/0/metadata",
        ),
    ];
    let post = |(what, record, names): (&'static str, Value, &'static str)| {
        Case::post(what, &ground.key, &upsert, &json!({"records": [record]}), names)
    };
    let long_text = json!({"records": [{"id": "x", "text": "x".repeat(70_000)}]});
    let long_text =
        Case::post("long text", &ground.key, format!("{}/upsert", ground.words.path()), &long_text, "/records/0/text");
    wrong.into_iter().map(post).chain([long_text]).collect()
}

fn batches(ground: &Ground) -> Vec<Case> {
    let upsert = format!("{}/upsert", ground.points.path());
    let post = |what, body: &Value, names| Case::post(what, &ground.key, upsert.as_str(), body, names);
    let good = |id: &str| json!({"id": id, "vector": [1, 2]});
    let many: Vec<_> = (0..1_001).map(|n| good(&n.to_string())).collect();
    vec![
        post("no records", &json!({"records": []}), "/records"),
        post("too many records", &json!({ "records": many }), "/records"),
        post("one id twice", &json!({"records": [good("a"), good("b"), good("a")]}), "/records/2/id"),
        post("one wrong among good", &json!({"records": [good("a"), {"id": "b", "vector": [1]}]}), "/records/1/vector"),
        post("records in an object", &json!({"records": {"a": 1}}), "/records"),
        post("unknown field", &json!({"records": [good("a")], "mode": "each"}), "/mode"),
        post("no field", &json!({}), "records"),
        post("a key of blanks", &json!({"records": [good("a")]}), "Idempotency-Key").header("idempotency-key", "a b"),
        post("a long key", &json!({"records": [good("a")]}), "Idempotency-Key")
            .header("idempotency-key", "k".repeat(256)),
    ]
}

fn bodies(ground: &Ground) -> Vec<Case> {
    let upsert = format!("{}/upsert", ground.points.path());
    let post = |what, names| Case::post(what, &ground.key, upsert.as_str(), &Value::Null, names);
    let large = format!(r#"{{"records":[{{"id":"x","vector":[1,2],"metadata":"{}"}}]}}"#, "x".repeat(20 << 20));
    vec![
        post("NaN", "/records/0/vector").raw(r#"{"records":[{"id":"x","vector":[NaN,1]}]}"#),
        post("Infinity", "/records/0/vector").raw(r#"{"records":[{"id":"x","vector":[Infinity,1]}]}"#),
        post("not UTF-8", "UTF-8").raw(b"{\"records\":[{\"id\":\"\xff\xfe\",\"vector\":[1,2]}]}".to_vec()),
        post("half a surrogate pair", "/records/0/id").raw(r#"{"records":[{"id":"\ud800","vector":[1,2]}]}"#),
        post("broken off", "EOF").raw(r#"{"records":[{"id":"x""#),
        post("more after the end", "after the value").raw(r#"{"records":[{"id":"x","vector":[1,2]}]} {}"#),
        post("a member twice", "records").raw(r#"{"records":[],"records":[{"id":"x","vector":[1,2]}]}"#),
        post("no body", "body").raw(""),
        post("null", "").raw("null"),
        post("20 MB", "body").raw(large).answers(413, "payload_too_large"),
        post("not JSON", "content-type")
            .raw("records=1")
            .header("content-type", "application/x-www-form-urlencoded")
            .answers(415, "unsupported_media_type"),
    ]
}

fn ids(ground: &Ground) -> Vec<Case> {
    let points = ground.points.path();
    let post =
        |what, verb: &str, body: &Value, names| Case::post(what, &ground.key, format!("{points}/{verb}"), body, names);
    let patch = |parts: Value| {
        let mut patch = parts;
        patch["id"] = json!("kept");
        json!({ "patches": [patch] })
    };
    vec![
        post("delete nothing", "delete", &json!({"ids": []}), "/ids"),
        post("delete one twice", "delete", &json!({"ids": ["kept", "kept"]}), "/ids/1"),
        post("delete nothing named", "delete", &json!({}), "filter"),
        post("delete by ids and filter", "delete", &json!({"ids": ["kept"], "filter": "page = 1"}), "/filter"),
        post("delete by no filter", "delete", &json!({"filter": "page"}), "filter").answers(400, "invalid_filter"),
        post("delete none by filter", "delete", &json!({"filter": "page = 1", "limit": 0}), "/limit"),
        post("delete too many by filter", "delete", &json!({"filter": "page = 1", "limit": 1_001}), "/limit"),
        post("delete by ids with a limit", "delete", &json!({"ids": ["kept"], "limit": 1}), "/limit"),
        post("delete by ids with values", "delete", &json!({"ids": ["kept"], "params": [1]}), "/params"),
        post("delete by filter if there", "delete", &json!({"filter": "page = 1", "if": "present"}), "/if"),
        post("delete on an unknown condition", "delete", &json!({"ids": ["kept"], "if": "maybe"}), "/if"),
        post("patch nothing", "patch", &json!({"patches": []}), "/patches"),
        post("patch no part", "patch", &json!({"patches": [{"id": "kept"}]}), "/patches/0"),
        post("patch another type", "patch", &patch(json!({"attributes": {"page": "1"}})), "/patches/0/attributes/page"),
        post(
            "patch undeclared",
            "patch",
            &patch(json!({"attributes": {"colour": null}})),
            "/patches/0/attributes/colour",
        ),
        post("patch a wrong vector", "patch", &patch(json!({"vector": [1]})), "/patches/0/vector"),
        post("patch no text column", "patch", &patch(json!({"text": "x"})), "/patches/0/text"),
        post(
            "patch who is missing",
            "patch",
            &json!({"patches": [{"id": "a", "vector": [1, 2]}], "missing": "make"}),
            "/missing",
        ),
        post("fetch numbers", "fetch", &json!({"ids": [1]}), "/ids/0"),
        post("fetch too many", "fetch", &json!({"ids": (0..1_001).map(|n| n.to_string()).collect::<Vec<_>>()}), "/ids"),
        post("fetch at a commit", "fetch", &json!({"ids": ["kept"], "at_commit": 1}), "/at_commit"),
        Case::get("a verb by GET", &ground.key, format!("{points}/fetch"), "method")
            .method(Method::GET)
            .answers(405, "method_not_allowed"),
    ]
}
