use http::Method;
use serde_json::json;

use crate::service::{Service, by_key};

#[tokio::test]
async fn the_console_gets_a_short_key_that_is_not_counted_not_listed_and_no_admin() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    person.key(&["read"], "*").await;
    let (_, admin) = person.key(&["admin"], "*").await;
    let path = person.path("/console-tokens");
    let answer = person.call(Method::POST, &path, None).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let token = answer.body["token"].as_str().expect("a token").to_owned();
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"].as_array().map(Vec::len), Some(2));
    let refused = by_key(&service, &token, Method::GET, &person.path(""), None).await;
    assert_eq!(refused.code(), (403, "forbidden"), "good for data, not for the organisation");

    let node = service.node().await;
    let key_id = agentdb_control_plane_contract::ApiKeyToken::parse(&token).expect("a key").key_id();
    let grant = node.client.grant(key_id).await.expect("an answer").expect("the node knows it");
    assert_eq!(serde_json::to_value(&grant.scopes).expect("JSON"), json!(["read", "write"]));
    assert!(grant.expires_at.is_some());

    let by_admin = by_key(&service, &admin, Method::POST, &path, None).await;
    assert_eq!(by_admin.code(), (403, "forbidden"), "for people only");
}
