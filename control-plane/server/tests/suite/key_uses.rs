//! When and from where keys were last used.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock, SystemClock};
use agentdb_control_plane_contract::{ClientError, KeyUse, KeyUses, key_use::MAX_KEY_USES};
use agentdb_control_plane_server::Config;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Service, by_key_from, config};

#[tokio::test]
async fn a_key_shows_when_and_from_where_it_was_used_here_and_on_nodes() {
    let clock = ManualClock::at("2026-03-01T12:00:30Z".parse().expect("a time"));
    let service = Service::at(Config { trusted_proxies: 1, ..config() }, Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let (id, secret) = person.key(&["admin"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    let last = async || {
        let key = person.get(&path).await.body;
        (key["last_used_at"].clone(), key["last_used_address"].clone())
    };
    assert_eq!(last().await, (Value::Null, Value::Null));
    for address in ["::ffff:10.0.0.1", "10.0.0.2"] {
        assert_eq!(by_key_from(&service, address, &secret, Method::GET, &path).await.status, 200);
    }
    assert_eq!(last().await, (json!("2026-03-01T12:00:00Z"), json!("10.0.0.1")), "once a minute");
    clock.advance(Duration::from_secs(60));
    assert_eq!(by_key_from(&service, "10.0.0.2", &secret, Method::GET, &path).await.status, 200);
    assert_eq!(last().await, (json!("2026-03-01T12:01:00Z"), json!("10.0.0.2")));
    let version = person.get(&path).await.body["version"].clone();
    assert_eq!(version, 1, "a use is no change");
}

#[tokio::test]
async fn a_node_reports_its_uses_and_no_others() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (id, _) = person.key(&["read"], "*").await;
    let (node, stranger) = (service.node().await, service.node().await);
    let following = node.follow().await;
    assert!(person.call(Method::PUT, &person.path("/namespaces/ns"), Some(json!({}))).await.status.is_success());
    drop(following);
    let at = SystemClock::new().now() - Duration::from_secs(60);
    let used = KeyUse { key_id: id.parse().expect("an id"), at, address: Some("2001:db8::1".parse().expect("one")) };
    let report = |count: usize| KeyUses { uses: vec![used; count] };
    let address = async || person.get(&person.path(&format!("/api-keys/{id}"))).await.body["last_used_address"].clone();
    stranger.client.key_uses(&report(1)).await.expect("an answer");
    assert_eq!(address().await, Value::Null, "a node that has none of the organisation's namespaces");
    let refused = node.client.key_uses(&report(MAX_KEY_USES + 1)).await;
    assert!(matches!(refused, Err(ClientError::Status(StatusCode::BAD_REQUEST))), "{refused:?}");
    node.client.key_uses(&report(MAX_KEY_USES)).await.expect("an answer");
    assert_eq!(address().await, "2001:db8::1");
}
