//! What the audit log is told by the operations that change something.

use agentdb_control_plane_contract::ApiKeyToken;
use agentdb_control_plane_store::sqlx;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key, request};

/// Every operation of an organisation that changes something, from the description.
fn changes() -> Vec<(String, String)> {
    let description = serde_json::to_value(agentdb_control_plane_server::openapi()).expect("JSON");
    let mut all = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        if let Some(rest) = path.strip_prefix("/v1/orgs/{org}") {
            let methods = item.as_object().expect("operations").keys().filter(|method| *method != "get");
            all.extend(methods.map(|method| (method.to_uppercase(), rest.to_owned())));
        }
    }
    all
}

/// The actions of the events there are, sorted.
async fn actions(person: &Person<'_>) -> Vec<String> {
    let events = person.events().await;
    let mut actions: Vec<_> =
        events.iter().map(|event| event["action"].as_str().expect("an action").to_owned()).collect();
    actions.sort_unstable();
    actions
}

/// The one event with this action.
async fn the_event(person: &Person<'_>, action: &str) -> Value {
    let mut events = person.events().await;
    events.retain(|event| event["action"] == action);
    assert_eq!(events.len(), 1, "{action}: {events:?}");
    events.remove(0)
}

#[tokio::test]
async fn what_is_done_is_one_event_and_what_changes_nothing_is_none() {
    let service = Service::start().await;
    let node = service.node().await;
    let _following = node.follow().await;
    for (place, (method, rest)) in changes().into_iter().enumerate() {
        let person = service.person(&format!("p{place}@example.com")).await;
        match (method.as_str(), rest.as_str()) {
            ("PATCH", "") => renames_the_organization(&person).await,
            ("PATCH", "/members/{user}") => gives_a_role(&person).await,
            ("DELETE", "/members/{user}") => removes_a_member(&person).await,
            ("POST", "/invitations") => invites(&person).await,
            ("DELETE", "/invitations/{invitation}") => revokes_an_invitation(&person).await,
            ("POST", "/api-keys") => creates_a_key(&person).await,
            ("PATCH", "/api-keys/{key}") => changes_a_key(&person).await,
            ("POST", "/api-keys/{key}/rotate") => rotates_a_key(&person).await,
            ("DELETE", "/api-keys/{key}") => revokes_a_key(&person).await,
            ("PUT", "/namespaces/{ns}") => puts_a_namespace(&person).await,
            ("PATCH", "/namespaces/{ns}") => labels_a_namespace(&person).await,
            ("DELETE", "/namespaces/{ns}") => deletes_a_namespace(&person).await,
            ("POST", "/namespaces/{ns}/undelete") => undeletes_a_namespace(&person).await,
            ("POST", "/namespaces/{ns}/suspend") => suspends_and_resumes_a_namespace(&person).await,
            // With the one before.
            ("POST", "/namespaces/{ns}/resume") => {}
            ("POST", "/console-tokens") => {
                assert_eq!(person.call(Method::POST, &person.path(&rest), None).await.status, 201);
                assert_eq!(person.events().await, Vec::<Value>::new(), "the console takes one every few minutes");
            }
            _ => panic!("what does {method} {rest} record?"),
        }
    }
}

async fn renames_the_organization(person: &Person<'_>) {
    for _ in 0..2 {
        let answer = person.call(Method::PATCH, &person.path(""), Some(json!({"name": "Renamed"}))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(actions(person).await, ["organization.update"]);
    let event = the_event(person, "organization.update").await;
    assert_eq!(event["target"], json!({"kind": "organization", "id": person.org, "name": "Renamed"}));
    assert_eq!(event["details"], json!({"name": {"from": "Org", "to": "Renamed"}}));
}

/// An address of nobody else.
fn address_beside(person: &Person<'_>) -> String {
    format!("{}@example.com", person.org)
}

async fn gives_a_role(person: &Person<'_>) {
    let email = address_beside(person);
    let (id, _) = person.colleague(&email, "developer").await;
    let path = person.path(&format!("/members/{id}"));
    for _ in 0..2 {
        assert_eq!(person.call(Method::PATCH, &path, Some(json!({"role": "billing"}))).await.status, 200);
    }
    assert_eq!(actions(person).await, ["invitation.accept", "invitation.create", "member.update"]);
    let event = the_event(person, "member.update").await;
    assert_eq!(event["target"], json!({"kind": "member", "id": id, "name": email}));
    assert_eq!(event["details"], json!({"role": {"from": "developer", "to": "billing"}}));
    let accepted = the_event(person, "invitation.accept").await;
    assert_eq!(accepted["actor"], json!({"kind": "person", "id": id, "name": email}));
}

async fn removes_a_member(person: &Person<'_>) {
    let (id, _) = person.colleague(&address_beside(person), "admin").await;
    let path = person.path(&format!("/members/{id}"));
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 404);
    assert_eq!(actions(person).await, ["invitation.accept", "invitation.create", "member.remove"]);
    let event = the_event(person, "member.remove").await;
    assert_eq!(event["details"], json!({"role": {"from": "admin", "to": null}}));
}

async fn invites(person: &Person<'_>) {
    let email = address_beside(person);
    let invited = person.invite(&email, "read_only").await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let events = person.events().await;
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event["target"], json!({"kind": "invitation", "id": invited.body["id"], "name": email}));
    assert_eq!(event["details"], json!({"role": {"from": null, "to": "read_only"}}));
}

async fn revokes_an_invitation(person: &Person<'_>) {
    let invited = person.invite(&address_beside(person), "read_only").await;
    let path = person.path(&format!("/invitations/{}", invited.body["id"].as_str().expect("an id")));
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 404);
    assert_eq!(actions(person).await, ["invitation.create", "invitation.revoke"]);
}

async fn creates_a_key(person: &Person<'_>) {
    let body = json!({"name": "ci", "namespaces": "prod-*", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"});
    let create = async || {
        let mut request = request(Method::POST, &person.path("/api-keys"), Some(body.clone()));
        request.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
        request.headers.insert("x-csrf-token", person.csrf.parse().expect("a header"));
        request.headers.insert("idempotency-key", "once".parse().expect("a header"));
        request.headers.insert(header::USER_AGENT, "probe/1".parse().expect("a header"));
        person.service.send(request.body_of()).await
    };
    let made = create().await;
    assert_eq!(made.status, 201, "{made:?}");
    let replayed = create().await;
    assert_eq!(replayed.headers["idempotency-replayed"], "true");
    let events = person.events().await;
    let [event] = &events[..] else { panic!("{events:?}") };
    let me = person.get("/v1/me").await.body["user"].clone();
    assert_eq!(event["actor"], json!({"kind": "person", "id": me["id"], "name": me["email"]}));
    assert_eq!(event["client"], json!({"address": "127.0.0.1", "user_agent": "probe/1"}));
    assert_eq!(event["request_id"], made.headers["x-request-id"].to_str().expect("text"));
    assert_eq!((&event["action"], &event["outcome"]), (&json!("api_key.create"), &json!("done")));
    assert_eq!(event["target"], json!({"kind": "api_key", "id": made.body["id"], "name": "ci"}));
    let details = json!({
        "scopes": {"from": null, "to": ["read"]},
        "namespaces": {"from": null, "to": "prod-*"},
        "expires_at": {"from": null, "to": "2999-01-01T00:00:00Z"},
    });
    assert_eq!((&event["details"], &event["code"], &event["left_out"]), (&details, &Value::Null, &json!(0)));
}

async fn changes_a_key(person: &Person<'_>) {
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    let body = json!({"name": "renamed", "allowed_addresses": ["10.0.0.0/8"]});
    for _ in 0..2 {
        let answer = person.call(Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(actions(person).await, ["api_key.create", "api_key.update"]);
    let event = the_event(person, "api_key.update").await;
    assert_eq!(event["target"], json!({"kind": "api_key", "id": id, "name": "renamed"}));
    let details = json!({
        "name": {"from": "key", "to": "renamed"},
        "allowed_addresses": {"from": [], "to": ["10.0.0.0/8"]},
    });
    assert_eq!(event["details"], details);
}

async fn rotates_a_key(person: &Person<'_>) {
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}/rotate"));
    let rotated = person.call(Method::POST, &path, Some(json!({"overlap_s": 60}))).await;
    assert_eq!(rotated.status, 201, "{rotated:?}");
    assert_eq!(person.call(Method::POST, &path, Some(json!({}))).await.status, 409);
    assert_eq!(actions(person).await, ["api_key.create", "api_key.rotate"]);
    let event = the_event(person, "api_key.rotate").await;
    assert_eq!(event["target"], json!({"kind": "api_key", "id": id, "name": "key"}));
    let details = json!({
        "replaced_by": {"from": null, "to": rotated.body["id"]},
        "expires_at": {"from": null, "to": rotated.body["replaced_until"]},
    });
    assert_eq!(event["details"], details);
}

async fn revokes_a_key(person: &Person<'_>) {
    let (id, _) = person.key(&["read"], "*").await;
    let path = person.path(&format!("/api-keys/{id}"));
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(person.call(Method::DELETE, &path, None).await.status, 404);
    assert_eq!(actions(person).await, ["api_key.create", "api_key.revoke"]);
    assert_eq!(
        the_event(person, "api_key.revoke").await["target"],
        json!({"kind": "api_key", "id": id, "name": "key"})
    );
}

async fn put(person: &Person<'_>, body: Value) -> Answer {
    person.call(Method::PUT, &person.path("/namespaces/ns"), Some(body)).await
}

async fn puts_a_namespace(person: &Person<'_>) {
    for (body, status, expected) in [
        (json!({}), 201, &["namespace.create"][..]),
        (json!({}), 200, &["namespace.create"]),
        (json!({"labels": {"team": "a"}}), 200, &["namespace.create", "namespace.update"]),
        (json!({"labels": {"team": "a"}}), 200, &["namespace.create", "namespace.update"]),
        (json!({"labels": {"a b": "bad"}}), 400, &["namespace.create", "namespace.update"]),
    ] {
        assert_eq!(put(person, body.clone()).await.status, status, "{body}");
        assert_eq!(actions(person).await, expected, "{body}");
    }
    let (created, updated) = (the_event(person, "namespace.create").await, the_event(person, "namespace.update").await);
    assert_eq!(updated["details"], json!({"labels": {"from": {}, "to": {"team": "a"}}}));
    assert_eq!((&created["details"], &created["target"]), (&json!({}), &updated["target"]));
}

async fn labels_a_namespace(person: &Person<'_>) {
    assert_eq!(put(person, json!({"labels": {"old": "1", "kept": "2"}})).await.status, 201);
    let change = json!({"labels": {"old": null, "team": "a"}});
    for _ in 0..2 {
        let answer = person.call(Method::PATCH, &person.path("/namespaces/ns"), Some(change.clone())).await;
        assert_eq!((answer.status.as_u16(), &answer.body["labels"]), (200, &json!({"kept": "2", "team": "a"})));
    }
    assert_eq!(actions(person).await, ["namespace.create", "namespace.update"]);
    let event = the_event(person, "namespace.update").await;
    assert_eq!(event["details"], json!({"labels": {"from": {"old": "1"}, "to": {"team": "a"}}}));
}

async fn deletes_a_namespace(person: &Person<'_>) {
    assert_eq!(put(person, json!({})).await.status, 201);
    let path = person.path("/namespaces/ns");
    for _ in 0..2 {
        assert_eq!(person.call(Method::DELETE, &path, None).await.status, 202);
    }
    assert_eq!(actions(person).await, ["namespace.create", "namespace.delete"]);
    let purge = format!("{path}?purge=true&confirm=ns");
    assert_eq!(person.call(Method::DELETE, &purge, None).await.status, 202);
    // Gone by name; by id it is known that it is purged already.
    assert_eq!(person.call(Method::DELETE, &purge, None).await.status, 404);
    let id = the_event(person, "namespace.purge").await["target"]["id"].as_str().expect("an id").to_owned();
    let purge = person.path(&format!("/namespaces/{id}?purge=true&confirm=ns"));
    assert_eq!(person.call(Method::DELETE, &purge, None).await.status, 202);
    assert_eq!(actions(person).await, ["namespace.create", "namespace.delete", "namespace.purge"]);
}

async fn undeletes_a_namespace(person: &Person<'_>) {
    assert_eq!(put(person, json!({})).await.status, 201);
    assert_eq!(person.call(Method::DELETE, &person.path("/namespaces/ns"), None).await.status, 202);
    let path = person.path("/namespaces/ns/undelete");
    let back = person.call(Method::POST, &path, Some(json!({"name": "other"}))).await;
    assert_eq!((back.status.as_u16(), back.body["name"].as_str()), (200, Some("other")), "{back:?}");
    let path = person.path("/namespaces/other/undelete");
    assert_eq!(person.call(Method::POST, &path, Some(json!({}))).await.status, 200, "nothing to be done");
    assert_eq!(actions(person).await, ["namespace.create", "namespace.delete", "namespace.undelete"]);
    let event = the_event(person, "namespace.undelete").await;
    assert_eq!(event["details"], json!({"name": {"from": "ns", "to": "other"}}));
}

async fn suspends_and_resumes_a_namespace(person: &Person<'_>) {
    assert_eq!(put(person, json!({})).await.status, 201);
    for (verb, status) in [("suspend", "suspended"), ("resume", "ready")] {
        let path = person.path(&format!("/namespaces/ns/{verb}"));
        for _ in 0..2 {
            let answer = person.call(Method::POST, &path, None).await;
            assert_eq!((answer.status.as_u16(), answer.body["status"].as_str()), (200, Some(status)), "{answer:?}");
        }
    }
    assert_eq!(actions(person).await, ["namespace.create", "namespace.resume", "namespace.suspend"]);
    assert_eq!(the_event(person, "namespace.suspend").await["details"], json!({}));
}

#[tokio::test]
async fn no_event_holds_a_secret() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, admin) = person.key(&["admin", "read"], "*").await;
    let body = json!({"name": "made by a key", "namespaces": "*", "scopes": ["read"]});
    let made = by_key(&service, &admin, Method::POST, &person.path("/api-keys"), Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let reader = made.body["secret"].as_str().expect("a secret").to_owned();
    let refused = by_key(&service, &reader, Method::PUT, &person.path("/namespaces/ns"), Some(json!({}))).await;
    assert_eq!(refused.code(), (403, "forbidden"));
    assert_eq!(person.events().await.len(), 3);

    let pool = service.server.pool("postgres", 1).await;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT e::text FROM control.audit_events e").fetch_all(&pool).await.expect("rows");
    let mut secrets = vec![person.csrf.clone(), crate::service::PASSWORD.to_owned()];
    secrets.push(person.cookie.split_once('=').expect("a cookie").1.to_owned());
    for secret in [&admin, &reader] {
        let token = ApiKeyToken::parse(secret).expect("a key");
        // The text is a prefix that is shown, and the secret after the last `_`.
        secrets.extend([token.sha256(), secret.rsplit_once('_').expect("a secret").1.to_owned()]);
    }
    for (row, secret) in rows.iter().flat_map(|row| secrets.iter().map(move |secret| (row, secret))) {
        assert!(!row.contains(secret), "{row} holds {secret}");
    }
    assert_eq!(rows.len(), 3);
}
