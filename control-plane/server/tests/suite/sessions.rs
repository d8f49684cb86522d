//! The sessions that a person sees and ends.

use std::{sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use agentdb_control_plane_contract::ApiKeyToken;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{PASSWORD, Person, Service, config, cookie, csrf, request};

/// The person in another browser that says what it is.
async fn in_browser<'a>(service: &'a Service, person: &Person<'_>, user_agent: &str) -> Person<'a> {
    let body = json!({"email": "a@example.com", "password": PASSWORD});
    let mut request = request(Method::POST, "/v1/auth/login", Some(body));
    request.headers.insert(header::USER_AGENT, user_agent.parse().expect("a header"));
    let answer = service.send(request.body_of()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    Person { service, cookie: cookie(&answer), csrf: csrf(&answer), org: person.org.clone() }
}

async fn listed(person: &Person<'_>) -> Vec<Value> {
    let answer = person.get("/v1/me/sessions").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["items"].as_array().expect("items").clone()
}

async fn current(person: &Person<'_>) -> String {
    let items = listed(person).await;
    let current: Vec<_> = items.iter().filter(|item| item["current"] == true).collect();
    assert_eq!(current.len(), 1, "{items:?}");
    current[0]["id"].as_str().expect("an id").to_owned()
}

async fn signed_in(person: &Person<'_>) -> bool {
    person.get("/v1/me").await.status == 200
}

#[tokio::test]
async fn a_person_recognises_their_sessions_and_nothing_else_is_shown() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let first = service.person("a@example.com").await;
    service.person("b@example.com").await;
    clock.advance(Duration::from_secs(3600));
    let second = in_browser(&service, &first, &"x".repeat(900)).await;
    clock.advance(Duration::from_secs(3600));
    let items = listed(&second).await;
    assert_eq!(items.len(), 2, "newest first, nobody else's: {items:?}");
    assert_eq!(items[0]["browser"].as_str().map(str::len), Some(200));
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(items[0]["last_address"], "127.0.0.1");
    assert_eq!(items[1]["created_at"], "2026-03-01T12:00:00Z");
    assert_eq!(items[0]["last_seen_at"], "2026-03-01T14:00:00Z");
    assert_eq!(items[1]["browser"], Value::Null);
    let secrets = [&first.cookie, &second.cookie].map(|cookie| cookie.split_once('=').expect("a cookie").1.to_owned());
    assert!(secrets.iter().all(|secret| !json!(items).to_string().contains(secret.as_str())));

    clock.advance(Duration::from_secs(3 * 24 * 3600 - 3600));
    assert_eq!(listed(&second).await.len(), 1, "the other one was left unused");
}

#[tokio::test]
async fn a_session_that_is_ended_is_over_at_once_with_the_tokens_made_under_it() {
    let service = Service::start().await;
    let first = service.person("a@example.com").await;
    let second = service.again("a@example.com", &first).await;
    let node = service.node().await;
    let made = second.call(Method::POST, &second.path("/console-tokens"), None).await;
    let key_id = ApiKeyToken::parse(made.body["token"].as_str().expect("a token")).expect("a key").key_id();
    let path = format!("/v1/me/sessions/{}", current(&second).await);
    let ended = first.call(Method::DELETE, &path, None).await;
    assert_eq!(ended.status, 204, "{ended:?}");
    assert!(!ended.headers.contains_key(header::SET_COOKIE), "another one's");
    assert!(!signed_in(&second).await && signed_in(&first).await);
    assert!(node.client.grant(key_id).await.expect("an answer").is_none());
    assert_eq!(first.call(Method::DELETE, &path, None).await.code(), (404, "not_found"), "it is there no more");
}

#[tokio::test]
async fn ending_the_session_that_asks_takes_the_cookie_away() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let path = format!("/v1/me/sessions/{}", current(&person).await);
    let ended = person.call(Method::DELETE, &path, None).await;
    assert_eq!(ended.status, 204, "{ended:?}");
    let taken = ended.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(taken.starts_with("adb_session=;") && taken.contains("Max-Age=0"), "{taken}");
    assert!(!signed_in(&person).await);
}

#[tokio::test]
async fn ending_all_others_leaves_the_session_that_asks_and_those_of_other_people() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let (second, third) =
        (service.again("a@example.com", &person).await, service.again("a@example.com", &person).await);
    assert_eq!(second.call(Method::DELETE, "/v1/me/sessions", None).await.status, 204);
    assert!(!signed_in(&person).await && signed_in(&second).await && !signed_in(&third).await);
    assert!(signed_in(&other).await);
    assert_eq!(listed(&second).await.len(), 1);
}

#[tokio::test]
async fn somebody_elses_session_and_one_that_is_not_there_are_the_same_404() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let theirs = current(&other).await;
    let mut answers = Vec::new();
    for id in [theirs.as_str(), "ses_01jc00000000000000000000zz", "ses_nonsense", "%FF"] {
        let answer = person.call(Method::DELETE, &format!("/v1/me/sessions/{id}"), None).await;
        assert_eq!(answer.code(), (404, "not_found"), "{id}");
        answers.push(answer.comparable());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(signed_in(&other).await);
}

#[tokio::test]
async fn what_changes_something_of_ones_own_needs_a_session_and_its_csrf_token() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let own = format!("/v1/me/sessions/{}", current(&person).await);
    let (new, gone) = (json!({"current_password": PASSWORD}), own.as_str());
    for (method, path, body) in [
        (Method::DELETE, gone, None),
        (Method::DELETE, "/v1/me/sessions", None),
        (Method::PUT, "/v1/me/password", Some(json!({"current_password": PASSWORD, "new_password": "cherry tree 78"}))),
        (Method::PUT, "/v1/me/email", Some(json!({"current_password": PASSWORD, "email": "new@example.com"}))),
        (Method::DELETE, "/v1/me", Some(new)),
    ] {
        let answer = service.call(method.clone(), path, body.clone()).await;
        assert_eq!(answer.code(), (401, "unauthenticated"), "{method} {path}");
        let mut forged = request(method.clone(), path, body);
        forged.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
        forged.headers.insert("x-csrf-token", "0".repeat(64).parse().expect("a header"));
        assert_eq!(service.send(forged.body_of()).await.code(), (403, "csrf_failed"), "{method} {path}");
    }
    assert!(signed_in(&person).await);
}
