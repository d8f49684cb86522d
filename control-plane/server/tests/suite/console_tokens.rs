use std::{collections::BTreeSet, sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use agentdb_control_plane_contract::{ApiKeyToken, PolicyEvent};
use agentdb_control_plane_store::sqlx::{self, PgPool};
use http::Method;
use serde_json::json;

use crate::service::{Service, by_key, config};

#[tokio::test]
async fn the_console_gets_a_short_key_that_is_not_counted_not_listed_and_no_admin() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    person.key(&["read"], "*").await;
    let (_, admin) = person.key(&["admin"], "*").await;
    let path = person.path("/console-tokens");
    let answer = person.call(Method::POST, &path, None).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let token = answer.body["token"].as_str().expect("a token").to_owned();
    assert_eq!(person.get(&person.path("/api-keys")).await.body["items"].as_array().map(Vec::len), Some(2));
    let refused = by_key(&service, &token, Method::GET, &person.path(""), None).await;
    assert_eq!(refused.code(), (403, "forbidden"), "good for data, not for the organisation");

    let node = service.node().await;
    let key_id = ApiKeyToken::parse(&token).expect("a key").key_id();
    let grant = node.client.grant(key_id).await.expect("an answer").expect("the node knows it");
    assert_eq!(serde_json::to_value(&grant.scopes).expect("JSON"), json!(["read", "write"]));
    assert!(grant.expires_at.is_some());

    let by_admin = by_key(&service, &admin, Method::POST, &path, None).await;
    assert_eq!(by_admin.code(), (403, "forbidden"), "for people only");
}

#[tokio::test]
async fn logging_out_ends_the_persons_tokens_and_nodes_are_told() {
    let service = Service::start().await;
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let node = service.node().await;
    let mut tokens = Vec::new();
    for person in [&person, &person, &other] {
        let answer = person.call(Method::POST, &person.path("/console-tokens"), None).await;
        tokens.push(ApiKeyToken::parse(answer.body["token"].as_str().expect("a token")).expect("a key").key_id());
    }
    let (key_id, _) = person.key(&["read"], "*").await;
    let cursor = node.poll(0, 0).await.cursor;
    assert_eq!(person.call(Method::POST, "/v1/auth/logout", None).await.status, 204);
    let told: BTreeSet<_> = node
        .poll(cursor, 0)
        .await
        .events
        .into_iter()
        .map(|event| match event {
            PolicyEvent::KeyChanged { key_id, version } => (key_id, version),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, BTreeSet::from([(tokens[0], 2), (tokens[1], 2)]));
    let known = async |id| node.client.grant(id).await.expect("an answer").is_some();
    assert!(!known(tokens[0]).await && !known(tokens[1]).await);
    assert!(known(tokens[2]).await, "of another person");
    assert!(known(key_id.parse().expect("an id")).await, "a key for programs stays");
}

/// Waits until `number` statements of requests wait for a lock.
async fn waiting(admin: &PgPool, number: i64) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'agentdb_app' AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(admin).await.expect("an answer") < number {
        assert!(tokio::time::Instant::now() < deadline, "{number} requests wait for a lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_token_being_made_while_its_person_logs_out_ends_as_well() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let admin = service.server.pool("postgres", 2).await;
    let mut lock = agentdb_transaction::begin(&admin).await.expect("a transaction");
    sqlx::query("SELECT FROM control.organizations FOR UPDATE").execute(&mut *lock).await.expect("locked");
    let path = person.path("/console-tokens");
    let mut making = std::pin::pin!(person.call(Method::POST, &path, None));
    tokio::select! {
        answer = &mut making => panic!("made before the organisation was free: {answer:?}"),
        () = waiting(&admin, 1) => {}
    }
    let mut leaving = std::pin::pin!(person.call(Method::POST, "/v1/auth/logout", None));
    tokio::select! {
        answer = &mut leaving => panic!("gone before a token that is being made: {answer:?}"),
        () = waiting(&admin, 2) => {}
    }
    lock.commit().await.expect("released");
    let (made, left) = tokio::join!(making, leaving);
    assert_eq!((made.status.as_u16(), left.status.as_u16()), (201, 204));
    let token = ApiKeyToken::parse(made.body["token"].as_str().expect("a token")).expect("a key");
    assert!(node.client.grant(token.key_id()).await.expect("an answer").is_none(), "it would live on for minutes");
}

#[tokio::test]
async fn no_token_is_made_in_a_session_that_ends_after_the_request_was_let_in() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let admin = service.server.pool("postgres", 2).await;
    let mut leaving = agentdb_transaction::begin(&admin).await.expect("a transaction");
    sqlx::query("DELETE FROM control.sessions").execute(&mut *leaving).await.expect("deleted");
    let path = person.path("/console-tokens");
    let mut making = std::pin::pin!(person.call(Method::POST, &path, None));
    tokio::select! {
        answer = &mut making => panic!("made without asking whether the session goes on: {answer:?}"),
        () = waiting(&admin, 1) => {}
    }
    leaving.commit().await.expect("released");
    assert_eq!(making.await.code(), (401, "unauthenticated"));
    let keys: i64 =
        sqlx::query_scalar("SELECT count(*) FROM control.api_keys").fetch_one(&admin).await.expect("a count");
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn one_person_has_fifty_tokens_at_once() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let path = person.path("/console-tokens");
    for _ in 0..50 {
        assert_eq!(person.call(Method::POST, &path, None).await.status, 201);
    }
    let refused = person.call(Method::POST, &path, None).await;
    assert_eq!(refused.code(), (429, "rate_limited"));
    assert!(refused.headers.contains_key("retry-after"));
    clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(person.call(Method::POST, &path, None).await.status, 201, "the others have ended");
}
