//! Changing a key.

use std::{sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use agentdb_control_plane_contract::PolicyEvent;
use agentdb_ids::ApiKeyId;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Service, by_key, config};

#[tokio::test]
async fn a_change_holds_at_once_keeps_the_secret_and_is_told_to_nodes() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (id, secret) = person.key(&["admin", "read"], "*").await;
    let node = service.node().await;
    let cursor = node.poll(0, 0).await.cursor;
    let path = person.path(&format!("/api-keys/{id}"));
    let before = person.get(&path).await;
    assert_eq!((&before.headers[header::ETAG], &before.body["version"]), (&"\"1\"".parse().expect("text"), &json!(1)));
    let change = json!({
        "name": " renamed ", "scopes": ["write", "admin"], "namespaces": "prod-*", "allowed_addresses": ["127.0.0.1"],
        "expires_at": "2999-01-01T00:00:00Z",
    });
    let changed = person.call(Method::PATCH, &path, Some(change)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.headers[header::ETAG], "\"2\"");
    let mut expected = before.body.clone();
    for (member, value) in [
        ("version", json!(2)),
        ("name", json!("renamed")),
        ("scopes", json!(["write", "admin"])),
        ("namespaces", json!("prod-*")),
        ("allowed_addresses", json!(["127.0.0.1"])),
        ("expires_at", json!("2999-01-01T00:00:00Z")),
    ] {
        expected[member] = value;
    }
    assert_eq!(changed.body, expected);
    assert_eq!(person.get(&path).await.body, expected);
    let key_id: ApiKeyId = id.parse().expect("an id");
    assert_eq!(node.poll(cursor, 5).await.events, [PolicyEvent::KeyChanged { key_id, version: 2 }]);
    let grant = node.client.grant(key_id).await.expect("an answer").expect("the node knows it");
    assert_eq!((grant.version, grant.namespaces.as_str()), (2, "prod-*"));
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.status, 200, "with the secret it had");

    let unbound = person.call(Method::PATCH, &path, Some(json!({"expires_at": null, "allowed_addresses": []}))).await;
    assert_eq!((&unbound.body["expires_at"], &unbound.body["version"]), (&Value::Null, &json!(3)));
    for nothing in [json!({}), json!({"name": "renamed", "scopes": ["admin", "write"]})] {
        let same = person.call(Method::PATCH, &path, Some(nothing)).await;
        assert_eq!((same.status.as_u16(), &same.body), (200, &unbound.body), "nothing to change");
    }
}

#[tokio::test]
async fn a_condition_on_the_version_holds_or_is_answered_with_the_version_there_is() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    let rename = async |tag: &'static str, name: &str| {
        person.call_with(Method::PATCH, &path, &[("if-match", tag)], Some(json!({"name": name}))).await
    };
    assert_eq!(rename("\"1\"", "second").await.status, 200);
    let late = rename("\"1\"", "third").await;
    assert_eq!((late.code(), &late.body["current_version"]), ((412, "precondition_failed"), &json!(2)));
    assert_eq!(person.get(&path).await.body["name"], "second");
    assert_eq!(rename("*", "third").await.status, 200);
    let at_once = futures::future::join_all((0..4).map(|_| rename("\"3\"", "fourth"))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == 200).count(), 1, "{at_once:?}");
    assert_eq!(at_once.iter().filter(|answer| answer.status == 412).count(), 3, "{at_once:?}");
}

#[tokio::test]
async fn a_key_changes_no_key_to_have_more_than_itself() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await.with_room_for_keys().await;
    let path = person.path("/api-keys");
    let body = json!({
        "name": "limited", "namespaces": "prod-*", "scopes": ["admin", "read"], "expires_at": "2999-01-02T00:00:00Z",
    });
    let made = person.call(Method::POST, &path, Some(body)).await;
    let (own, limited) = (made.body["id"].as_str().expect("an id"), made.body["secret"].as_str().expect("a secret"));
    let change = async |id: &str, change: Value| {
        by_key(&service, limited, Method::PATCH, &format!("{path}/{id}"), Some(change)).await
    };
    for more in [
        json!({"namespaces": "*"}),
        json!({"scopes": ["admin", "read", "write"]}),
        json!({"expires_at": "2999-01-03T00:00:00Z"}),
        json!({"expires_at": null}),
    ] {
        assert_eq!(change(own, more.clone()).await.code(), (403, "forbidden"), "{more}");
    }
    let (wide, _) = person.key(&["read"], "*").await;
    assert_eq!(change(&wide, json!({"name": "mine"})).await.code(), (404, "not_found"));
    let (stronger, _) = person.key(&["write"], "prod-eu").await;
    assert_eq!(change(&stronger, json!({"name": "mine"})).await.code(), (403, "forbidden"));
    assert_eq!(person.get(&format!("{path}/{stronger}")).await.body["name"], "key");
    assert_eq!(change(own, json!({"namespaces": "prod-eu*", "scopes": ["admin"]})).await.status, 200);
}

#[tokio::test]
async fn a_key_that_has_expired_stays_so() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    let end = |time: &str| json!({"expires_at": time});
    let past = person.call(Method::PATCH, &path, Some(end("2026-03-01T12:00:00Z"))).await;
    assert_eq!((past.code(), &past.body["errors"][0]["pointer"]), ((400, "invalid_request"), &json!("/expires_at")));
    assert_eq!(person.call(Method::PATCH, &path, Some(end("2026-03-01T12:01:00Z"))).await.status, 200);
    assert_eq!(person.call(Method::PATCH, &path, Some(end("2026-03-01T12:02:00Z"))).await.status, 200, "later");
    clock.advance(Duration::from_secs(120));
    for change in [end("2026-03-02T12:00:00Z"), json!({"expires_at": null}), json!({"name": "again"})] {
        assert_eq!(person.call(Method::PATCH, &path, Some(change)).await.code(), (409, "conflict"));
    }
}

#[tokio::test]
async fn bad_changes_are_refused_by_field() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    for (body, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"namespaces": "a*b"}), "/namespaces"),
        (json!({"scopes": []}), "/scopes"),
        (json!({"scopes": ["root"]}), "/scopes/0"),
        (json!({"allowed_addresses": ["10.0.0.1/8"]}), "/allowed_addresses/0"),
        (json!({"allowed_addresses": null}), "/allowed_addresses"),
        (json!({"expires_at": "2001-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"expires_at": "tomorrow"}), "/expires_at"),
        (json!({"id": "mine"}), "/id"),
    ] {
        let answer = person.call(Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(person.get(&path).await.body["version"], 1, "nothing has changed");
}
