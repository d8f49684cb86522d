//! New passwords, by a link and by the old one.

use std::{collections::HashSet, sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use agentdb_control_plane_contract::ApiKeyToken;
use agentdb_control_plane_server::config::Rate;
use agentdb_control_plane_store::sqlx;
use http::{Method, header};
use serde_json::json;

use crate::service::{Answer, PASSWORD, Person, Service, config, cookie, csrf, pointed, token_of};

const NEW: &str = "cherry tree 78";

async fn forgot(service: &Service, email: &str) -> Answer {
    service.call(Method::POST, "/v1/auth/password/forgot", Some(json!({"email": email}))).await
}

async fn reset(service: &Service, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    service.call(Method::POST, "/v1/auth/password/reset", Some(body)).await
}

/// The token in the newest of so many mails.
async fn link(service: &Service, count: usize) -> String {
    token_of(&service.mail_about("a@example.com", "Set a new password", count).await)
}

async fn change(person: &Person<'_>, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new});
    person.call(Method::PUT, "/v1/me/password", Some(body)).await
}

#[tokio::test]
async fn a_link_sets_a_password_once_signs_in_and_ends_everything_else() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let other = service.person("b@example.com").await;
    let node = service.node().await;
    let made = person.call(Method::POST, &person.path("/console-tokens"), None).await;
    let key_id = ApiKeyToken::parse(made.body["token"].as_str().expect("a token")).expect("a key").key_id();
    assert_eq!(forgot(&service, "A@Example.com").await.status, 202);
    let token = link(&service, 1).await;
    assert_eq!(pointed(&reset(&service, &token, "short").await), (400, "/password", "password_length"));
    assert_eq!(pointed(&reset(&service, &token, "a@example.com").await), (400, "/password", "password_is_email"));

    let answer = reset(&service, &token, NEW).await;
    assert_eq!((answer.status.as_u16(), &answer.body["user"]["email"]), (200, &json!("a@example.com")));
    let back = Person { service: &service, cookie: cookie(&answer), csrf: csrf(&answer), org: person.org.clone() };
    assert_eq!(back.get("/v1/me").await.status, 200, "signed in");
    assert_eq!(person.get("/v1/me").await.code(), (401, "unauthenticated"), "everywhere else signed out");
    assert_eq!(other.get("/v1/me").await.status, 200, "nobody else");
    assert!(node.client.grant(key_id).await.expect("an answer").is_none());
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.code(), (401, "login_failed"));
    assert_eq!(service.log_in("a@example.com", NEW).await.status, 200);
    let notice = service.mail_about("a@example.com", "was changed", 1).await;
    assert!(notice["link"].as_str().expect("a link").ends_with("/forgot-password"), "{notice}");

    let replayed = reset(&service, &token, "another tree 79").await;
    assert_eq!(pointed(&replayed), (400, "/token", "invalid_token"));
    let unknown = reset(&service, "another", "another tree 79").await;
    assert_eq!(replayed.comparable(), unknown.comparable(), "a used link looks like none");
    let admin = service.server.pool("postgres", 1).await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM control.password_resets").fetch_one(&admin).await.expect("a count");
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn of_two_who_use_one_link_at_once_one_is_let_in() {
    let service = Service::start().await;
    service.person("a@example.com").await;
    forgot(&service, "a@example.com").await;
    let token = link(&service, 1).await;
    let (a, b) = tokio::join!(reset(&service, &token, NEW), reset(&service, &token, "another tree 79"));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{a:?} {b:?}");
    let (theirs, lost) = if a.status == 200 { (NEW, "another tree 79") } else { ("another tree 79", NEW) };
    assert_eq!(service.log_in("a@example.com", theirs).await.status, 200);
    assert_eq!(service.log_in("a@example.com", lost).await.status, 401);
}

#[tokio::test]
async fn the_newest_link_is_good_for_an_hour() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    service.person("a@example.com").await;
    clock.advance(Duration::from_secs(1));
    forgot(&service, "a@example.com").await;
    let first = link(&service, 1).await;
    clock.advance(Duration::from_secs(1));
    forgot(&service, "a@example.com").await;
    let second = link(&service, 2).await;
    assert_ne!(first, second);
    assert_eq!(pointed(&reset(&service, &first, NEW).await), (400, "/token", "invalid_token"), "replaced");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(pointed(&reset(&service, &second, NEW).await), (400, "/token", "invalid_token"), "too old");
    forgot(&service, "a@example.com").await;
    let third = link(&service, 3).await;
    clock.advance(Duration::from_secs(3599));
    assert_eq!(reset(&service, &third, NEW).await.status, 200);
}

#[tokio::test]
async fn asking_does_not_tell_whether_an_address_is_known_and_writes_to_nobody_unknown() {
    let service = Service::start().await;
    service.person("a@example.com").await;
    let known = forgot(&service, "a@example.com").await;
    let unknown = forgot(&service, "unknown@example.com").await;
    assert_eq!((known.status.as_u16(), &known.body), (202, &json!({"status": "mail_sent"})));
    assert_eq!((unknown.status, &unknown.body), (known.status, &known.body));
    let names = |answer: &Answer| answer.headers.keys().cloned().collect::<HashSet<_>>();
    assert_eq!(names(&known), names(&unknown));
    link(&service, 1).await;
    let admin = service.server.pool("postgres", 1).await;
    let written: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM control.mail_outbox WHERE to_address = 'unknown@example.com' AND void",
    )
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(written, 1, "the same work");
    assert!(service.mails("unknown@example.com").await.is_empty(), "not sent");
    assert_eq!(pointed(&forgot(&service, "nobody").await), (400, "/email", "invalid_email"));
}

#[tokio::test]
async fn mails_for_a_new_password_are_few_for_known_and_unknown_alike_and_not_used_up_by_sign_ups() {
    let mut config = config();
    config.auth.mails = Rate { per_minute: 1.try_into().expect("not zero"), burst: 2.try_into().expect("not zero") };
    let service = Service::with(config).await;
    service.person("a@example.com").await;
    let body = json!({"email": "a@example.com", "password": PASSWORD, "organization_name": "Org"});
    service.call(Method::POST, "/v1/auth/signup", Some(body.clone())).await;
    assert_eq!(service.call(Method::POST, "/v1/auth/signup", Some(body)).await.code(), (429, "rate_limited"));
    for email in ["a@example.com", "unknown@example.com"] {
        for _ in 0..2 {
            assert_eq!(forgot(&service, email).await.status, 202);
        }
        let refused = forgot(&service, &email.to_uppercase()).await;
        assert_eq!(refused.code(), (429, "rate_limited"), "{email}");
        assert!(refused.headers.contains_key(header::RETRY_AFTER));
    }
}

#[tokio::test]
async fn whoever_knows_the_old_password_sets_another_and_stays_signed_in_alone() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let elsewhere = service.again("a@example.com", &person).await;
    forgot(&service, "a@example.com").await;
    let token = link(&service, 1).await;
    let wrong = (400, "/current_password", "wrong_password");
    assert_eq!(pointed(&change(&person, "wrong wrong wrong", NEW).await), wrong);
    assert_eq!(pointed(&change(&person, &"x".repeat(10_000), NEW).await), wrong);
    assert_eq!(pointed(&change(&person, PASSWORD, "short").await), (400, "/new_password", "password_length"));
    assert_eq!(elsewhere.get("/v1/me").await.status, 200, "nothing has changed");

    let changed = change(&person, PASSWORD, NEW).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(person.get("/v1/me").await.status, 200);
    assert_eq!(elsewhere.get("/v1/me").await.code(), (401, "unauthenticated"));
    service.mail_about("a@example.com", "was changed", 1).await;
    assert_eq!(pointed(&reset(&service, &token, "another tree 79").await), (400, "/token", "invalid_token"), "void");
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.status, 401);
    assert_eq!(service.log_in("a@example.com", NEW).await.status, 200);
}

#[tokio::test]
async fn a_stolen_session_tries_passwords_no_faster_than_log_ins_and_others_do_not_use_that_up() {
    let mut config = config();
    config.auth.by_email = Rate { per_minute: 1.try_into().expect("not zero"), burst: 3.try_into().expect("not zero") };
    let service = Service::with(config).await;
    let person = service.person("a@example.com").await;
    for expected in [401, 401, 401, 429] {
        assert_eq!(service.log_in("a@example.com", "wrong wrong wrong").await.status, expected);
    }
    for expected in [400, 400, 400, 429] {
        assert_eq!(change(&person, "wrong wrong wrong", NEW).await.status, expected);
    }
}

#[tokio::test]
async fn links_and_failed_log_ins_are_stored_hashed() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    service.log_in("a@example.com", "wrong wrong wrong").await;
    forgot(&service, "a@example.com").await;
    let email = json!({"email": "new@example.com", "current_password": PASSWORD});
    assert_eq!(person.call(Method::PUT, "/v1/me/email", Some(email)).await.status, 202);
    let links = [link(&service, 1).await, token_of(&service.mail_about("new@example.com", "Confirm", 1).await)];
    let admin = service.server.pool("postgres", 1).await;
    for table in ["password_resets", "email_changes", "login_failures"] {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT to_jsonb(t)::text FROM control.{table} t")))
                .fetch_all(&admin)
                .await
                .expect("rows");
        assert!(!rows.is_empty(), "{table} has rows, or this proves nothing");
        for text in [links[0].as_str(), links[1].as_str(), "a@example.com"] {
            assert!(!rows.iter().any(|row| row.contains(text)), "{table} holds {text} in clear");
        }
    }
}
