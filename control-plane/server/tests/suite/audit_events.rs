//! Reading the audit log, and what of refusals is in it.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock};
use agentdb_control_plane_contract::Edition;
use agentdb_control_plane_store::OrganizationChange;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, config, request};

async fn service_of(clock: &ManualClock) -> Service {
    Service::at(config(), Arc::new(clock.clone())).await
}

fn noon() -> ManualClock {
    ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"))
}

async fn revoke(person: &Person<'_>, key: &str) -> Answer {
    person.call(Method::DELETE, &person.path(&format!("/api-keys/{key}")), None).await
}

/// Identifiers of what a query finds.
async fn found(person: &Person<'_>, query: &str) -> Vec<String> {
    let answer = person.get(&person.path(&format!("/audit-events?{query}"))).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let items = answer.body["items"].as_array().expect("items");
    items.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn owners_and_admins_read_the_log_and_keys_of_every_namespace() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, whole) = person.key(&["admin"], "*").await;
    let (_, part) = person.key(&["admin"], "prod-*").await;
    let event = person.events().await[0]["id"].as_str().expect("an id").to_owned();
    for path in [person.path("/audit-events"), person.path(&format!("/audit-events/{event}"))] {
        for role in ["read_only", "billing", "developer"] {
            person.becomes(role).await;
            assert_eq!(person.get(&path).await.code(), (403, "forbidden"), "{role}: {path}");
        }
        for role in ["admin", "owner"] {
            person.becomes(role).await;
            assert_eq!(person.get(&path).await.status, 200, "{role}: {path}");
        }
        assert_eq!(by_key(&service, &whole, Method::GET, &path, None).await.status, 200, "{path}");
        let refused = by_key(&service, &part, Method::GET, &path, None).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{path}");
    }
    let listed = person.get(&person.path("/audit-events")).await;
    let alone = person.get(&person.path(&format!("/audit-events/{event}"))).await;
    assert_eq!(alone.body, listed.body["items"][0]);
    assert_eq!(listed.body["kept_days"], 7);
}

#[tokio::test]
async fn events_are_another_organisations_own() {
    let service = Service::start().await;
    let (mine, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    other.key(&["read"], "*").await;
    let theirs = other.events().await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(mine.events().await, Vec::<Value>::new());
    let sought = mine.get(&mine.path(&format!("/audit-events/{theirs}"))).await;
    let nothing = mine.get(&mine.path("/audit-events/aud_01jc00000000000000000000zz")).await;
    assert_eq!((sought.code(), sought.comparable()), ((404, "not_found"), nothing.comparable()));
    mine.call(Method::DELETE, &other.path("/namespaces/ns"), None).await;
    assert_eq!(other.events().await.len(), 1, "a stranger is not in the log");
}

#[tokio::test]
async fn pages_are_stable_while_events_come() {
    let clock = noon();
    let service = service_of(&clock).await;
    let person = service.person("a@example.com").await;
    let another = async || {
        clock.advance(Duration::from_millis(1));
        let (key, _) = person.key(&["read"], "*").await;
        clock.advance(Duration::from_millis(1));
        assert_eq!(revoke(&person, &key).await.status, 204);
    };
    for _ in 0..3 {
        another().await;
    }
    let all = found(&person, "limit=200").await;
    assert_eq!(all.len(), 6);
    let (mut seen, mut query) = (Vec::new(), "limit=4".to_owned());
    loop {
        let page = person.get(&person.path(&format!("/audit-events?{query}"))).await;
        let items = page.body["items"].as_array().expect("items");
        seen.extend(items.iter().map(|event| event["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        query = format!("limit=4&cursor={next}");
        another().await;
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let clock = noon();
    let service = service_of(&clock).await;
    let person = service.person("a@example.com").await;
    let (key, _) = person.key(&["read"], "*").await;
    clock.advance(Duration::from_secs(60));
    revoke(&person, &key).await;
    clock.advance(Duration::from_secs(60));
    let (_, reader) = person.key(&["read"], "*").await;
    by_key(&service, &reader, Method::DELETE, &person.path("/namespaces/prod"), None).await;
    clock.advance(Duration::from_secs(60));
    let events = person.events().await;
    let at = |wanted: &str, number: usize| {
        let mut same = events.iter().filter(|event| event["action"] == wanted);
        same.nth(number).expect("an event")["id"].as_str().expect("an id").to_owned()
    };
    let (first, revoked) = (at("api_key.create", 1), at("api_key.revoke", 0));
    let (second, refused) = (at("api_key.create", 0), at("namespace.delete", 0));
    let me = person.get("/v1/me").await.body["user"]["id"].as_str().expect("an id").to_owned();
    for (query, expected) in [
        ("action=api_key.create".to_owned(), vec![&second, &first]),
        ("action=api_key.*".to_owned(), vec![&second, &revoked, &first]),
        ("action=namespace.*".to_owned(), vec![&refused]),
        ("outcome=refused".to_owned(), vec![&refused]),
        ("outcome=done&action=namespace.*".to_owned(), vec![]),
        (format!("actor={me}"), vec![&second, &revoked, &first]),
        ("actor=a@example.com".to_owned(), vec![&second, &revoked, &first]),
        ("actor=key".to_owned(), vec![&refused]),
        (format!("target={key}"), vec![&revoked, &first]),
        ("target=prod".to_owned(), vec![&refused]),
        ("from=2026-03-01T12:01:00Z&to=2026-03-01T12:02:00Z".to_owned(), vec![&revoked]),
        ("to=2026-03-01T12:01:00Z".to_owned(), vec![&first]),
    ] {
        assert_eq!(found(&person, &query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    for (query, names) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=key_01jc00000000000000000000zz", "cursor"),
        ("action=api_key", "action"),
        ("action=*", "action"),
        ("action=api_key.destroy", "action"),
        ("actor=", "actor"),
        ("target=a%00b", "target"),
        ("outcome=failed", "outcome"),
        ("from=yesterday", "from"),
        ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
        ("org=other", "org"),
    ] {
        let answer = person.get(&person.path(&format!("/audit-events?{query}"))).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{query}");
        assert_eq!(answer.body["errors"][0]["pointer"], names, "{query}");
    }
}

#[tokio::test]
async fn what_is_older_than_the_edition_keeps_is_not_there() {
    let clock = noon();
    let service = service_of(&clock).await;
    let person = service.person("a@example.com").await;
    person.key(&["read"], "*").await;
    let event = person.events().await[0]["id"].as_str().expect("an id").to_owned();
    let path = person.path(&format!("/audit-events/{event}"));
    // Sessions end before that.
    let (_, admin) = person.key(&["admin"], "*").await;
    clock.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(by_key(&service, &admin, Method::GET, &path, None).await.status, 200, "to the last moment");
    clock.advance(Duration::from_micros(1));
    assert_eq!(by_key(&service, &admin, Method::GET, &path, None).await.code(), (404, "not_found"));
    let list = by_key(&service, &admin, Method::GET, &person.path("/audit-events"), None).await;
    assert_eq!(list.body["items"], json!([]));

    let change = OrganizationChange::Edition(Edition::Professional);
    let org_id = person.org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, clock.now()).await.expect("the store"));
    let list = by_key(&service, &admin, Method::GET, &person.path("/audit-events"), None).await;
    assert_eq!((list.body["items"].as_array().map(Vec::len), &list.body["kept_days"]), (Some(2), &json!(90)));
}

#[tokio::test]
async fn refused_attempts_are_recorded_with_their_reason() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, reader) = person.key(&["read"], "*").await;
    let (key, _) = person.key(&["read"], "*").await;
    let before = person.events().await.len();
    let body = json!({"name": "one too many", "namespaces": "*", "scopes": ["read"]});
    let answer = person.call(Method::POST, &person.path("/api-keys"), Some(body)).await;
    assert_eq!(answer.code(), (403, "limit_exceeded"));
    let answer = by_key(&service, &reader, Method::PUT, &person.path("/namespaces/prod"), Some(json!({}))).await;
    assert_eq!(answer.code(), (403, "forbidden"), "a key without the scope");
    person.becomes("read_only").await;
    assert_eq!(revoke(&person, &key).await.code(), (403, "forbidden"), "a role");
    person.becomes("owner").await;

    // Neither of these is an attempt of somebody who is known to belong here to change something.
    by_key(&service, &reader, Method::GET, &person.path("/namespaces"), None).await;
    let mut forged = request(Method::DELETE, &person.path("/namespaces/prod"), None);
    forged.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
    assert_eq!(service.send(forged.body_of()).await.code(), (403, "csrf_failed"));
    person.call(Method::DELETE, &person.path("/namespaces/nothing"), None).await;
    person.call(Method::PUT, &person.path("/namespaces/x"), Some(json!({"labels": 7}))).await;

    let events = person.events().await;
    assert_eq!(events.len(), before + 3, "{events:?}");
    let refused = |action: &str| {
        let mut same = events.iter().filter(|event| event["action"] == action && event["outcome"] == "refused");
        let event = same.next().unwrap_or_else(|| panic!("{action}: {events:?}"));
        assert!(same.next().is_none(), "{action} once");
        (event["code"].clone(), event["actor"]["kind"].clone(), event["target"].clone())
    };
    let target = |kind: &str, id: Value, name: Value| json!({"kind": kind, "id": id, "name": name});
    let none = || Value::Null;
    assert_eq!(
        refused("api_key.create"),
        (json!("limit_exceeded"), json!("person"), target("api_key", none(), none()))
    );
    assert_eq!(
        refused("namespace.create"),
        (json!("forbidden"), json!("api_key"), target("namespace", none(), json!("prod")))
    );
    assert_eq!(refused("api_key.revoke"), (json!("forbidden"), json!("person"), target("api_key", json!(key), none())));
}

#[tokio::test]
async fn a_storm_of_refusals_is_a_few_events_that_tell_how_many_there_were() {
    let clock = noon();
    let service = service_of(&clock).await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let (_, reader) = person.key(&["read"], "*").await;
    let path = person.path("/namespaces/prod");
    for _ in 0..100 {
        let answer = by_key(&service, &reader, Method::DELETE, &path, None).await;
        assert_eq!(answer.code(), (403, "forbidden"));
    }
    assert_eq!(found(&person, "outcome=refused&limit=200").await.len(), 30);
    person.key(&["read"], "*").await;
    assert_eq!(found(&person, "outcome=done").await.len(), 2, "what is done is always recorded");
    let (_, their_reader) = other.key(&["read"], "*").await;
    by_key(&service, &their_reader, Method::DELETE, &other.path("/namespaces/prod"), None).await;
    assert_eq!(found(&other, "outcome=refused").await.len(), 1, "another organisation is not concerned");

    clock.advance(Duration::from_secs(30));
    by_key(&service, &reader, Method::DELETE, &path, None).await;
    let newest = person.events().await[0].clone();
    assert_eq!((&newest["outcome"], &newest["left_out"]), (&json!("refused"), &json!(70)));
}
