//! The app in a person's pocket, and how they use it.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock as _, ManualClock};
use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use totp_rs::Builder;

use crate::service::{Answer, PASSWORD, Person, Service, config, cookie, csrf, request};

/// An app that was given a secret.
pub struct Authenticator {
    pub secret: String,
    seed: [u8; 20],
    clock: ManualClock,
}

impl Authenticator {
    /// With a secret as it is typed in.
    pub fn of(secret: &str, clock: &ManualClock) -> Self {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut bits = String::new();
        for character in secret.chars() {
            bits.push_str(&format!("{:05b}", ALPHABET.find(character).expect("base 32")));
        }
        let byte = |at: usize| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("bits");
        Self { secret: secret.to_owned(), seed: std::array::from_fn(byte), clock: clock.clone() }
    }

    pub fn seed(&self) -> &[u8] {
        &self.seed
    }

    /// What it shows now.
    pub fn code(&self) -> String {
        let totp = Builder::new().with_secret(self.seed).build().expect("a good secret");
        let now = u64::try_from(self.clock.now().timestamp()).expect("after 1970");
        totp.generate(now).to_string()
    }

    /// What it shows in the next step, to which time goes on.
    pub fn next(&self) -> String {
        self.clock.advance(Duration::from_secs(30));
        self.code()
    }

    /// Six digits that it shows neither now nor in the steps beside.
    pub fn wrong(&self) -> String {
        let totp = Builder::new().with_secret(self.seed).build().expect("a good secret");
        let now = u64::try_from(self.clock.now().timestamp()).expect("after 1970");
        let near: Vec<String> = [now - 30, now, now + 30].map(|time| totp.generate(time).to_string()).to_vec();
        (0..).map(|guess| format!("{guess:06}")).find(|guess| !near.contains(guess)).expect("most are wrong")
    }
}

/// A service with a time of its own.
pub async fn service() -> (Service, ManualClock) {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    (Service::at(config(), Arc::new(clock.clone())).await, clock)
}

pub async fn begin(person: &Person<'_>) -> Answer {
    person.call(Method::POST, "/v1/me/totp", Some(json!({"current_password": PASSWORD}))).await
}

pub async fn confirm(person: &Person<'_>, code: &str) -> Answer {
    person.call(Method::POST, "/v1/me/totp/confirm", Some(json!({"code": code}))).await
}

pub async fn remove(person: &Person<'_>, password: &str, code: &str) -> Answer {
    let body = json!({"current_password": password, "code": code});
    person.call(Method::DELETE, "/v1/me/totp", Some(body)).await
}

/// Sets a second factor up: the app and the recovery codes.
pub async fn set_up(person: &Person<'_>, clock: &ManualClock) -> (Authenticator, Vec<String>) {
    let begun = begin(person).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let app = Authenticator::of(begun.body["secret"].as_str().expect("a secret"), clock);
    let confirmed = confirm(person, &app.code()).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    (app, codes_in(&confirmed))
}

pub fn codes_in(answer: &Answer) -> Vec<String> {
    let codes = answer.body["recovery_codes"].as_array().expect("recovery codes");
    codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect()
}

/// The cookie of a log-in that waits for the second factor.
pub async fn challenge(service: &Service, email: &str, password: &str) -> String {
    let answer = service.log_in(email, password).await;
    assert_eq!((answer.status.as_u16(), &answer.body["second_factor"]), (202, &json!("totp")), "{answer:?}");
    assert!(answer.body.get("csrf_token").is_none() && answer.body.get("user").is_none(), "{answer:?}");
    waiting(&answer)
}

/// The cookie in the answer to a log-in that waits.
pub fn waiting(answer: &Answer) -> String {
    let cookie = cookie(answer);
    assert!(cookie.starts_with("adb_challenge="), "{cookie}");
    assert_eq!(answer.headers.get_all(header::SET_COOKIE).iter().count(), 1, "no session yet");
    cookie
}

/// Gives the second factor in the browser with this cookie.
pub async fn finish(service: &Service, cookie: Option<&str>, code: &str) -> Answer {
    let mut request = request(Method::POST, "/v1/auth/totp", Some(json!({"code": code})));
    if let Some(cookie) = cookie {
        request.headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
    }
    service.send(request.body_of()).await
}

/// Logs in with both.
pub async fn log_in<'a>(service: &'a Service, email: &str, code: &str) -> Person<'a> {
    let cookie = challenge(service, email, PASSWORD).await;
    signed_in(service, &finish(service, Some(&cookie), code).await)
}

/// Who has got this answer.
pub fn signed_in<'a>(service: &'a Service, answer: &Answer) -> Person<'a> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[1].to_str().is_ok_and(|text| text.starts_with("adb_challenge=; Path=/; Max-Age=0;")));
    Person { service, cookie: cookie(answer), csrf: csrf(answer), org: String::new() }
}

/// What `GET /v1/me` says of the second factor.
pub async fn status(person: &Person<'_>) -> (bool, u64) {
    let me = person.get("/v1/me").await;
    let totp: &Value = &me.body["totp"];
    (totp["enabled"].as_bool().expect("told"), totp["recovery_codes_left"].as_u64().expect("told"))
}
