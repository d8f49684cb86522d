//! Logging in with a second factor.

use std::time::Duration;

use http::{Method, header};
use serde_json::json;

use crate::{
    authenticator::{challenge, finish, log_in, service, set_up, signed_in, status, waiting},
    service::{Answer, PASSWORD, Service, pointed, token_of},
};

const WRONG_CODE: (u16, &str, &str) = (400, "/code", "wrong_code");
const NOTHING_WAITS: (u16, &str) = (401, "login_failed");

async fn reset(service: &Service, email: &str, password: &str, count: usize) -> Answer {
    let asked = service.call(Method::POST, "/v1/auth/password/forgot", Some(json!({"email": email}))).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    let token = token_of(&service.mail_about(email, "Set a new password", count).await);
    let body = json!({"token": token, "password": password});
    service.call(Method::POST, "/v1/auth/password/reset", Some(body)).await
}

#[tokio::test]
async fn a_code_signs_in_once_also_when_it_is_used_twice_at_once() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let (app, _) = set_up(&person, &clock).await;
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    assert_eq!(pointed(&finish(&service, Some(&cookie), &app.code()).await), WRONG_CODE, "it confirmed the factor");
    let code = app.next();
    let back = signed_in(&service, &finish(&service, Some(&cookie), &code).await);
    assert_eq!(back.get("/v1/me").await.status, 200);
    assert_eq!(finish(&service, Some(&cookie), &app.next()).await.code(), NOTHING_WAITS, "finished");

    let [one, other] =
        [challenge(&service, "a@example.com", PASSWORD).await, challenge(&service, "a@example.com", PASSWORD).await];
    assert_eq!(pointed(&finish(&service, Some(&one), &code).await), WRONG_CODE, "replayed");
    let code = app.next();
    let (a, b) = tokio::join!(finish(&service, Some(&one), &code), finish(&service, Some(&other), &code));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{a:?} {b:?}");

    // One from before a code that was used is used as well, though it is near enough.
    let early = app.next();
    log_in(&service, "a@example.com", &app.next()).await;
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    assert_eq!(pointed(&finish(&service, Some(&cookie), &early).await), WRONG_CODE);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_also_when_it_is_used_twice_at_once_and_its_person_is_told() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let (_, codes) = set_up(&person, &clock).await;
    let [one, other] =
        [challenge(&service, "a@example.com", PASSWORD).await, challenge(&service, "a@example.com", PASSWORD).await];
    let (a, b) = tokio::join!(finish(&service, Some(&one), &codes[0]), finish(&service, Some(&other), &codes[0]));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{a:?} {b:?}");
    assert_eq!(status(&person).await, (true, 9));
    service.mail_about("a@example.com", "recovery code", 1).await;

    let somebody = service.person("b@example.com").await;
    let (_, theirs) = set_up(&somebody, &clock).await;
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    assert_eq!(pointed(&finish(&service, Some(&cookie), &theirs[0]).await), WRONG_CODE, "somebody else's");
    assert_eq!(status(&somebody).await, (true, 10));
}

#[tokio::test]
async fn what_waits_is_the_browsers_whose_log_in_it_is_for_five_minutes_and_once() {
    let (service, clock) = service().await;
    for email in ["a@example.com", "b@example.com"] {
        let person = service.person(email).await;
        let (app, _) = set_up(&person, &clock).await;
        if email == "b@example.com" {
            continue;
        }
        let cookie = challenge(&service, email, PASSWORD).await;
        let code = app.next();
        let elsewhere = finish(&service, None, &code).await;
        assert_eq!(elsewhere.code(), NOTHING_WAITS, "another browser");
        let invented = finish(&service, Some(&format!("adb_challenge={}", "0".repeat(64))), &code).await;
        assert_eq!(invented.comparable(), elsewhere.comparable(), "looks the same");
        let session = cookie.replace("adb_challenge", "adb_session");
        let mut request = crate::service::request(Method::GET, "/v1/me", None);
        request.headers.insert(header::COOKIE, session.parse().expect("a header"));
        assert_eq!(service.send(request.body_of()).await.code(), (401, "unauthenticated"), "it is no session");

        clock.advance(Duration::from_secs(269));
        signed_in(&service, &finish(&service, Some(&cookie), &app.code()).await);
        let late = challenge(&service, email, PASSWORD).await;
        clock.advance(Duration::from_secs(300));
        let expired = finish(&service, Some(&late), &app.code()).await;
        assert_eq!(expired.comparable(), elsewhere.comparable(), "too late");
    }
    // A browser in which somebody else's log-in waits.
    let theirs = challenge(&service, "b@example.com", PASSWORD).await;
    let person = service.person("c@example.com").await;
    let (app, codes) = set_up(&person, &clock).await;
    for code in [app.next(), codes[0].clone()] {
        assert_eq!(pointed(&finish(&service, Some(&theirs), &code).await), WRONG_CODE);
    }
    assert_eq!(status(&person).await, (true, 10));
}

#[tokio::test]
async fn who_does_not_know_the_password_does_not_learn_whether_there_is_a_second_factor() {
    let (service, clock) = service().await;
    let person = service.person("with@example.com").await;
    set_up(&person, &clock).await;
    service.person("without@example.com").await;
    let [with, without, nobody] = [
        service.log_in("with@example.com", "wrong wrong wrong").await,
        service.log_in("without@example.com", "wrong wrong wrong").await,
        service.log_in("nobody@example.com", "wrong wrong wrong").await,
    ];
    assert_eq!(with.code(), (401, "login_failed"));
    assert_eq!(with.comparable(), without.comparable());
    assert_eq!(with.comparable(), nobody.comparable());
    assert!(with.headers.get(header::SET_COOKIE).is_none());
}

fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.code(), (429, "rate_limited"), "{answer:?}");
    answer.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds")
}

#[tokio::test]
async fn codes_cannot_be_guessed_however_often_the_password_is_proven_or_reset() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let (app, codes) = set_up(&person, &clock).await;
    for _ in 0..5 {
        let cookie = challenge(&service, "a@example.com", PASSWORD).await;
        for guess in [app.wrong(), "0000-0000-0000-0000".to_owned()] {
            assert_eq!(pointed(&finish(&service, Some(&cookie), &guess).await), WRONG_CODE);
        }
    }
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    clock.advance(Duration::from_secs(20));
    for right in [&app.next(), &codes[0]] {
        assert_eq!(wait(&finish(&service, Some(&cookie), right).await), 10, "also the right ones");
    }
    let answer = reset(&service, "a@example.com", "cherry tree 78", 1).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(wait(&finish(&service, Some(&waiting(&answer)), &app.code()).await), 10, "also after a reset");
    let other = service.person("b@example.com").await;
    let (others, _) = set_up(&other, &clock).await;
    log_in(&service, "b@example.com", &others.next()).await;

    let cookie = challenge(&service, "a@example.com", "cherry tree 78").await;
    assert_eq!(pointed(&finish(&service, Some(&cookie), &app.wrong()).await), WRONG_CODE);
    assert_eq!(wait(&finish(&service, Some(&cookie), &app.code()).await), 120, "ever longer");
    clock.advance(Duration::from_secs(120));
    signed_in(&service, &finish(&service, Some(&cookie), &app.code()).await);
    let cookie = challenge(&service, "a@example.com", "cherry tree 78").await;
    for _ in 0..9 {
        assert_eq!(pointed(&finish(&service, Some(&cookie), &app.wrong()).await), WRONG_CODE);
    }
    signed_in(&service, &finish(&service, Some(&cookie), &app.next()).await);
}

#[tokio::test]
async fn wrong_codes_of_a_stolen_session_count_with_those_of_log_ins() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let (app, _) = set_up(&person, &clock).await;
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    for guess in 0..10 {
        let body = json!({"current_password": PASSWORD, "code": app.wrong()});
        let answer = match guess % 3 {
            0 => person.call(Method::DELETE, "/v1/me/totp", Some(body)).await,
            1 => person.call(Method::POST, "/v1/me/totp/recovery-codes", Some(json!({"code": app.wrong()}))).await,
            _ => finish(&service, Some(&cookie), &app.wrong()).await,
        };
        assert_eq!(pointed(&answer), WRONG_CODE, "{guess}");
    }
    let codes = person.call(Method::POST, "/v1/me/totp/recovery-codes", Some(json!({"code": app.next()}))).await;
    assert_eq!(wait(&codes), 30, "half of the minute is over");
    wait(&finish(&service, Some(&cookie), &app.code()).await);
    assert_eq!(person.get("/v1/me").await.status, 200, "who is signed in goes on");
}

#[tokio::test]
async fn a_password_that_is_reset_leaves_the_factor_and_ends_what_waited() {
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let (app, _) = set_up(&person, &clock).await;
    let before = challenge(&service, "a@example.com", PASSWORD).await;
    let answer = reset(&service, "a@example.com", "cherry tree 78", 1).await;
    assert_eq!((answer.status.as_u16(), &answer.body["second_factor"]), (202, &json!("totp")), "{answer:?}");
    assert_eq!(person.get("/v1/me").await.code(), (401, "unauthenticated"), "signed out everywhere");
    let code = app.next();
    assert_eq!(finish(&service, Some(&before), &code).await.code(), NOTHING_WAITS);
    let back = signed_in(&service, &finish(&service, Some(&waiting(&answer)), &code).await);
    assert_eq!(status(&back).await, (true, 10));

    let changed = json!({"current_password": "cherry tree 78", "new_password": "another tree 79"});
    let waits = challenge(&service, "a@example.com", "cherry tree 78").await;
    assert_eq!(back.call(Method::PUT, "/v1/me/password", Some(changed)).await.status, 204);
    assert_eq!(finish(&service, Some(&waits), &app.next()).await.code(), NOTHING_WAITS, "a changed one, too");
}

#[tokio::test]
async fn a_deleted_account_comes_back_with_the_second_factor_alone() {
    let (service, clock) = service().await;
    let owner = service.person("owner@example.com").await;
    let (_, person) = owner.colleague("a@example.com", "developer").await;
    let own = person.get("/v1/me").await.body["organizations"].clone();
    let (app, _) = set_up(&person, &clock).await;
    // Whoever owns an organisation alone may not leave: their own one gets another owner.
    for organization in own.as_array().expect("organisations") {
        let id = organization["id"].as_str().expect("an id");
        if id != owner.org {
            let org_id: agentdb_ids::OrgId = id.parse().expect("an id");
            let admin = service.server.pool("postgres", 1).await;
            agentdb_control_plane_store::sqlx::query("DELETE FROM control.memberships WHERE org_id = $1")
                .bind(org_id.uuid())
                .execute(&admin)
                .await
                .expect("the store");
        }
    }
    let left = person.call(Method::DELETE, "/v1/me", Some(json!({"current_password": PASSWORD}))).await;
    assert_eq!(left.status, 202, "{left:?}");
    let deleted = async || {
        let admin = service.server.pool("postgres", 1).await;
        let count: i64 = agentdb_control_plane_store::sqlx::query_scalar(
            "SELECT count(*) FROM control.users WHERE email = 'a@example.com' AND deleted_at IS NOT NULL",
        )
        .fetch_one(&admin)
        .await
        .expect("a count");
        count == 1
    };
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    assert!(deleted().await, "the password alone brings nothing back");
    signed_in(&service, &finish(&service, Some(&cookie), &app.next()).await);
    assert!(!deleted().await);
}
