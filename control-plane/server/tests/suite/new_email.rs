//! Another e-mail address for an account.

use std::{sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use http::Method;
use serde_json::json;

use crate::service::{Answer, PASSWORD, Person, Service, config, pointed, token_of};

async fn ask(person: &Person<'_>, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "current_password": password});
    person.call(Method::PUT, "/v1/me/email", Some(body)).await
}

async fn confirm(service: &Service, token: &str) -> Answer {
    service.call(Method::POST, "/v1/auth/email/confirm", Some(json!({"token": token}))).await
}

async fn link(service: &Service, email: &str) -> String {
    token_of(&service.mail_about(email, "Confirm", 1).await)
}

#[tokio::test]
async fn the_address_changes_when_the_link_sent_to_it_is_opened_and_the_old_one_is_told_before() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    assert_eq!(pointed(&ask(&person, "nobody", PASSWORD).await), (400, "/email", "invalid_email"));
    assert_eq!(pointed(&ask(&person, "a@example.com", PASSWORD).await), (400, "/email", "unchanged"));
    let wrong = ask(&person, "new@example.com", "wrong wrong wrong").await;
    assert_eq!(pointed(&wrong), (400, "/current_password", "wrong_password"));
    let asked = ask(&person, "new@example.com", PASSWORD).await;
    assert_eq!((asked.status.as_u16(), &asked.body), (202, &json!({"status": "mail_sent"})));
    let token = link(&service, "new@example.com").await;
    let notice = service.mail_about("a@example.com", "another e-mail address", 1).await;
    assert!(notice["text"].as_str().expect("text").contains("new@example.com"), "{notice}");
    assert!(!notice.to_string().contains(&token), "the link is for the new address alone");
    assert_eq!(person.get("/v1/me").await.body["user"]["email"], "a@example.com", "not yet");

    let confirmed = confirm(&service, &token).await;
    assert_eq!((confirmed.status.as_u16(), &confirmed.body), (200, &json!({"status": "email_changed"})));
    assert_eq!(person.get("/v1/me").await.body["user"]["email"], "new@example.com", "the session goes on");
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.code(), (401, "login_failed"));
    assert_eq!(service.log_in("new@example.com", PASSWORD).await.status, 200);
    assert_eq!(pointed(&confirm(&service, &token).await), (400, "/token", "invalid_token"), "once");
    let body = json!({"email": "a@example.com", "password": PASSWORD, "organization_name": "Org"});
    assert_eq!(service.call(Method::POST, "/v1/auth/signup", Some(body)).await.status, 202);
    service.mail_about("a@example.com", "Verify", 2).await;
}

#[tokio::test]
async fn an_address_may_be_written_another_way() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    assert_eq!(ask(&person, "A@example.com", PASSWORD).await.status, 202);
    assert_eq!(confirm(&service, &link(&service, "a@example.com").await).await.status, 200);
    assert_eq!(person.get("/v1/me").await.body["user"]["email"], "A@example.com");
}

#[tokio::test]
async fn asking_for_an_address_that_somebody_has_looks_the_same_and_its_owner_is_told() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let taken = ask(&person, "B@example.com", PASSWORD).await;
    let free = ask(&person, "new@example.com", PASSWORD).await;
    assert_eq!((taken.status, &taken.body), (free.status, &free.body));
    let notice = service.mail_about("b@example.com", "already have", 1).await;
    assert!(notice["link"].as_str().expect("a link").ends_with("/login"), "no token: {notice}");
    assert_eq!(other.get("/v1/me").await.body["user"]["email"], "b@example.com");
}

#[tokio::test]
async fn a_link_is_good_for_a_day_until_the_next_and_while_the_address_is_free() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let invalid = (400, "/token", "invalid_token");
    ask(&person, "first@example.com", PASSWORD).await;
    let first = link(&service, "first@example.com").await;
    ask(&person, "second@example.com", PASSWORD).await;
    let second = link(&service, "second@example.com").await;
    assert_eq!(pointed(&confirm(&service, &first).await), invalid, "replaced");
    clock.advance(Duration::from_secs(24 * 3600));
    let expired = confirm(&service, &second).await;
    assert_eq!(pointed(&expired), invalid, "too old");

    ask(&person, "third@example.com", PASSWORD).await;
    let third = link(&service, "third@example.com").await;
    clock.advance(Duration::from_secs(1));
    ask(&other, "third@example.com", PASSWORD).await;
    let theirs = token_of(&service.mail_about("third@example.com", "Confirm", 2).await);
    assert_eq!(confirm(&service, &theirs).await.status, 200);
    let taken = confirm(&service, &third).await;
    assert_eq!(taken.comparable(), expired.comparable(), "taken meanwhile: it does not tell");
    assert_eq!(person.get("/v1/me").await.body["user"]["email"], "a@example.com");
}

#[tokio::test]
async fn of_two_who_confirm_one_link_at_once_one_does() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    ask(&person, "new@example.com", PASSWORD).await;
    let token = link(&service, "new@example.com").await;
    let (a, b) = tokio::join!(confirm(&service, &token), confirm(&service, &token));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{a:?} {b:?}");
}
