//! Setting a second factor up, and taking it away.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::{
    authenticator::{Authenticator, begin, codes_in, confirm, log_in, remove, service, set_up, status},
    service::{PASSWORD, Person, pointed},
};

#[tokio::test]
async fn a_factor_is_asked_for_after_it_is_confirmed_and_shown_once() {
    let (service, clock) = service().await;
    let person = service.person("a+b@example.com").await;
    assert_eq!(status(&person).await, (false, 0));
    let begun = begin(&person).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let secret = begun.body["secret"].as_str().expect("a secret");
    assert_eq!(secret.len(), 32, "20 bytes");
    assert_eq!(
        begun.body["otpauth_url"],
        format!(
            "otpauth://totp/AgentDB%20Cloud:a%2Bb%40example.com?secret={secret}&issuer=AgentDB%20Cloud&algorithm=SHA1\
             &digits=6&period=30"
        )
    );
    assert_eq!(begun.body["expires_at"], "2026-03-01T13:00:00Z");
    let app = Authenticator::of(secret, &clock);
    assert_eq!(service.log_in("a+b@example.com", PASSWORD).await.status, 200, "not asked for yet");
    for wrong in [app.wrong(), String::new(), "12345".to_owned(), "x".repeat(1_000)] {
        assert_eq!(pointed(&confirm(&person, &wrong).await), (400, "/code", "wrong_code"));
    }
    assert_eq!(status(&person).await, (false, 0));

    let confirmed = confirm(&person, &app.code()).await;
    let codes = codes_in(&confirmed);
    assert_eq!((codes.len(), status(&person).await), (10, (true, 10)));
    assert!(codes.iter().all(|code| code.len() == 19 && code.split('-').count() == 4), "{codes:?}");
    service.mail_about("a%2Bb@example.com", "has a second factor now", 1).await;
    assert_eq!(confirm(&person, &app.next()).await.code(), (409, "conflict"), "and no codes again");
    let again = begin(&person).await;
    assert_eq!(again.code(), (409, "conflict"), "and no secret");
    assert!(!again.body.to_string().contains(secret));
    assert_eq!(person.get("/v1/me/sessions").await.status, 200, "the session goes on");
    log_in(&service, "a+b@example.com", &app.next()).await;
}

#[tokio::test]
async fn a_session_that_is_not_fresh_needs_the_password_and_the_newest_secret_is_good_for_an_hour() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let without = async || person.call(Method::POST, "/v1/me/totp", Some(json!({}))).await;
    clock.advance(Duration::from_secs(599));
    let first = without().await;
    assert_eq!(first.status, 201, "{first:?}");
    clock.advance(Duration::from_secs(1));
    assert_eq!(pointed(&without().await), (400, "/current_password", "password_required"));
    let wrong = person.call(Method::POST, "/v1/me/totp", Some(json!({"current_password": "another tree 12"}))).await;
    assert_eq!(pointed(&wrong), (400, "/current_password", "wrong_password"));
    let second = begin(&person).await;
    let [first, second] =
        [first, second].map(|answer| Authenticator::of(answer.body["secret"].as_str().expect("a secret"), &clock));
    assert_eq!(pointed(&confirm(&person, &first.code()).await), (400, "/code", "wrong_code"), "replaced");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(confirm(&person, &second.code()).await.code(), (404, "not_found"), "too late");
    assert_eq!(status(&person).await, (false, 0));
    let (app, _) = set_up(&person, &clock).await;
    assert_ne!(app.secret, second.secret);
}

#[tokio::test]
async fn of_two_who_confirm_at_once_one_gets_the_codes_that_are_good() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let begun = begin(&person).await;
    let app = Authenticator::of(begun.body["secret"].as_str().expect("a secret"), &clock);
    let code = app.code();
    let (a, b) = tokio::join!(confirm(&person, &code), confirm(&person, &code));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{a:?} {b:?}");
    let codes = codes_in(if a.status == 200 { &a } else { &b });
    assert_eq!(status(&person).await, (true, 10));
    log_in(&service, "a@example.com", &codes[3]).await;
}

#[tokio::test]
async fn it_is_taken_away_with_password_and_code_together() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    assert_eq!(remove(&person, PASSWORD, "123456").await.code(), (404, "not_found"), "there is none");
    let (app, codes) = set_up(&person, &clock).await;
    let used = app.code();
    let wrong_code = (400, "/code", "wrong_code");
    assert_eq!(pointed(&remove(&person, PASSWORD, &used).await), wrong_code, "it has confirmed the factor");
    assert_eq!(pointed(&remove(&person, PASSWORD, &app.wrong()).await), wrong_code);
    let next = app.next();
    let other_password = remove(&person, "another tree 12", &next).await;
    assert_eq!(pointed(&other_password), (400, "/current_password", "wrong_password"));
    for body in [json!({"code": next}), json!({"current_password": PASSWORD})] {
        assert_eq!(person.call(Method::DELETE, "/v1/me/totp", Some(body)).await.code(), (400, "invalid_request"));
    }
    assert_eq!(status(&person).await, (true, 10));
    assert_eq!(remove(&person, PASSWORD, &next).await.status, 204, "the code was not used up by what was refused");
    assert_eq!(status(&person).await, (false, 0));
    service.mail_about("a@example.com", "no second factor any more", 1).await;
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.status, 200);

    let (_, new_codes) = set_up(&person, &clock).await;
    assert_eq!(pointed(&remove(&person, PASSWORD, &codes[0]).await), wrong_code, "a code of the one before");
    assert_eq!(remove(&person, PASSWORD, &new_codes[0]).await.status, 204, "the app may be lost");
}

#[tokio::test]
async fn new_recovery_codes_need_a_code_and_end_the_old_ones() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let replace = async |person: &Person<'_>, code: &str| {
        person.call(Method::POST, "/v1/me/totp/recovery-codes", Some(json!({"code": code}))).await
    };
    assert_eq!(replace(&person, "123456").await.code(), (404, "not_found"), "there is no factor");
    let (app, codes) = set_up(&person, &clock).await;
    assert_eq!(pointed(&replace(&person, &app.code()).await), (400, "/code", "wrong_code"), "used");
    log_in(&service, "a@example.com", &codes[0]).await;
    assert_eq!(status(&person).await, (true, 9));
    let new = codes_in(&replace(&person, &app.next()).await);
    assert_eq!((new.len(), status(&person).await), (10, (true, 10)));
    assert!(new.iter().all(|code| !codes.contains(code)));
    service.mail_about("a@example.com", "new recovery codes", 1).await;
    assert_eq!(pointed(&remove(&person, PASSWORD, &codes[1]).await), (400, "/code", "wrong_code"));
    log_in(&service, "a@example.com", &new[1].to_uppercase().replace('-', " ")).await;
}
