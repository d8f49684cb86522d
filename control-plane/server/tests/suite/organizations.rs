use agentdb_control_plane_contract::Edition;
use agentdb_control_plane_store::OrganizationChange;
use chrono::DateTime;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, request};

async fn create(person: &Person<'_>, idempotency_key: Option<&str>, body: &Value) -> Answer {
    let mut request = request(Method::POST, "/v1/orgs", Some(body.clone()));
    request.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
    request.headers.insert("x-csrf-token", person.csrf.parse().expect("a header"));
    if let Some(key) = idempotency_key {
        request.headers.insert("idempotency-key", key.parse().expect("a header"));
    }
    person.service.send(request.body_of()).await
}

async fn upgrade(service: &Service, org: &str) {
    let change = OrganizationChange::Edition(Edition::Professional);
    let org_id = org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
}

#[tokio::test]
async fn a_person_has_one_community_organisation_and_makes_another_when_it_is_upgraded() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let body = json!({"name": " Second "});
    let refused = create(&person, None, &body).await;
    assert_eq!(refused.code(), (403, "limit_exceeded"));
    assert_eq!((&refused.body["limit"], &refused.body["maximum"]), (&json!("organizations"), &json!(1)));
    assert!(refused.body["detail"].as_str().expect("text").contains("Upgrade"), "{refused:?}");

    upgrade(&service, &person.org).await;
    // Connections that are open already, or the first request is over before the others have one.
    futures::future::join_all((0..4).map(|_| person.get("/v1/me"))).await;
    let at_once = futures::future::join_all((0..4).map(|_| create(&person, None, &body))).await;
    let made: Vec<_> = at_once.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1, "{at_once:?}");
    assert_eq!((&made[0].body["name"], &made[0].body["edition"]), (&json!("Second"), &json!("community")));
    let me = person.get("/v1/me").await;
    let organizations = me.body["organizations"].as_array().expect("organisations");
    assert_eq!(organizations.len(), 2);
    assert_eq!((&organizations[1]["id"], &organizations[1]["role"]), (&made[0].body["id"], &json!("owner")));
}

#[tokio::test]
async fn an_organisation_that_is_given_away_counts_for_who_made_it() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, heir) = person.colleague("b@example.com", "owner").await;
    let me = person.get("/v1/me").await.body["user"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(person.call(Method::DELETE, &person.path(&format!("/members/{me}")), None).await.status, 204);
    assert_eq!(person.get("/v1/me").await.body["organizations"], json!([]));
    assert_eq!(create(&person, None, &json!({"name": "Next"})).await.code(), (403, "limit_exceeded"));
    upgrade(&service, &heir.org).await;
    assert_eq!(create(&person, None, &json!({"name": "Next"})).await.status, 201);
}

#[tokio::test]
async fn a_creation_that_is_repeated_makes_one_organisation() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    upgrade(&service, &person.org).await;
    let body = json!({"name": "Second"});
    let made = create(&person, Some("once"), &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(!made.headers.contains_key("idempotency-replayed"));
    let again = create(&person, Some("once"), &body).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &made.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let another = create(&person, Some("once"), &json!({"name": "Third"})).await;
    assert_eq!(another.code(), (409, "idempotency_conflict"));
    assert_eq!(create(&other, Some("once"), &body).await.code(), (403, "limit_exceeded"), "the key is another's");
    assert_eq!(create(&person, Some("a b"), &body).await.body["errors"][0]["pointer"], "Idempotency-Key");
}

#[tokio::test]
async fn admins_and_owners_rename_an_organisation_and_bad_names_are_refused_by_field() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, admin_key) = person.key(&["admin"], "*").await;
    let (_, limited) = person.key(&["admin"], "prod-*").await;
    let (_, developer) = person.colleague("b@example.com", "developer").await;
    let (path, body) = (person.path(""), json!({"name": " Renamed "}));
    let refused = developer.call(Method::PATCH, &path, Some(body.clone())).await;
    assert_eq!(refused.code(), (403, "forbidden"));
    assert_eq!(refused.body["detail"], "This operation needs the role admin or owner.");
    let refused = by_key(&service, &limited, Method::PATCH, &path, Some(body.clone())).await;
    assert_eq!(refused.code(), (403, "forbidden"));
    assert_eq!(person.get(&path).await.body["name"], "Org");
    let renamed = by_key(&service, &admin_key, Method::PATCH, &path, Some(body)).await;
    assert_eq!((renamed.status.as_u16(), &renamed.body["name"]), (200, &json!("Renamed")));
    assert_eq!(person.get(&path).await.body, renamed.body);
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": " "}), "/name"),
        (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (json!({"name": "a", "edition": "enterprise"}), "/edition"),
    ] {
        for (method, path) in [(Method::PATCH, path.as_str()), (Method::POST, "/v1/orgs")] {
            let answer = person.call(method.clone(), path, Some(body.clone())).await;
            assert_eq!(answer.code(), (400, "invalid_request"), "{method} {body}");
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{method} {body}");
        }
    }
}
