use agentdb_control_plane_contract::Edition;
use axum::http::StatusCode;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn the_book_in_force_is_shown_as_it_is() {
    let world = World::new().await;
    let (status, book) = world.get(world.org(), Edition::Community, "/billing/price-book").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(book["version"], 1);
    assert_eq!(book["prices"][0]["unit_price"], json!({"amount": "8.00", "currency": "USD"}));
    assert_eq!(book["editions"]["professional"]["base_fee"], json!({"amount": "500.00", "currency": "USD"}));
}
