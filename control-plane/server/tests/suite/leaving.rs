//! Deleting one's account.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock};
use agentdb_control_plane_contract::ApiKeyToken;
use agentdb_control_plane_store::sqlx;
use agentdb_ids::OrgId;
use http::{Method, header};
use serde_json::json;

use crate::service::{Answer, PASSWORD, Person, Service, by_key, config, pointed};

async fn delete(person: &Person<'_>, password: &str) -> Answer {
    person.call(Method::DELETE, "/v1/me", Some(json!({"current_password": password}))).await
}

/// Makes all who are there owners of the organisation.
async fn share(service: &Service, person: &Person<'_>) {
    let org: OrgId = person.org.parse().expect("an id");
    let admin = service.server.pool("postgres", 1).await;
    sqlx::query(
        "INSERT INTO control.memberships (org_id, user_id, role, created_at)
         SELECT $1, user_id, 'owner', now() FROM control.users ON CONFLICT DO NOTHING",
    )
    .bind(org.uuid())
    .execute(&admin)
    .await
    .expect("other owners");
}

#[tokio::test]
async fn the_last_owner_of_an_organisation_stays_and_is_told_of_which() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    assert_eq!(pointed(&delete(&person, "wrong").await), (400, "/current_password", "wrong_password"));
    let refused = delete(&person, PASSWORD).await;
    assert_eq!(refused.code(), (409, "conflict"));
    assert_eq!(refused.body["organizations"], json!([{"id": person.org, "name": "Org"}]));
    assert!(refused.body["detail"].as_str().expect("text").contains("`Org`"), "{refused:?}");
    assert_eq!(person.get("/v1/me").await.status, 200, "nothing has changed");

    let other = service.person("b@example.com").await;
    share(&service, &person).await;
    assert_eq!(delete(&person, PASSWORD).await.status, 202);
    share(&service, &other).await;
    let refused = delete(&other, PASSWORD).await;
    assert_eq!(refused.code(), (409, "conflict"), "an owner who is leaving owns nothing for anybody");
    assert_eq!(refused.body["organizations"].as_array().map(Vec::len), Some(2), "{refused:?}");
}

#[tokio::test]
async fn leaving_signs_out_everywhere_at_once_and_leaves_the_organisations_keys() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let elsewhere = service.again("a@example.com", &person).await;
    let node = service.node().await;
    let made = person.call(Method::POST, &person.path("/console-tokens"), None).await;
    let console = ApiKeyToken::parse(made.body["token"].as_str().expect("a token")).expect("a key").key_id();
    let (_, key) = person.key(&["admin"], "*").await;
    share(&service, &person).await;
    let left = delete(&person, PASSWORD).await;
    assert_eq!(left.status, 202, "{left:?}");
    assert!(left.headers[header::SET_COOKIE].to_str().expect("text").starts_with("adb_session=; Path=/; Max-Age=0"));
    for gone in [&person, &elsewhere] {
        assert_eq!(gone.get("/v1/me").await.code(), (401, "unauthenticated"));
    }
    assert!(node.client.grant(console).await.expect("an answer").is_none());
    assert_eq!(by_key(&service, &key, Method::GET, &person.path(""), None).await.status, 200);
    assert_eq!(other.get("/v1/me").await.status, 200);
    let mail = service.mail_about("a@example.com", "was deleted", 1).await;
    assert!(mail["link"].as_str().expect("a link").ends_with("/login"), "{mail}");
}

#[tokio::test]
async fn logging_in_within_thirty_days_brings_the_account_back_and_later_there_is_none() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    service.person("b@example.com").await;
    share(&service, &person).await;
    let left = delete(&person, PASSWORD).await;
    assert_eq!(left.body["removed_at"], "2026-03-31T12:00:00Z");
    clock.advance(Duration::from_secs(30 * 24 * 3600 - 1));
    assert_eq!(service.log_in("a@example.com", "wrong wrong wrong").await.code(), (401, "login_failed"));
    let back = service.again("a@example.com", &person).await;
    assert_eq!(back.get("/v1/me").await.body["organizations"][0]["id"], person.org.as_str(), "as it was");

    assert_eq!(delete(&back, PASSWORD).await.status, 202);
    clock.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.code(), (401, "login_failed"), "before it is removed");
    service.stores.jobs().clean_up(clock.now()).await.expect("the store");
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.code(), (401, "login_failed"));
    let again = service.person("a@example.com").await;
    assert_ne!(again.org, person.org, "somebody new");
}
