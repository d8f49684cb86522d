use http::Method;
use serde_json::{Value, json};

use crate::service::{Service, by_key};

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
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let end = std::time::Duration::from_millis(1500);
    let expires_at = agentdb_clock::Clock::now(&agentdb_clock::SystemClock::new()) + end;
    let body = json!({"name": "key", "namespaces": "*", "scopes": ["admin"], "expires_at": expires_at});
    let answer = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let secret = answer.body["secret"].as_str().expect("a secret").to_owned();
    let path = person.path("");
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.status, 200);
    let deadline = tokio::time::Instant::now() + end * 4;
    while by_key(&service, &secret, Method::GET, &path, None).await.status == 200 {
        assert!(tokio::time::Instant::now() < deadline, "the key outlives its end");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(by_key(&service, &secret, Method::GET, &path, None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_key_gives_no_more_reach_than_it_has() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, limited) = person.key(&["admin"], "prod-*").await;
    let path = person.path("/api-keys");
    let create = |namespaces: &str| json!({"name": "key", "namespaces": namespaces, "scopes": ["read"]});
    let wide = by_key(&service, &limited, Method::POST, &path, Some(create("*"))).await;
    assert_eq!(wide.code(), (403, "forbidden"));
    let narrow = by_key(&service, &limited, Method::POST, &path, Some(create("prod-eu"))).await;
    assert_eq!(narrow.status, 201, "{narrow:?}");
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
