use agentdb_control_plane_contract::{Edition, Meter};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Whose, World};

async fn usage(world: &World, who: Whose, query: &str) -> Value {
    let (status, body) = world.get(who.org, Edition::Community, &format!("/usage{query}")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// Two keys in two namespaces over two days, a little storage, and a stranger.
async fn filled(world: &World) -> (Whose, Whose) {
    let node = world.node();
    let first = Whose::new(world);
    let second = Whose { org: first.org, ..Whose::new(world) };
    let (noon, stranger) = (world.hour() - 1, Whose::new(world));
    node.report(vec![
        node.counter(first, Meter::Query, noon, 1_000),
        node.counter(first, Meter::Query, noon - 24, 2_000),
        node.counter(second, Meter::Query, noon, 4_000),
        second.log_counter(Meter::Write, noon - 1, 8_000),
        Whose { key: None, ..first }.log_counter(Meter::StorageByteHours, noon, 1 << 40),
        node.counter(stranger, Meter::Query, noon, 99_000),
    ])
    .await;
    (first, second)
}

#[tokio::test]
async fn the_running_month_by_hour_and_meter_unless_asked_otherwise() {
    let world = World::new().await;
    let (first, _) = filled(&world).await;
    let row = |hour: &str, meter: &str, quantity: u64| json!({"hour": hour, "meter": meter, "key_id": null, "namespace_id": null, "quantity": quantity});
    assert_eq!(
        usage(&world, first, "").await,
        json!({
            "from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z", "granularity": "hour",
            "rows": [
                row("2026-11-21T12:00:00Z", "query", 2_000),
                row("2026-11-22T11:00:00Z", "write", 8_000),
                row("2026-11-22T12:00:00Z", "query", 5_000),
                row("2026-11-22T12:00:00Z", "storage_byte_hours", 1_u64 << 40),
            ],
            "totals": [
                {"meter": "query", "quantity": 7_000},
                {"meter": "storage_byte_hours", "quantity": 1_u64 << 40},
                {"meter": "write", "quantity": 8_000},
            ],
        })
    );
}

#[tokio::test]
async fn by_day_key_and_namespace() {
    let world = World::new().await;
    let (first, second) = filled(&world).await;
    let body = usage(&world, first, "?granularity=day&group_by=key,namespace&meter=query").await;
    let mut expected = vec![("2026-11-22T00:00:00Z", first, 1_000), ("2026-11-22T00:00:00Z", second, 4_000)];
    expected.sort_by_key(|(_, who, _)| who.namespace);
    expected.insert(0, ("2026-11-21T00:00:00Z", first, 2_000));
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(hour, who, quantity)| {
            json!({"hour": hour, "meter": "query", "key_id": who.key, "namespace_id": who.namespace, "quantity": quantity})
        })
        .collect();
    assert_eq!(body["rows"], Value::Array(expected));
    let one_key = format!("?key_id={}", second.key.expect("a key"));
    let totals = usage(&world, first, &one_key).await["totals"].clone();
    assert_eq!(totals, json!([{"meter": "query", "quantity": 4_000}, {"meter": "write", "quantity": 8_000}]));
}

#[tokio::test]
async fn a_range_holds_the_hours_that_begin_in_it() {
    let world = World::new().await;
    let (first, _) = filled(&world).await;
    let quantity = async |query: &str| usage(&world, first, query).await["totals"][0]["quantity"].as_u64();
    assert_eq!(quantity("?meter=query&from=2026-11-21T12:00:00Z&to=2026-11-22T12:00:00Z").await, Some(2_000));
    assert_eq!(quantity("?meter=query&from=2026-11-21T12:00:01Z&to=2026-11-22T12:00:01Z").await, Some(5_000));
    assert_eq!(quantity("?meter=query&from=2026-11-21T13:00:00Z&to=2026-11-22T12:00:00Z").await, None);
}

#[tokio::test]
async fn pages_hold_every_row_once() {
    let world = World::new().await;
    let (first, _) = filled(&world).await;
    let all = usage(&world, first, "?group_by=key,namespace").await["rows"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(5));
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = usage(&world, first, &format!("?group_by=key,namespace&limit=2{cursor}")).await;
        rows.extend(page["rows"].as_array().expect("rows").clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        assert!(rows.len() < 6, "it ends");
    }
    assert_eq!(Value::Array(rows), all);
}

/// A key bound to some namespaces once saw the usage of all.
#[tokio::test]
async fn a_key_bound_to_some_namespaces_is_refused_and_told_what_to_use() {
    let world = World::new().await;
    let (first, _) = filled(&world).await;
    let own = format!("/usage?namespace_id={}", first.namespace);
    for path in ["/usage", "/usage?group_by=namespace", own.as_str()] {
        let (status, body) = world.get_with_bound_key(first.org, path).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{path}: {body}");
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("pattern `*`")), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let world = World::new().await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "from"),
        ("from=2020-01-01T00:00:00Z", "to"),
        ("from=1969-12-31T23:59:59Z&to=1970-01-02T00:00:00Z", "from"),
        ("from=9999-12-31T00:00:00Z&to=%2B10000-01-01T00:00:00Z", "to"),
        ("from=%2B262142-12-31T00:00:00Z&to=%2B262142-12-31T01:00:00Z", "from"),
        ("granularity=minute", "granularity"),
        ("group_by=meter,colour", "group_by"),
        ("meter=cpu", "meter"),
        ("key_id=ns_01", "key_id"),
        ("limit=0", "limit"),
        ("limit=5001", "limit"),
        ("limit=-1", "limit"),
        ("cursor=%00", "cursor"),
        ("org_id=1", "org_id"),
    ] {
        let (status, body) = world.get(world.org(), Edition::Community, &format!("/usage?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {body}");
        assert_eq!(body["code"], "invalid_request", "{query}");
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(field)), "{query}: {body}");
    }
}
