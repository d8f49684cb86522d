//! Questions that cannot be answered.

use serde_json::{Value, json};

use super::{Ground, case::Case};

pub fn cases(ground: &Ground) -> Vec<Case> {
    let mut cases = shapes(ground);
    cases.extend(filters(ground));
    cases
}

fn shapes(ground: &Ground) -> Vec<Case> {
    let (points, words) = (ground.points.path(), ground.words.path());
    let query =
        |what, path: &str, body: &Value, names| Case::post(what, &ground.key, format!("{path}/query"), body, names);
    let queries = |what, queries: &Value, names| {
        Case::post(what, &ground.key, format!("{points}/multi-query"), &json!({ "queries": queries }), names)
    };
    let recall = |what, body: &Value, names| Case::post(what, &ground.key, format!("{points}/recall"), body, names);
    let scan = |what, body: &Value, names| Case::post(what, &ground.key, format!("{points}/scan"), body, names);
    vec![
        query("nothing asked", points, &json!({}), "vector"),
        query("wrong dimension", points, &json!({"vector": [1, 2, 3]}), "/vector"),
        query("no hits wanted", points, &json!({"vector": [1, 2], "top_k": 0}), "/top_k"),
        query("too many hits", points, &json!({"vector": [1, 2], "top_k": 1_001}), "/top_k"),
        query("negative hits", points, &json!({"vector": [1, 2], "top_k": -1}), "/top_k"),
        query("unknown mode", points, &json!({"vector": [1, 2], "mode": "magic"}), "/mode"),
        query("unknown part", points, &json!({"vector": [1, 2], "include": ["soul"]}), "/include/0"),
        query("unknown field", points, &json!({"vector": [1, 2], "limit": 3}), "/limit"),
        query("weight without a mix", points, &json!({"vector": [1, 2], "alpha": 0.5}), "/alpha"),
        query("heavy weight", points, &json!({"vector": [1, 2], "text": "x", "alpha": 1.5}), "/alpha"),
        query("text of a vector collection", points, &json!({"text": "word"}), "/mode"),
        query("vector of a text collection", words, &json!({"vector": [1, 2]}), "/mode"),
        query("meaning without a model", points, &json!({"text": "word", "mode": "semantic"}), "/mode"),
        query("blank text", words, &json!({"text": " \t"}), "/text"),
        query("long text", words, &json!({"text": "x".repeat(70_000)}), "/text"),
        scan("empty page", &json!({"limit": 0}), "/limit"),
        scan("large page", &json!({"limit": 1_001}), "/limit"),
        query("group of a list", points, &json!({"vector": [1, 2], "group_by": "nothing"}), "/group_by"),
        query(
            "groups of no size",
            points,
            &json!({"vector": [1, 2], "group_by": "page", "group_size": 0}),
            "/group_size",
        ),
        query(
            "groups too many",
            points,
            &json!({"vector": [1, 2], "group_by": "page", "group_size": 500}),
            "/group_size",
        ),
        query("size without groups", points, &json!({"vector": [1, 2], "group_size": 2}), "/group_size"),
        query("distance of words", words, &json!({"text": "word", "max_distance": 0.5}), "/max_distance"),
        queries("no queries", &json!([]), "/queries"),
        queries("too many queries", &json!(vec![json!({"vector": [1, 2]}); 17]), "/queries"),
        queries("one wrong of two", &json!([{"vector": [1, 2]}, {"vector": [1]}]), "/queries/1/vector"),
        recall("no samples", &json!({"samples": 0}), "/samples"),
        recall("samples of large answers", &json!({"top_k": 101}), "/top_k"),
        scan("unknown order", &json!({"order_by": {"attribute": "nothing"}}), "/order_by"),
        scan("cursor of another order", &json!({"order_by": {"attribute": "page"}, "cursor": "c161"}), "/cursor"),
        scan("foreign cursor", &json!({"cursor": "?"}), "/cursor"),
    ]
}

fn filters(ground: &Ground) -> Vec<Case> {
    let points = ground.points.path();
    let wrong: Vec<(&'static str, &'static str, Value, &'static str)> = vec![
        ("half a comparison", "page >", json!([]), "filter"),
        ("unknown attribute", "colour = $1", json!(["red"]), "colour"),
        ("missing parameter", "page = $2", json!([1]), "$2"),
        ("parameter of another type", "page = $1", json!(["one"]), "params"),
        ("unused parameter", "page = $1", json!([1, 2]), "params"),
        ("open bracket", "(page = $1", json!([1]), "filter"),
        ("two statements", "page = $1; DROP TABLE points", json!([1]), "filter"),
        ("a function", "pg_sleep(10)", json!([]), "filter"),
        ("a subquery", "page IN (SELECT 1)", json!([]), "filter"),
        ("empty", "", json!([]), "filter"),
    ];
    let mut cases: Vec<_> = wrong
        .into_iter()
        .map(|(what, filter, params, names)| {
            let body = json!({"filter": filter, "params": params});
            Case::post(what, &ground.key, format!("{points}/count"), &body, names).answers(400, "invalid_filter")
        })
        .collect();
    let count = format!("{points}/count");
    cases.push(Case::post("parameters alone", &ground.key, &count, &json!({"params": [1]}), "/params"));
    cases.push(Case::post("filter of a number", &ground.key, &count, &json!({"filter": 1}), "/filter"));
    cases
}
