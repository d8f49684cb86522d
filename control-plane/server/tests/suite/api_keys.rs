use std::{collections::BTreeSet, sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock};
use agentdb_control_plane_store::OrganizationChange;
use chrono::DateTime;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, config, request};

#[tokio::test]
async fn a_key_is_shown_once_listed_without_its_secret_and_dead_after_revocation() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (id, secret) = person.key(&["admin", "read"], "*").await;
    let list = person.get(&person.path("/api-keys")).await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(list.body["next_cursor"], Value::Null);
    let shown = &list.body["items"][0];
    assert_eq!((shown["id"].as_str(), &shown["scopes"]), (Some(id.as_str()), &json!(["read", "admin"])));
    let prefix = shown["prefix"].as_str().expect("a prefix");
    assert!(secret.starts_with(prefix));
    assert!(!list.body.to_string().contains(&secret[prefix.len() + 1..]), "the secret is not shown again");
    let path = person.path(&format!("/api-keys/{id}"));
    assert_eq!(&person.get(&path).await.body, shown);

    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.status, 200);
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.code(), (401, "unauthenticated"));
    assert_eq!(person.get(&path).await.code(), (404, "not_found"));
    assert_eq!(person.call(Method::DELETE, &path, None).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn the_editions_number_of_keys_holds_also_at_once_and_a_revoked_key_gives_its_place_back() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let path = person.path("/api-keys");
    let create = || {
        let body = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
        person.call(Method::POST, &path, Some(body))
    };
    // Connections that are open already, or the first request is over before the others have one.
    futures::future::join_all((0..8).map(|_| person.get(&path))).await;
    for round in 0..4 {
        let answers = futures::future::join_all((0..8).map(|_| create())).await;
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(made.len(), 2, "round {round}");
        let refused = answers.iter().find(|answer| answer.status != 201).expect("six were refused");
        assert_eq!(refused.code(), (403, "limit_exceeded"));
        assert_eq!((&refused.body["limit"], &refused.body["edition"]), (&json!("api_keys"), &json!("community")));
        assert_eq!(refused.body["maximum"], 2);
        for answer in made {
            let id = answer.body["id"].as_str().expect("an id");
            assert_eq!(person.call(Method::DELETE, &format!("{path}/{id}"), None).await.status, 204);
        }
    }
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let body =
        json!({"name": "key", "namespaces": "*", "scopes": ["admin"], "expires_at": "2026-03-01T12:01:00.000001Z"});
    let answer = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let secret = answer.body["secret"].as_str().expect("a secret").to_owned();
    let path = person.path("");
    clock.advance(Duration::from_secs(60));
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.status, 200, "to the last microsecond");
    clock.advance(Duration::from_micros(1));
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_key_gives_no_more_than_it_has() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let change = OrganizationChange::LimitOverrides(json!({"api_keys": 20}));
    let org_id = person.org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
    let path = person.path("/api-keys");
    let key = |namespaces: &str, scopes: &[&str], expires_at: Option<&str>| json!({"name": "key", "namespaces": namespaces, "scopes": scopes, "expires_at": expires_at});
    let (early, end, late) = (Some("2999-01-01T00:00:00Z"), Some("2999-01-02T00:00:00Z"), Some("2999-01-03T00:00:00Z"));
    let made = person.call(Method::POST, &path, Some(key("prod-*", &["admin", "read"], end))).await;
    let limited = made.body["secret"].as_str().expect("a secret");
    for wrong in [
        key("*", &["read"], end),
        key("prod-eu", &["write"], end),
        key("prod-eu", &["read", "write"], end),
        key("prod-eu", &["read"], late),
        key("prod-eu", &["read"], None),
    ] {
        let refused = by_key(&service, limited, Method::POST, &path, Some(wrong.clone())).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{wrong}");
    }
    for right in [key("prod-*", &["admin", "read"], end), key("prod-eu", &["read"], early)] {
        let made = by_key(&service, limited, Method::POST, &path, Some(right.clone())).await;
        assert_eq!(made.status, 201, "{right}: {made:?}");
    }
}

#[tokio::test]
async fn a_key_sees_and_revokes_only_keys_that_reach_no_further() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let change = OrganizationChange::LimitOverrides(json!({"api_keys": 20}));
    let org_id = person.org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
    let (wide, _) = person.key(&["read"], "*").await;
    let (inside, _) = person.key(&["read"], "prod-eu").await;
    let (limited, secret) = person.key(&["admin"], "prod-*").await;
    let (elsewhere, _) = person.key(&["read"], "dev").await;
    let by_limited = async |method: Method, rest: &str| {
        by_key(&service, &secret, method, &person.path(&format!("/api-keys{rest}")), None).await
    };
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = by_limited(Method::GET, &format!("?limit=1{cursor}")).await;
        seen.extend(page.body["items"].as_array().expect("items").iter().map(|key| key["id"].clone()));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let seen: BTreeSet<_> = seen.iter().filter_map(Value::as_str).collect();
    assert_eq!(seen, BTreeSet::from([inside.as_str(), limited.as_str()]), "and no cursor tells of others");
    let nowhere = by_limited(Method::GET, "/key_nonsense").await.comparable();
    for id in [&wide, &elsewhere] {
        for method in [Method::GET, Method::DELETE] {
            let answer = by_limited(method, &format!("/{id}")).await;
            assert_eq!((answer.code(), answer.comparable()), ((404, "not_found"), nowhere.clone()));
        }
        assert_eq!(person.get(&person.path(&format!("/api-keys/{id}"))).await.status, 200, "nothing has changed");
    }
    assert_eq!(by_limited(Method::GET, &format!("/{inside}")).await.status, 200);
    assert_eq!(by_limited(Method::DELETE, &format!("/{inside}")).await.status, 204);
}

#[tokio::test]
async fn bad_keys_are_refused_by_field() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let good = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, pointer) in [
        (with("name", json!("")), "/name"),
        (with("name", json!("x".repeat(101))), "/name"),
        (with("namespaces", json!("a*b")), "/namespaces"),
        (with("namespaces", json!("")), "/namespaces"),
        (with("scopes", json!([])), "/scopes"),
        (with("scopes", json!(["root"])), "/scopes/0"),
        (with("scopes", json!(["read", "read"])), "/scopes"),
        (with("expires_at", json!("2001-01-01T00:00:00Z")), "/expires_at"),
        (with("expires_at", json!("tomorrow")), "/expires_at"),
        (with("secret", json!("mine")), "/secret"),
    ] {
        let answer = person.call(Method::POST, &person.path("/api-keys"), Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "page=2"] {
        let answer = person.get(&person.path(&format!("/api-keys?{query}"))).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{query}");
    }
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"], json!([]));
}

async fn create(person: &Person<'_>, idempotency_key: &str, body: &Value) -> Answer {
    let mut request = request(Method::POST, &person.path("/api-keys"), Some(body.clone()));
    request.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
    request.headers.insert("x-csrf-token", person.csrf.parse().expect("a header"));
    request.headers.insert("idempotency-key", idempotency_key.parse().expect("a header"));
    person.service.send(request.body_of()).await
}

#[tokio::test]
async fn a_creation_that_is_repeated_makes_one_key_and_shows_its_secret_once() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let body = json!({"name": "key", "namespaces": "*", "scopes": ["read"], "expires_at": "2026-03-01T13:00:00Z"});
    let at_once = futures::future::join_all((0..4).map(|_| create(&person, "once", &body))).await;
    let (made, mut replayed): (Vec<_>, Vec<_>) =
        at_once.into_iter().partition(|answer| answer.body["secret"].is_string());
    let [made] = &made[..] else { panic!("one is made: {made:?}") };
    clock.advance(Duration::from_secs(2 * 3600));
    replayed.push(create(&person, "once", &body).await);
    assert_eq!(replayed.len(), 4);
    let mut without_secret = made.body.clone();
    without_secret.as_object_mut().expect("an object").remove("secret");
    for answer in &replayed {
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["idempotency-replayed"]),
            (201, &"true".parse().expect("text"))
        );
        assert_eq!(answer.body, without_secret, "also when what was asked for is in the past by now");
    }
    assert!(!made.headers.contains_key("idempotency-replayed"));
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"].as_array().map(Vec::len), Some(1));

    let mut another = body.clone();
    another["name"] = json!("another");
    assert_eq!(create(&person, "once", &another).await.code(), (409, "idempotency_conflict"));
    let later = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
    assert_eq!(create(&other, "once", &later).await.status, 201, "the key is another caller's");
    assert_eq!(create(&person, "twice", &json!({"name": "key", "namespaces": "*", "scopes": []})).await.status, 400);
    assert_eq!(create(&person, "twice", &later).await.status, 201, "a refusal is not kept");
    for wrong in ["", "a b", &"x".repeat(256)] {
        assert_eq!(create(&person, wrong, &later).await.body["errors"][0]["pointer"], "Idempotency-Key");
    }

    clock.advance(Duration::from_secs(24 * 3600));
    service.stores.jobs().clean_up(clock.now()).await.expect("the store");
    assert!(!create(&person, "twice", &later).await.body["secret"].is_string(), "kept for a day");
    clock.advance(Duration::from_micros(1));
    service.stores.jobs().clean_up(clock.now()).await.expect("the store");
    assert!(create(&person, "twice", &later).await.body["secret"].is_string(), "forgotten, and made anew");
}
