//! Where keys may be used from.

use agentdb_control_plane_server::Config;
use http::Method;
use serde_json::{Value, json};

use crate::service::{Service, by_key, by_key_from, config};

async fn behind_a_proxy() -> Service {
    Service::with(Config { trusted_proxies: 1, ..config() }).await
}

#[tokio::test]
async fn a_key_is_good_from_its_addresses_alone_and_says_them_in_one_form() {
    let service = behind_a_proxy().await;
    let person = service.person("a@example.com").await;
    let body = json!({
        "name": "key", "namespaces": "*", "scopes": ["admin"],
        "allowed_addresses": ["10.0.0.0/8", "2001:DB8::/32", "::ffff:192.0.2.7", "198.51.100.9/32"],
    });
    let made = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["allowed_addresses"], json!(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "198.51.100.9"]));
    let secret = made.body["secret"].as_str().expect("a secret");
    let path = person.path("");
    for inside in ["10.1.2.3", "2001:db8::9", "192.0.2.7", "::ffff:10.0.0.1", "6.6.6.6, 10.0.0.1"] {
        let answer = by_key_from(&service, inside, secret, Method::GET, &path).await;
        assert_eq!(answer.status, 200, "{inside}: {answer:?}");
    }
    for outside in ["11.0.0.1", "2001:db9::9", "192.0.2.8", "10.0.0.1, 6.6.6.6"] {
        let answer = by_key_from(&service, outside, secret, Method::GET, &path).await;
        assert_eq!(answer.code(), (403, "forbidden"), "{outside}");
        assert!(!answer.body.to_string().contains("10.0.0.0/8"), "the rule is not told: {answer:?}");
    }
    let answer = by_key(&service, secret, Method::GET, &path, None).await;
    assert_eq!(answer.code(), (403, "forbidden"), "the proxy's own address is none of the key's");

    let node = service.node().await;
    let key_id = made.body["id"].as_str().expect("an id").parse().expect("an id");
    let grant = node.client.grant(key_id).await.expect("an answer").expect("the node knows it");
    assert_eq!(serde_json::to_value(&grant.allowed_addresses).expect("JSON"), made.body["allowed_addresses"]);
}

#[tokio::test]
async fn wrong_ranges_are_refused_by_place() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let many: Vec<_> = (0..33).map(|n| format!("10.0.0.{n}")).collect();
    for (ranges, pointer) in [
        (json!(["10.0.0.0/8", "10.0.0.1/8"]), "/allowed_addresses/1"),
        (json!(["2001:db8::1/64"]), "/allowed_addresses/0"),
        (json!(["localhost"]), "/allowed_addresses/0"),
        (json!(["10.0.0.0/33"]), "/allowed_addresses/0"),
        (json!([7]), "/allowed_addresses/0"),
        (json!("10.0.0.1"), "/allowed_addresses"),
        (json!(["10.0.0.1", "::1", "::ffff:10.0.0.1"]), "/allowed_addresses/2"),
        (json!(many), "/allowed_addresses"),
    ] {
        let body = json!({"name": "key", "namespaces": "*", "scopes": ["read"], "allowed_addresses": ranges});
        let answer = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{ranges}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{ranges}");
    }
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"], json!([]));
    let body = json!({"name": "key", "namespaces": "*", "scopes": ["read"], "allowed_addresses": many[..32]});
    assert_eq!(person.call(Method::POST, &person.path("/api-keys"), Some(body)).await.status, 201);
}

#[tokio::test]
async fn a_key_makes_and_changes_no_key_to_be_used_from_more_addresses_than_itself() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await.with_room_for_keys().await;
    let path = person.path("/api-keys");
    let key =
        |ranges: Value| json!({"name": "key", "namespaces": "*", "scopes": ["admin"], "allowed_addresses": ranges});
    let made = person.call(Method::POST, &path, Some(key(json!(["127.0.0.0/8", "10.0.0.0/8"])))).await;
    let (id, secret) = (made.body["id"].as_str().expect("an id"), made.body["secret"].as_str().expect("a secret"));
    let own = format!("{path}/{id}");
    for wider in [json!([]), json!(["126.0.0.0/7"]), json!(["127.0.0.1", "192.0.2.1"]), json!(["::/0"])] {
        let refused = by_key(&service, secret, Method::POST, &path, Some(key(wider.clone()))).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{wider}");
        let change = json!({"allowed_addresses": wider});
        let refused = by_key(&service, secret, Method::PATCH, &own, Some(change)).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{wider}");
    }
    let absent = json!({"name": "key", "namespaces": "*", "scopes": ["admin"]});
    assert_eq!(by_key(&service, secret, Method::POST, &path, Some(absent)).await.code(), (403, "forbidden"));
    for within in [json!(["127.0.0.1"]), json!(["10.0.0.0/8", "127.0.0.0/8"])] {
        let answer = by_key(&service, secret, Method::POST, &path, Some(key(within.clone()))).await;
        assert_eq!(answer.status, 201, "{within}: {answer:?}");
    }
    let narrower = json!({"allowed_addresses": ["127.0.0.1"]});
    assert_eq!(by_key(&service, secret, Method::PATCH, &own, Some(narrower)).await.status, 200);
}
