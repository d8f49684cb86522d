use agentdb_control_plane_contract::{Edition, Meter};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Whose, World};

async fn preview(world: &World, who: Whose, edition: Edition) -> Value {
    let (status, body) = world.get(who.org, edition, "/billing/invoices/preview").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// Cents of an amount with two decimals; anything finer is not a rounded line.
fn cents(money: &Value) -> i64 {
    let text = money["amount"].as_str().expect("text");
    let (whole, part) = text.split_once('.').expect("decimals");
    assert_eq!(part.len(), 2, "{text}");
    format!("{whole}{part}").parse().expect("digits")
}

#[tokio::test]
async fn lines_are_rated_from_the_running_month_and_add_up() {
    let world = World::new().await;
    let (node, who) = (world.node(), Whose::new(&world));
    let (hour, month_before) = (world.hour(), 498_191);
    node.report(vec![
        node.counter(who, Meter::Query, hour, 20_123_456_789),
        node.counter(who, Meter::Query, month_before, 900_000_000_000),
        who.log_counter(Meter::Write, hour, 50_000_000_001),
        node.counter(who, Meter::EgressBytes, hour, 5 << 30),
        node.counter(Whose::new(&world), Meter::EgressBytes, hour, 500 << 30),
    ])
    .await;
    let body = preview(&world, who, Edition::Professional).await;
    assert_eq!(body["period"], json!({"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}));
    let lines = body["lines"].as_array().expect("lines");
    let amounts: Vec<_> = lines.iter().map(|line| (line["meter"].as_str(), cents(&line["amount"]))).collect();
    assert_eq!(
        amounts,
        [
            (None, 50_000),
            (Some("query"), 99), // 123,456,789 milli-units at 8.00 a thousand million: 0.987654312
            (Some("write"), 0),
            (Some("storage_byte_hours"), 0),
            (Some("egress_bytes"), 25),
            (Some("embedding_tokens"), 0),
        ]
    );
    assert_eq!(cents(&body["total"]), amounts.iter().map(|(_, cents)| cents).sum::<i64>());
    assert_eq!(lines[1]["quantity"], 20_123_456_789_u64);
    assert_eq!(lines[1]["included_quantity"], 20_000_000_000_u64);
    assert_eq!(lines[1]["billable_quantity"], 123_456_789);
    assert_eq!(lines[1]["unit_price"], json!({"amount": "8.00", "currency": "USD"}));
    assert!(lines[1]["explanation"].as_str().is_some_and(|text| text.contains("half to even")), "{}", lines[1]);
}

#[tokio::test]
async fn community_owes_nothing_however_much_was_used() {
    let world = World::new().await;
    let (node, who) = (world.node(), Whose::new(&world));
    node.report(vec![node.counter(who, Meter::Query, world.hour(), 9_000_000_000_000)]).await;
    let body = preview(&world, who, Edition::Community).await;
    assert_eq!(cents(&body["total"]), 0);
    assert_eq!(body["lines"][1]["quantity"], 9_000_000_000_000_u64);
    assert_eq!(body["lines"][1]["billable_quantity"], 0);
}

/// A key bound to some namespaces once saw the bill of all.
#[tokio::test]
async fn a_key_bound_to_some_namespaces_is_refused_and_told_what_to_use() {
    let world = World::new().await;
    let (status, body) = world.get_with_bound_key(world.org(), "/billing/invoices/preview").await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{body}");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("pattern `*`")), "{body}");
    let (status, _) = world.get_with_bound_key(world.org(), "/billing/price-book").await;
    assert_eq!(status, StatusCode::OK, "prices are the same for everybody");
}

#[tokio::test]
async fn a_new_month_starts_at_its_base_fee() {
    let world = World::new().await;
    let (node, who) = (world.node(), Whose::new(&world));
    node.report(vec![node.counter(who, Meter::EgressBytes, world.hour(), 500 << 30)]).await;
    assert_eq!(cents(&preview(&world, who, Edition::Enterprise).await["total"]), 502_500);
    world.clock.set_wall("2026-12-01T00:00:00Z".parse().expect("a time"));
    let body = preview(&world, who, Edition::Enterprise).await;
    assert_eq!(cents(&body["total"]), 500_000);
    assert_eq!(body["lines"][4]["quantity"], 0);
}
