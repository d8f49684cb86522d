//! Suspended, deleted, had back, purged.

use std::time::Duration;

use agentdb_control_plane_contract::Suspension;
use agentdb_control_plane_store::{LifeEvent, NamespaceMove, OrganizationChange};
use chrono::DateTime;
use http::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, pointed};

async fn ask(person: &Person<'_>, method: Method, rest: &str, body: Option<Value>) -> Answer {
    person.call(method, &person.path(&format!("/namespaces{rest}")), body).await
}

async fn put(person: &Person<'_>, name: &str) -> String {
    let answer = ask(person, Method::PUT, &format!("/{name}"), Some(json!({}))).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["id"].as_str().expect("an id").to_owned()
}

async fn delete(person: &Person<'_>, called: &str) -> Value {
    let answer = ask(person, Method::DELETE, &format!("/{called}"), None).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body
}

async fn undelete(person: &Person<'_>, called: &str, body: Value) -> Answer {
    ask(person, Method::POST, &format!("/{called}/undelete"), Some(body)).await
}

async fn status(person: &Person<'_>, called: &str) -> Value {
    ask(person, Method::GET, &format!("/{called}"), None).await.body["status"].clone()
}

/// The ids in a list.
async fn listed(person: &Person<'_>, query: &str) -> Vec<String> {
    let answer = ask(person, Method::GET, query, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

async fn limits(person: &Person<'_>, overrides: Value) {
    let change = OrganizationChange::LimitOverrides(overrides);
    let org_id = person.org.parse().expect("an id");
    let jobs = person.service.stores.jobs();
    assert!(jobs.change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
}

/// Lets something happen to a namespace that its organisation has not asked for.
async fn happens(person: &Person<'_>, id: &str, event: LifeEvent) {
    let mut org = person.service.stores.org(person.org.parse().expect("an id")).await.expect("the store");
    org.lock_organization().await.expect("the store").expect("there");
    let moved = org.move_namespace(id.parse().expect("an id"), event, None, DateTime::UNIX_EPOCH).await;
    assert!(matches!(moved, Ok(Some(NamespaceMove::Made(_)))), "{moved:?}");
    org.commit().await.expect("the store");
}

#[tokio::test]
async fn what_is_deleted_is_listed_apart_and_comes_back_under_its_own_or_another_name() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let first = put(&person, "ns").await;
    let deleted = delete(&person, "ns").await;
    assert_eq!((&deleted["id"], &deleted["status"]), (&json!(first), &json!("deleting")));
    let time = |member: &str| deleted[member].as_str().and_then(|t| t.parse::<DateTime<chrono::Utc>>().ok());
    let grace = time("purge_after").expect("a time") - time("deleted_at").expect("a time");
    assert_eq!(grace, chrono::Duration::days(1), "of the Community edition");
    assert_eq!(deleted["status_changed_at"], deleted["deleted_at"]);
    assert_eq!(delete(&person, "ns").await, deleted, "repeated, nothing changes");
    assert_eq!(listed(&person, "").await, Vec::<String>::new());
    assert_eq!(listed(&person, "?status=deleting").await, [first.clone()]);
    assert_eq!(status(&person, "ns").await, "deleting");

    let back = undelete(&person, "ns", json!({})).await;
    assert_eq!((back.status.as_u16(), back.body["status"].as_str()), (200, Some("ready")), "{back:?}");
    assert_eq!((&back.body["id"], &back.body["purge_after"]), (&json!(first), &Value::Null));

    delete(&person, "ns").await;
    let second = put(&person, "ns").await;
    assert_ne!(first, second);
    assert_eq!(listed(&person, "").await, [second.clone()]);
    let taken = undelete(&person, &first, json!({})).await;
    assert_eq!((taken.code(), &taken.body["name"]), ((409, "conflict"), &json!("ns")));
    assert_eq!(undelete(&person, "ns", json!({})).await.code(), (409, "conflict"), "the deleted one is meant");
    let back = undelete(&person, &first, json!({"name": "old"})).await;
    assert_eq!(
        (&back.body["id"], &back.body["name"], &back.body["status"]),
        (&json!(first), &json!("old"), &json!("ready"))
    );
    assert_eq!(undelete(&person, "old", json!({"name": "older"})).await.code(), (409, "conflict"), "no way to rename");

    for called in ["ns", "old"] {
        delete(&person, called).await;
    }
    let third = put(&person, "old").await;
    delete(&person, "old").await;
    let which = undelete(&person, "old", json!({})).await;
    assert_eq!(which.code(), (409, "conflict"), "two have the name");
    assert_eq!(undelete(&person, &third, json!({})).await.status, 200);
    assert_eq!(listed(&person, "?status=deleting").await, [second, first], "by name");
    for wrong in [json!({"name": "a b"}), json!({"name": third}), json!({"name": 1}), json!({"nam": "x"})] {
        assert_eq!(undelete(&person, "ns", wrong.clone()).await.code(), (400, "invalid_request"), "{wrong}");
    }
}

#[tokio::test]
async fn the_limit_holds_for_what_comes_back_and_what_is_kept_is_bounded() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    limits(&person, json!({"namespaces": 1})).await;
    let first = put(&person, "a").await;
    delete(&person, "a").await;
    put(&person, "b").await;
    let full = undelete(&person, "a", json!({})).await;
    assert_eq!((full.code(), &full.body["limit"]), ((403, "limit_exceeded"), &json!("namespaces")));
    for _ in 0..8 {
        delete(&person, "b").await;
        put(&person, "b").await;
    }
    delete(&person, "b").await;
    let full = ask(&person, Method::PUT, "/b", Some(json!({}))).await;
    assert_eq!((full.code(), &full.body["limit"]), ((403, "limit_exceeded"), &json!("deleted_namespaces")));
    let purged = ask(&person, Method::DELETE, &format!("/{first}?purge=true&confirm=a"), None).await;
    assert_eq!(purged.status, 202, "the way out");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while status(&person, &first).await != "deleted" {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    put(&person, "b").await;
}

#[tokio::test]
async fn data_are_purged_before_their_time_only_by_the_typed_name_of_what_is_deleted() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let following = node.follow().await;
    let first = put(&person, "ns").await;
    let purge = async |called: &str, rest: &str| {
        ask(&person, Method::DELETE, &format!("/{called}?purge=true{rest}"), None).await
    };
    assert_eq!(purge("ns", "&confirm=ns").await.code(), (409, "conflict"), "it is in use");
    delete(&person, "ns").await;
    for (rest, code) in [("", "wrong_name"), ("&confirm=NS", "wrong_name"), ("&confirm=", "wrong_name")] {
        assert_eq!(pointed(&purge("ns", rest).await), (400, "confirm", code), "{rest}");
    }
    assert_eq!(purge("ns", "&confirm=ns&x=1").await.code(), (400, "invalid_request"));
    let second = put(&person, "ns").await;
    assert_eq!(purge("ns", "&confirm=ns").await.code(), (409, "conflict"), "which of the two?");
    assert_eq!([status(&person, &first).await, status(&person, &second).await], ["deleting", "ready"]);

    let (_, developer) = person.colleague("dev@example.com", "developer").await;
    let path = format!("/{first}?purge=true&confirm=ns");
    assert_eq!(ask(&developer, Method::DELETE, &path, None).await.code(), (403, "forbidden"));
    assert_eq!(ask(&developer, Method::DELETE, &format!("/{second}"), None).await.status, 202, "that they may");
    drop(following);
    let purging = ask(&person, Method::DELETE, &path, None).await;
    assert_eq!((purging.status.as_u16(), &purging.body["status"]), (202, &json!("purging")));
    assert_eq!(undelete(&person, &first, json!({})).await.code(), (409, "conflict"), "for good");
    for verb in ["suspend", "resume"] {
        let refused = ask(&person, Method::POST, &format!("/{first}/{verb}"), None).await;
        assert_eq!(refused.code(), (409, "conflict"), "{verb}");
    }
    assert_eq!(listed(&person, "?status=purging").await, [first]);
}

#[tokio::test]
async fn when_the_grace_is_over_the_data_are_removed_and_the_log_says_so() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    limits(&person, json!({"undelete_days": 0})).await;
    let id = put(&person, "ns").await;
    delete(&person, "ns").await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    while status(&person, &id).await != "deleted" {
        assert!(tokio::time::Instant::now() < deadline, "the grace of no days is over");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let events = person.events().await;
    let event = events.iter().find(|event| event["action"] == "namespace.purge").expect("an event");
    assert_eq!((&event["actor"]["kind"], &event["target"]["id"]), (&json!("service"), &json!(id)));
    assert_eq!(undelete(&person, &id, json!({})).await.code(), (409, "conflict"));
    assert_eq!(undelete(&person, "ns", json!({})).await.code(), (404, "not_found"));
    assert_eq!(listed(&person, "?status=deleted").await, [id]);
}

#[tokio::test]
async fn a_suspension_is_lifted_by_whoever_it_is_of_alone() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let id = put(&person, "ns").await;
    let suspended = ask(&person, Method::POST, "/ns/suspend", None).await;
    assert_eq!((suspended.status.as_u16(), &suspended.body["status"]), (200, &json!("suspended")));
    assert_eq!(suspended.body["suspended_by"], json!(["organization"]));
    happens(&person, &id, LifeEvent::Suspend(Suspension::Operator)).await;
    let refused = ask(&person, Method::POST, "/ns/resume", None).await;
    assert_eq!((refused.code(), &refused.body["suspended_by"]), ((403, "forbidden"), &json!("operator")));
    delete(&person, "ns").await;
    assert_eq!(ask(&person, Method::POST, "/ns/suspend", None).await.code(), (409, "conflict"));
    let back = undelete(&person, "ns", json!({})).await;
    assert_eq!(
        (&back.body["status"], &back.body["suspended_by"]),
        (&json!("suspended"), &json!(["organization", "operator"]))
    );
    happens(&person, &id, LifeEvent::Resume(Suspension::Operator)).await;
    happens(&person, &id, LifeEvent::Suspend(Suspension::Standing)).await;
    assert_eq!(ask(&person, Method::POST, "/ns/resume", None).await.code(), (402, "standing_unpaid"));
    happens(&person, &id, LifeEvent::Resume(Suspension::Standing)).await;
    let resumed = ask(&person, Method::POST, "/ns/resume", None).await;
    assert_eq!((&resumed.body["status"], &resumed.body["suspended_by"]), (&json!("ready"), &json!([])));
    let (_, reader) = person.colleague("reader@example.com", "read_only").await;
    for (method, rest, body) in [
        (Method::POST, "/ns/suspend", None),
        (Method::POST, "/ns/resume", None),
        (Method::POST, "/ns/undelete", Some(json!({}))),
        (Method::PATCH, "/ns", Some(json!({}))),
        (Method::DELETE, "/ns", None),
    ] {
        assert_eq!(ask(&reader, method, rest, body).await.code(), (403, "forbidden"), "{rest}");
    }
}

#[tokio::test]
async fn labels_change_one_by_one_from_a_known_version_and_are_sought() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let (a, b) = (put(&person, "a").await, put(&person, "b").await);
    let seen = ask(&person, Method::GET, "/a", None).await;
    assert_eq!((&seen.headers["etag"], &seen.body["version"]), (&"\"1\"".parse().expect("a header"), &json!(1)));
    let path = person.path("/namespaces/a");
    let patch = async |tag: &str, labels: Value| {
        person.call_with(Method::PATCH, &path, &[("if-match", tag)], Some(json!({"labels": labels}))).await
    };
    let changed = patch("\"1\"", json!({"team": "a=1", "env": "prod"})).await;
    assert_eq!((changed.status.as_u16(), &changed.body["version"]), (200, &json!(2)));
    let late = patch("\"1\"", json!({"env": null})).await;
    assert_eq!((late.code(), &late.body["current_version"]), ((412, "precondition_failed"), &json!(2)));
    let changed = patch("\"2\"", json!({"env": null, "nothing": null})).await;
    assert_eq!(
        (&changed.body["labels"], &changed.headers["etag"]),
        (&json!({"team": "a=1"}), &"\"3\"".parse().expect("a header"))
    );
    for wrong in [json!({"a b": "x"}), json!({"x": 1}), json!([])] {
        assert_eq!(patch("*", wrong.clone()).await.code(), (400, "invalid_request"), "{wrong}");
    }
    for (query, found) in [
        ("?label=team", vec![&a]),
        ("?label=team=a%3D1", vec![&a]),
        ("?label=team=a", vec![]),
        ("?label=env", vec![]),
        ("?status=ready", vec![&a, &b]),
        ("?status=suspended", vec![]),
    ] {
        assert_eq!(listed(&person, query).await.iter().collect::<Vec<_>>(), found, "{query}");
    }
    for query in ["?status=gone", "?label=", "?label=a%20b", "?cursor=a", "?cursor=a:ns_x", "?limit=0"] {
        assert_eq!(ask(&person, Method::GET, query, None).await.code(), (400, "invalid_request"), "{query}");
    }
    let late = person.call_with(Method::DELETE, &path, &[("if-match", "\"2\"")], None).await;
    assert_eq!(late.code(), (412, "precondition_failed"));
    delete(&person, "a").await;
    assert_eq!(patch("*", json!({})).await.code(), (409, "conflict"));
}

#[tokio::test]
async fn a_key_reaches_by_id_only_what_its_pattern_names() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let (dev, prod) = (put(&person, "dev").await, put(&person, "prod-eu").await);
    let (_, key) = person.key(&["admin"], "prod-*").await;
    let by = async |method: Method, rest: &str, body: Option<Value>| {
        by_key(&service, &key, method, &person.path(&format!("/namespaces{rest}")), body).await
    };
    assert_eq!(by(Method::GET, &format!("/{prod}"), None).await.body["name"], "prod-eu");
    let mut missing = Vec::new();
    for (method, rest) in
        [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/suspend"), ("POST", "/resume"), ("POST", "/undelete")]
    {
        let body = (method == "PATCH" || rest == "/undelete").then(|| json!({}));
        let answer = by(method.parse().expect("a method"), &format!("/{dev}{rest}"), body).await;
        assert_eq!(answer.code(), (404, "not_found"), "{method} {rest}");
        missing.push(answer.comparable());
    }
    assert!(missing.windows(2).all(|pair| pair[0] == pair[1]));
    delete(&person, "prod-eu").await;
    let outside = by(Method::POST, &format!("/{prod}/undelete"), Some(json!({"name": "dev-2"}))).await;
    assert_eq!(outside.code(), (404, "not_found"), "it would lose sight of it");
    assert_eq!(by(Method::POST, "/prod-eu/undelete", Some(json!({"name": "prod-us"}))).await.status, 200);
    let refused = by(Method::PUT, &format!("/{dev}"), Some(json!({}))).await;
    assert_eq!(refused.code(), (404, "not_found"));
    let refused = ask(&person, Method::PUT, &format!("/{dev}"), Some(json!({}))).await;
    assert_eq!(refused.code(), (400, "invalid_request"), "an id is no name");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_name_and_the_last_place_at_once_one_gets_them() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    limits(&person, json!({"namespaces": 1})).await;
    let first = put(&person, "ns").await;
    delete(&person, "ns").await;
    let path = format!("/{first}/undelete");
    let answers = tokio::join!(
        ask(&person, Method::POST, &path, Some(json!({"name": "other"}))),
        ask(&person, Method::PUT, "/ns", Some(json!({}))),
        ask(&person, Method::PUT, "/third", Some(json!({}))),
        ask(&person, Method::POST, &path, Some(json!({}))),
    );
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let living = listed(&person, "").await;
    assert_eq!(living.len(), 1, "{answers:?}");
    for answer in &answers {
        let won = answer.status.is_success() && answer.body["id"] == living[0];
        assert!(won || matches!(answer.code(), (403, "limit_exceeded") | (409, "conflict")), "{answer:?}");
    }
}
