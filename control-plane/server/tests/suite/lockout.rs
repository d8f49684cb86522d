//! Log-ins that fail in a row.

use std::{sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use http::{Method, header};
use serde_json::json;

use crate::service::{Answer, PASSWORD, Service, config, token_of};

const WRONG: &str = "wrong wrong wrong";

async fn fail(service: &Service, email: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(service.log_in(email, WRONG).await.code(), (401, "login_failed"));
    }
}

fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.code(), (429, "rate_limited"), "{answer:?}");
    answer.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds")
}

#[tokio::test]
async fn after_ten_failures_further_ones_wait_ever_longer_for_known_and_unknown_alike() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    service.person("known@example.com").await;
    for email in ["known@example.com", "unknown@example.com"] {
        fail(&service, email, 10).await;
    }
    let refused = service.log_in("KNOWN@example.com", PASSWORD).await;
    let unknown = service.log_in("Unknown@example.com", PASSWORD).await;
    assert_eq!((wait(&refused), wait(&unknown)), (60, 60), "also with the right password");
    assert_eq!(refused.comparable(), unknown.comparable());
    assert_eq!(service.log_in("other@example.com", WRONG).await.status, 401, "nobody else");

    for expected in [120, 240] {
        clock.advance(Duration::from_secs(expected / 2));
        for email in ["known@example.com", "unknown@example.com"] {
            fail(&service, email, 1).await;
            assert_eq!(wait(&service.log_in(email, WRONG).await), expected, "{email}");
        }
    }
    clock.advance(Duration::from_secs(240));
    assert_eq!(service.log_in("known@example.com", PASSWORD).await.status, 200);
    fail(&service, "known@example.com", 10).await;
    assert_eq!(wait(&service.log_in("known@example.com", WRONG).await), 60, "success has cleared what was before");
}

#[tokio::test]
async fn failures_that_are_not_in_a_row_or_not_within_an_hour_lock_nobody_out() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    service.person("a@example.com").await;
    fail(&service, "a@example.com", 9).await;
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.status, 200);
    fail(&service, "a@example.com", 9).await;
    clock.advance(Duration::from_secs(3600));
    fail(&service, "a@example.com", 9).await;
    assert_eq!(service.log_in("a@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn whoever_is_locked_out_by_somebody_else_goes_on_where_signed_in_and_comes_in_by_a_link() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    fail(&service, "a@example.com", 10).await;
    wait(&service.log_in("a@example.com", PASSWORD).await);
    assert_eq!(person.get("/v1/me").await.status, 200);
    let change = json!({"current_password": PASSWORD, "new_password": "cherry tree 78"});
    assert_eq!(person.call(Method::PUT, "/v1/me/password", Some(change)).await.status, 204);

    let forgot = json!({"email": "a@example.com"});
    assert_eq!(service.call(Method::POST, "/v1/auth/password/forgot", Some(forgot)).await.status, 202);
    let token = token_of(&service.mail_about("a@example.com", "Set a new password", 1).await);
    let reset = json!({"token": token, "password": "another tree 79"});
    assert_eq!(service.call(Method::POST, "/v1/auth/password/reset", Some(reset)).await.status, 200);
    assert_eq!(service.log_in("a@example.com", "another tree 79").await.status, 200, "the reset has ended it");
}
