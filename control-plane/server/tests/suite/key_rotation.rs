//! Rotating a key.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock, SystemClock};
use agentdb_control_plane_contract::PolicyEvent;
use agentdb_ids::ApiKeyId;
use http::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, config};

async fn at_noon() -> (Service, ManualClock) {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    (Service::at(config(), Arc::new(clock.clone())).await, clock)
}

async fn rotate(person: &Person<'_>, id: &str, body: Value) -> Answer {
    person.call(Method::POST, &person.path(&format!("/api-keys/{id}/rotate")), Some(body)).await
}

fn text<'a>(answer: &'a Answer, member: &str) -> &'a str {
    answer.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer:?}"))
}

async fn status(service: &Service, secret: &str, path: &str) -> u16 {
    by_key(service, secret, Method::GET, path, None).await.status.as_u16()
}

#[tokio::test]
async fn both_keys_are_good_in_the_overlap_and_the_new_one_alone_after_it() {
    let (service, clock) = at_noon().await;
    let person = service.person("a@example.com").await;
    let body = json!({
        "name": "app", "namespaces": "prod-*", "scopes": ["admin", "read"], "allowed_addresses": ["127.0.0.1"],
    });
    let old = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    let (id, secret) = (text(&old, "id"), text(&old, "secret"));
    let new = rotate(&person, id, json!({})).await;
    assert_eq!(new.status, 201, "{new:?}");
    assert_eq!(text(&new, "replaced_until"), "2026-03-02T12:00:00Z", "24 hours unless it is said");
    for member in ["name", "namespaces", "scopes", "allowed_addresses", "expires_at"] {
        assert_eq!(new.body[member], old.body[member], "{member}");
    }
    assert_ne!((text(&new, "id"), text(&new, "secret")), (id, secret));
    let read = async |id: &str| person.get(&person.path(&format!("/api-keys/{id}"))).await.body;
    let (ended, made) = (read(id).await, read(text(&new, "id")).await);
    assert_eq!((&ended["replaced_by"], &ended["expires_at"]), (&new.body["id"], &json!("2026-03-02T12:00:00Z")));
    assert_eq!((&made["replaces"], &made["expires_at"]), (&json!(id), &Value::Null));
    let list = person.get(&person.path("/api-keys")).await;
    let items = list.body["items"].as_array().expect("items");
    assert!(items.len() == 2 && items.contains(&ended) && items.contains(&made), "{items:?}");

    let path = person.path("");
    assert_eq!(
        [status(&service, secret, &path).await, status(&service, text(&new, "secret"), &path).await],
        [200, 200]
    );
    clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(
        [status(&service, secret, &path).await, status(&service, text(&new, "secret"), &path).await],
        [401, 200]
    );
}

#[tokio::test]
async fn without_an_overlap_the_old_key_ends_at_once_and_nodes_are_told() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let (id, secret) = person.key(&["admin"], "*").await;
    let cursor = node.poll(0, 0).await.cursor;
    let new = rotate(&person, &id, json!({"overlap_s": 0})).await;
    assert_eq!(new.status, 201, "{new:?}");
    assert_eq!(status(&service, &secret, &person.path("")).await, 401);
    assert_eq!(status(&service, text(&new, "secret"), &person.path("")).await, 200);
    let key_id: ApiKeyId = id.parse().expect("an id");
    assert_eq!(node.poll(cursor, 5).await.events, [PolicyEvent::KeyChanged { key_id, version: 2 }]);
    let grant = node.client.grant(key_id).await.expect("an answer").expect("not revoked, only over");
    assert!(grant.version == 2 && grant.expires_at.is_some_and(|end| end <= SystemClock::new().now()), "{grant:?}");
}

#[tokio::test]
async fn an_overlap_never_lets_a_key_last_longer_than_it_would() {
    let (service, clock) = at_noon().await;
    let person = service.person("a@example.com").await;
    let body = json!({"name": "app", "namespaces": "*", "scopes": ["admin"], "expires_at": "2026-03-01T13:00:00Z"});
    let old = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    let id = text(&old, "id");
    for (wrong, pointer) in [(json!(2_592_001), "/overlap_s"), (json!(-1), "/overlap_s"), (json!("1 h"), "/overlap_s")]
    {
        let refused = rotate(&person, id, json!({"overlap_s": wrong})).await;
        assert_eq!(
            (refused.code(), &refused.body["errors"][0]["pointer"]),
            ((400, "invalid_request"), &json!(pointer))
        );
    }
    let new = rotate(&person, id, json!({"overlap_s": 2_592_000})).await;
    assert_eq!(
        (text(&new, "replaced_until"), text(&new, "expires_at")),
        ("2026-03-01T13:00:00Z", "2026-03-01T13:00:00Z")
    );
    let later = json!({"expires_at": "2026-03-01T14:00:00Z"});
    let path = person.path(&format!("/api-keys/{id}"));
    for longer in [later.clone(), json!({"expires_at": null})] {
        assert_eq!(person.call(Method::PATCH, &path, Some(longer)).await.code(), (409, "conflict"), "it was rotated");
    }
    let sooner = json!({"expires_at": "2026-03-01T12:30:00Z"});
    assert_eq!(person.call(Method::PATCH, &path, Some(sooner)).await.status, 200);
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(rotate(&person, text(&new, "id"), json!({})).await.code(), (409, "conflict"), "it has expired");
}

#[tokio::test]
async fn the_limit_of_keys_neither_blocks_a_rotation_nor_is_escaped_by_it() {
    let (service, clock) = at_noon().await;
    let person = service.person("a@example.com").await;
    let (first, _) = person.key(&["read"], "*").await;
    let (second, _) = person.key(&["read"], "*").await;
    let create = async || {
        let body = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
        person.call(Method::POST, &person.path("/api-keys"), Some(body)).await
    };
    assert_eq!(create().await.code(), (403, "limit_exceeded"), "an organisation of this edition has two");
    let new = rotate(&person, &first, json!({"overlap_s": 3_600})).await;
    assert_eq!(new.status, 201, "{new:?}");
    let again = rotate(&person, &first, json!({})).await;
    assert_eq!((again.code(), &again.body["replaced_by"]), ((409, "conflict"), &new.body["id"]));
    let chain = rotate(&person, text(&new, "id"), json!({"overlap_s": 0})).await;
    assert_eq!((chain.code(), &chain.body["replaces"]), ((409, "conflict"), &json!(first)), "while the first is good");
    assert_eq!(person.call(Method::DELETE, &person.path(&format!("/api-keys/{second}")), None).await.status, 204);
    assert_eq!(create().await.code(), (403, "limit_exceeded"), "the old key counts until it ends");
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(create().await.status, 201);
    assert_eq!(rotate(&person, text(&new, "id"), json!({})).await.status, 201, "the first has ended");
}

#[tokio::test]
async fn a_rotation_that_is_repeated_makes_one_key_and_shows_its_secret_once() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let ((id, _), (other, _)) = (person.key(&["read"], "*").await, person.key(&["read"], "*").await);
    let repeat = async |id: &str, body: Value| {
        let path = person.path(&format!("/api-keys/{id}/rotate"));
        person.call_with(Method::POST, &path, &[("idempotency-key", "once")], Some(body)).await
    };
    let at_once = futures::future::join_all((0..4).map(|_| repeat(&id, json!({"overlap_s": 60})))).await;
    let (made, replayed): (Vec<_>, Vec<_>) = at_once.into_iter().partition(|answer| answer.body["secret"].is_string());
    let [made] = &made[..] else { panic!("one is made: {made:?}") };
    let mut without_secret = made.body.clone();
    without_secret.as_object_mut().expect("an object").remove("secret");
    assert_eq!(replayed.len(), 3);
    for answer in &replayed {
        assert_eq!((answer.status.as_u16(), &answer.body), (201, &without_secret));
        assert_eq!(answer.headers["idempotency-replayed"], "true");
    }
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"].as_array().map(Vec::len), Some(3));
    for (id, body) in [(&id, json!({"overlap_s": 61})), (&other, json!({"overlap_s": 60}))] {
        assert_eq!(repeat(id, body).await.code(), (409, "idempotency_conflict"), "another request");
    }
}

#[tokio::test]
async fn a_key_rotates_no_key_that_has_more_than_itself() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await.with_room_for_keys().await;
    let path = person.path("/api-keys");
    let (own, limited) = person.key(&["admin"], "prod-*").await;
    let (wide, _) = person.key(&["admin"], "*").await;
    let (stronger, _) = person.key(&["admin", "write"], "prod-eu").await;
    let (within, _) = person.key(&["admin"], "prod-eu").await;
    let by_limited = async |id: &str| {
        by_key(&service, &limited, Method::POST, &format!("{path}/{id}/rotate"), Some(json!({}))).await
    };
    assert_eq!(by_limited(&wide).await.code(), (404, "not_found"));
    assert_eq!(by_limited(&stronger).await.code(), (403, "forbidden"), "its secret would be shown");
    for id in [&within, &own] {
        assert_eq!(by_limited(id).await.status, 201, "{id}");
    }
}
