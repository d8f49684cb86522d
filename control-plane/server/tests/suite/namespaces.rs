use std::time::Duration;

use agentdb_control_plane_store::OrganizationChange;
use chrono::DateTime;
use http::Method;
use serde_json::{Value, json};

use crate::service::{Person, Service, by_key};

/// A namespace is ready before its node, which begins to wait when it has taken up the one before, would look for itself
/// a second later. The best of three, since the machine may be busy.
const ANNOUNCED: Duration = Duration::from_millis(500);

async fn put(person: &Person<'_>, name: &str) -> crate::service::Answer {
    person.call(Method::PUT, &person.path(&format!("/namespaces/{name}")), Some(json!({}))).await
}

/// Asks until the namespace is as expected.
async fn until(person: &Person<'_>, name: &str, status: &str) {
    let path = person.path(&format!("/namespaces/{name}"));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let answer = person.get(&path).await;
        if answer.body["status"] == status {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{answer:?} instead of {status:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_namespace_is_ready_in_the_answer_when_its_node_follows_the_feed() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let change = OrganizationChange::LimitOverrides(json!({"namespaces": 4}));
    let org_id = person.org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
    assert_eq!(put(&person, "first").await.body["status"], "ready");
    let mut fastest = Duration::MAX;
    for name in ["second", "third", "support"] {
        let begun = tokio::time::Instant::now();
        let made = put(&person, name).await;
        assert_eq!((made.status.as_u16(), made.body["status"].as_str()), (201, Some("ready")), "{made:?}");
        fastest = fastest.min(begun.elapsed());
    }
    assert!(fastest < ANNOUNCED, "announced, not found by chance: {fastest:?}");
    let made = person.get(&person.path("/namespaces/support")).await;
    let again = put(&person, "support").await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &made.body));

    let path = person.path("/namespaces/support");
    let labels = json!({"labels": {"team": "a"}});
    let labelled = person.call(Method::PUT, &path, Some(labels)).await;
    assert_eq!((labelled.status.as_u16(), &labelled.body["labels"]), (200, &json!({"team": "a"})));
    assert_eq!(put(&person, "support").await.body["labels"], json!({"team": "a"}), "absent labels change nothing");

    let deleted = person.call(Method::DELETE, &path, None).await;
    assert_eq!((deleted.status.as_u16(), deleted.body["status"].as_str()), (202, Some("deleting")));
    let anew = put(&person, "support").await;
    assert_eq!(anew.status, 201);
    assert_ne!(anew.body["id"], made.body["id"]);
    assert_eq!(anew.body["labels"], json!({}));
}

#[tokio::test]
async fn without_a_node_it_is_creating_and_settles_when_one_comes() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let made = put(&person, "ns").await;
    assert_eq!((made.status.as_u16(), made.body["status"].as_str()), (201, Some("creating")));
    let node = service.node().await;
    let _following = node.follow().await;
    until(&person, "ns", "ready").await;
}

#[tokio::test]
async fn the_editions_number_of_namespaces_holds_also_at_once() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    let answers =
        tokio::join!(put(&person, "a"), put(&person, "b"), put(&person, "c"), put(&person, "d"), put(&person, "e"));
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4];
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    let refused = answers.iter().find(|answer| answer.status != 201).expect("two were refused");
    assert_eq!(refused.code(), (403, "limit_exceeded"));
    assert_eq!((&refused.body["limit"], &refused.body["edition"]), (&json!("namespaces"), &json!("community")));
    let same = tokio::join!(put(&person, "a"), put(&person, "b"), put(&person, "c"));
    let known = [same.0, same.1, same.2].iter().filter(|answer| answer.status == 200).count();
    assert!(known > 0, "what exists may be put again at the limit");
}

#[tokio::test]
async fn a_key_reaches_the_namespaces_of_its_pattern() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    put(&person, "dev").await;
    put(&person, "prod-eu").await;
    let (_, key) = person.key(&["admin"], "prod-*").await;
    let mut missing: Vec<Value> = Vec::new();
    for (method, name) in
        [("GET", "dev"), ("PUT", "dev"), ("DELETE", "dev"), ("PUT", "new"), ("GET", "prod-x"), ("GET", "a b")]
    {
        let method: Method = method.parse().expect("a method");
        let body = (method == Method::PUT).then(|| json!({}));
        let path = person.path(&format!("/namespaces/{}", name.replace(' ', "%20")));
        let answer = by_key(&service, &key, method, &path, body).await;
        assert_eq!(answer.code(), (404, "not_found"), "{name}");
        missing.push(answer.comparable());
    }
    assert!(missing.windows(2).all(|pair| pair[0] == pair[1]));
    let list = by_key(&service, &key, Method::GET, &person.path("/namespaces"), None).await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(list.body["items"][0]["name"], "prod-eu");
    let page = by_key(&service, &key, Method::GET, &person.path("/namespaces?limit=1"), None).await;
    assert_eq!((&page.body["items"][0]["name"], &page.body["next_cursor"]), (&json!("prod-eu"), &Value::Null));
    put(&person, "prod-us").await;
    let cursor = format!("prod-eu:{}", list.body["items"][0]["id"].as_str().expect("an id"));
    let page = by_key(&service, &key, Method::GET, &person.path("/namespaces?limit=1"), None).await;
    assert_eq!((&page.body["items"][0]["name"], &page.body["next_cursor"]), (&json!("prod-eu"), &json!(cursor)));
    let next = person.path(&format!("/namespaces?limit=1&cursor={cursor}"));
    let page = by_key(&service, &key, Method::GET, &next, None).await;
    assert_eq!((&page.body["items"][0]["name"], &page.body["next_cursor"]), (&json!("prod-us"), &Value::Null));
    assert_eq!(person.get(&person.path("/namespaces/dev")).await.body["status"], "ready", "nothing has changed");
}

#[tokio::test]
async fn lists_are_cut_into_pages_and_bad_names_and_labels_are_refused() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let _following = node.follow().await;
    for name in ["c", "a", "b"] {
        put(&person, name).await;
    }
    let page = person.get(&person.path("/namespaces?limit=2")).await;
    let names = |page: &Value| {
        page["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&page.body), ["a", "b"]);
    let next = page.body["next_cursor"].as_str().expect("there is more");
    let page = person.get(&person.path(&format!("/namespaces?limit=2&cursor={next}"))).await;
    assert_eq!((names(&page.body), &page.body["next_cursor"]), (vec![json!("c")], &Value::Null));

    for name in ["a%20b", "%2E%2E", &"x".repeat(129), "%C3%A4"] {
        assert_eq!(put(&person, name).await.code(), (400, "invalid_request"), "{name}");
    }
    for body in [json!({"labels": {"a b": "x"}}), json!({"labels": {"a": 1}}), json!({"lables": {}}), json!([])] {
        let answer = person.call(Method::PUT, &person.path("/namespaces/a"), Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
    }
}
