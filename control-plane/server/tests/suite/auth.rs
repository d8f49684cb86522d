use std::{collections::HashSet, time::Duration};

use agentdb_control_plane_server::config::Rate;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, PASSWORD, Person, Service, config, cookie, csrf, request};

#[tokio::test]
async fn from_sign_up_to_signed_in_and_out_again() {
    let service = Service::start().await;
    let token = service.sign_up("ada+x@example.com").await;
    let login = json!({"email": "ada+x@example.com", "password": PASSWORD});
    let early = service.call(Method::POST, "/v1/auth/login", Some(login.clone())).await;
    assert_eq!(early.code(), (401, "login_failed"), "not before the address is verified");

    let verify = json!({"token": token, "password": PASSWORD});
    let verified = service.call(Method::POST, "/v1/auth/verify", Some(verify.clone())).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(verified.body["user"]["email"], "ada+x@example.com");
    let attributes = verified.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(attributes.contains("; HttpOnly; SameSite=Lax") && !attributes.contains("Secure"), "{attributes}");
    assert_eq!(verified.headers[header::CACHE_CONTROL], "no-store");
    let cookies: Vec<&str> =
        verified.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("text")).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[0].starts_with("adb_session="), "{cookies:?}");
    assert!(cookies[1].starts_with("adb_signup=; Path=/; Max-Age=0;"), "{cookies:?}");
    let again = service.call(Method::POST, "/v1/auth/verify", Some(verify)).await;
    assert_eq!(again.code(), (400, "invalid_request"), "a link works once");
    assert_eq!(again.body["errors"][0]["code"], "invalid_token");

    let logged_in = service.call(Method::POST, "/v1/auth/login", Some(login)).await;
    assert_eq!(logged_in.status, 200, "{logged_in:?}");
    let (cookie, csrf) = (cookie(&logged_in), csrf(&logged_in));
    let with_cookie = |method: Method, path: &str| {
        let mut request = request(method, path, None);
        request.headers.insert(header::COOKIE, cookie.parse().expect("a header"));
        request
    };
    let me = service.send(with_cookie(Method::GET, "/v1/me").body_of()).await;
    assert_eq!(me.body["csrf_token"], csrf, "stable within a session");
    assert_eq!(me.body["organizations"][0]["name"], "Org");
    assert_eq!(me.body["organizations"][0]["role"], "owner");
    assert_eq!(me.body["organizations"][0]["edition"], "community");

    let without = service.send(with_cookie(Method::POST, "/v1/auth/logout").body_of()).await;
    assert_eq!(without.code(), (403, "csrf_failed"));
    let mut request = with_cookie(Method::POST, "/v1/auth/logout");
    request.headers.insert("x-csrf-token", csrf.parse().expect("a header"));
    let out = service.send(request.body_of()).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert!(out.headers[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!(service.send(with_cookie(Method::GET, "/v1/me").body_of()).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn answers_do_not_tell_whether_an_address_is_known() {
    let service = Service::start().await;
    service.person("known@example.com").await;
    let sign_up = |email: &str| json!({"email": email, "password": PASSWORD, "organization_name": "Org"});
    let known = service.call(Method::POST, "/v1/auth/signup", Some(sign_up("KNOWN@example.com"))).await;
    let unknown = service.call(Method::POST, "/v1/auth/signup", Some(sign_up("new@example.com"))).await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    let names = |answer: &Answer| answer.headers.keys().cloned().collect::<HashSet<_>>();
    let attributes = |answer: &Answer| {
        let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
        let (name, rest) = cookie.split_once('=').expect("a cookie");
        let (value, attributes) = rest.split_once(';').expect("attributes");
        (name.to_owned(), value.len(), attributes.to_owned())
    };
    assert_eq!((names(&known), attributes(&known)), (names(&unknown), attributes(&unknown)));
    let notice = service.newest_mail_of("KNOWN@example.com", 2).await;
    assert!(notice["subject"].as_str().expect("text").contains("already"), "the owner is told: {notice}");
    assert!(notice["link"].as_str().expect("text").ends_with("/login"));

    let log_in = |email: &str, password: &str| json!({"email": email, "password": password});
    let mut bodies = Vec::new();
    for body in [
        log_in("known@example.com", "wrong wrong wrong"),
        log_in("unknown@example.com", PASSWORD),
        log_in("new@example.com", PASSWORD),
        log_in("known@example.com", ""),
        log_in("known@example.com", &"x".repeat(10_000)),
    ] {
        let answer = service.call(Method::POST, "/v1/auth/login", Some(body)).await;
        assert_eq!(answer.code(), (401, "login_failed"));
        bodies.push(answer.comparable());
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
}

/// A sign-up in a browser with, or without, a cookie of an earlier one: the cookie and the token in the mail.
async fn sign_up_in_browser(service: &Service, password: &str, known: Option<&str>) -> (String, String) {
    let mails = service.call(Method::GET, "/v1/auth/captured-mail?email=a@example.com", None).await;
    let before = mails.body["messages"][0]["link"].as_str().map(str::to_owned);
    let body = json!({"email": "a@example.com", "password": password, "organization_name": "Org"});
    let mut request = request(Method::POST, "/v1/auth/signup", Some(body));
    if let Some(cookie) = known {
        request.headers.insert(header::COOKIE, cookie.parse().expect("a header"));
    }
    let answer = service.send(request.body_of()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let token = service.newest_token("a@example.com").await;
        if before.as_ref().is_none_or(|link| !link.ends_with(&token)) {
            return (cookie(&answer), token);
        }
        assert!(tokio::time::Instant::now() < deadline, "another mail arrives");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

async fn verify(service: &Service, token: &str, cookie: Option<&str>, password: Option<&str>) -> Answer {
    let mut body = json!({"token": token});
    if let Some(password) = password {
        body["password"] = json!(password);
    }
    let mut request = request(Method::POST, "/v1/auth/verify", Some(body));
    if let Some(cookie) = cookie {
        request.headers.insert(header::COOKIE, cookie.parse().expect("a header"));
    }
    service.send(request.body_of()).await
}

fn refused(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["errors"][0];
    let text = |member: &str| error[member].as_str().expect("text");
    (answer.status.as_u16(), text("pointer"), text("code"))
}

#[tokio::test]
async fn the_link_alone_is_enough_in_the_browser_that_signed_up_and_elsewhere_the_password_is_needed() {
    let service = Service::start().await;
    let (cookie, token) = sign_up_in_browser(&service, PASSWORD, None).await;
    assert!(cookie.starts_with("adb_signup="), "{cookie}");
    let required = (400, "/password", "password_required");
    let wrong = (400, "/password", "wrong_password");
    let another = format!("adb_signup={}", "0".repeat(64));
    assert_eq!(refused(&verify(&service, &token, None, None).await), required);
    assert_eq!(refused(&verify(&service, &token, Some(&another), None).await), required);
    assert_eq!(refused(&verify(&service, &token, None, Some("wrong wrong wrong")).await), wrong);
    assert_eq!(refused(&verify(&service, &token, None, Some(&"x".repeat(10_000))).await), wrong);
    assert_eq!(refused(&verify(&service, "another", Some(&cookie), None).await), (400, "/token", "invalid_token"));
    let verified = verify(&service, &token, Some(&cookie), None).await;
    assert_eq!((verified.status.as_u16(), &verified.body["user"]["email"]), (200, &json!("a@example.com")));
}

#[tokio::test]
async fn whoever_opens_the_link_of_somebody_elses_sign_up_makes_no_account_for_them() {
    let service = Service::start().await;
    let (victims_cookie, victims_token) = sign_up_in_browser(&service, PASSWORD, None).await;
    let (_, strangers_token) = sign_up_in_browser(&service, "chosen by a stranger", None).await;
    let opened = verify(&service, &strangers_token, Some(&victims_cookie), None).await;
    assert_eq!(refused(&opened), (400, "/password", "password_required"));
    let opened = verify(&service, &strangers_token, Some(&victims_cookie), Some(PASSWORD)).await;
    assert_eq!(refused(&opened), (400, "/password", "wrong_password"));
    assert_eq!(verify(&service, &victims_token, Some(&victims_cookie), None).await.status, 200);
    let log_in = json!({"email": "a@example.com", "password": "chosen by a stranger"});
    let answer = service.call(Method::POST, "/v1/auth/login", Some(log_in)).await;
    assert_eq!(answer.code(), (401, "login_failed"));
    assert_eq!(verify(&service, &strangers_token, None, Some("chosen by a stranger")).await.status, 400, "void");
    let gone = service.call(Method::POST, "/v1/auth/verify/resend", Some(json!({"email": "a@example.com"}))).await;
    assert_eq!(gone.status, 404, "nobody renews the sign-up of another");
}

#[tokio::test]
async fn signing_up_again_in_the_same_browser_leaves_the_links_of_both_mails_good_until_one_is_used() {
    let service = Service::start().await;
    let (cookie, first) = sign_up_in_browser(&service, PASSWORD, None).await;
    let (again, second) = sign_up_in_browser(&service, PASSWORD, Some(&cookie)).await;
    assert_eq!(cookie, again);
    assert_ne!(first, second);
    assert_eq!(verify(&service, &first, Some(&cookie), None).await.status, 200);
    assert_eq!(refused(&verify(&service, &second, Some(&cookie), None).await), (400, "/token", "invalid_token"));
    for nonsense in ["adb_signup=x", "adb_signup=zz"] {
        let body = json!({"email": "b@example.com", "password": PASSWORD, "organization_name": "Org"});
        let mut request = request(Method::POST, "/v1/auth/signup", Some(body));
        request.headers.insert(header::COOKIE, nonsense.parse().expect("a header"));
        let answer = service.send(request.body_of()).await;
        assert_eq!(crate::service::cookie(&answer).len(), cookie.len(), "a value of ours in its place");
    }
}

#[tokio::test]
async fn bad_sign_ups_are_refused_by_field_and_leave_nothing() {
    let service = Service::start().await;
    let good = json!({"email": "a@example.com", "password": PASSWORD, "organization_name": "Org"});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let cases = [
        (with("email", json!("nobody")), "/email"),
        (with("email", json!("a@b@example.com")), "/email"),
        (with("email", json!("a@example.com\r\nbcc: b@example.com")), "/email"),
        (with("email", json!(7)), "/email"),
        (with("password", json!("short")), "/password"),
        (with("password", json!("x".repeat(257))), "/password"),
        (with("password", json!("a@example.com")), "/password"),
        (with("password", json!("password123")), "/password"),
        (with("organization_name", json!("  ")), "/organization_name"),
        (with("organization_name", json!("a\u{0}b")), "/organization_name"),
        (with("organization_name", json!("x".repeat(101))), "/organization_name"),
        (with("admin", json!(true)), "/admin"),
    ];
    for (body, pointer) in cases {
        let answer = service.call(Method::POST, "/v1/auth/signup", Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}: {answer:?}");
    }
    let admin = service.server.pool("postgres", 1).await;
    let left: i64 = agentdb_control_plane_store::sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM control.email_verifications) + (SELECT count(*) FROM control.mail_outbox)",
    )
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn secrets_are_stored_hashed() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, secret) = person.key(&["read"], "*").await;
    let session = person.cookie.split_once('=').expect("a cookie").1;
    let admin = service.server.pool("postgres", 1).await;
    for table in ["users", "sessions", "email_verifications", "api_keys"] {
        let rows: Vec<String> =
            agentdb_control_plane_store::sqlx::query_scalar(agentdb_control_plane_store::sqlx::AssertSqlSafe(format!(
                "SELECT to_jsonb(t)::text FROM control.{table} t"
            )))
            .fetch_all(&admin)
            .await
            .expect("rows");
        for text in [PASSWORD, secret.as_str(), &secret[40..80], session, person.csrf.as_str()] {
            assert!(!rows.iter().any(|row| row.contains(text)), "{table} holds a secret in clear");
        }
    }
    let hash: String = agentdb_control_plane_store::sqlx::query_scalar("SELECT password_hash FROM control.users")
        .fetch_one(&admin)
        .await
        .expect("a hash");
    assert!(hash.starts_with("$argon2id$"), "{hash}");
}

#[tokio::test]
async fn too_many_attempts_are_put_off_for_known_and_unknown_alike() {
    let few =
        |burst: u32| Rate { per_minute: 1.try_into().expect("not zero"), burst: burst.try_into().expect("not zero") };
    let mut config = config();
    config.auth.by_email = few(3);
    config.auth.mails = few(2);
    let service = Service::with(config).await;
    service.person("known@example.com").await;
    for email in ["known@example.com", "unknown@example.com"] {
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        for _ in 0..3 {
            let answer = service.call(Method::POST, "/v1/auth/login", Some(body.clone())).await;
            assert_eq!(answer.code(), (401, "login_failed"));
        }
        let answer = service.call(Method::POST, "/v1/auth/login", Some(body)).await;
        assert_eq!(answer.code(), (429, "rate_limited"), "{email}");
        let wait: u64 = answer.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
        assert!((1..=61).contains(&wait), "{wait}");
    }
    let body = json!({"email": "Unknown@example.com", "password": PASSWORD, "organization_name": "Org"});
    for expected in [202, 202, 429] {
        let answer = service.call(Method::POST, "/v1/auth/signup", Some(body.clone())).await;
        assert_eq!(answer.status, expected);
    }
    let token = service.newest_token("unknown@example.com").await;
    for expected in [400, 400, 400, 429] {
        assert_eq!(verify(&service, &token, None, Some("wrong wrong wrong")).await.status, expected);
    }
}

#[tokio::test]
async fn one_person_asks_so_often_over_all_their_browsers_and_others_are_not_concerned() {
    let mut config = config();
    config.auth.by_person =
        Rate { per_minute: 1.try_into().expect("not zero"), burst: 6.try_into().expect("not zero") };
    let service = Service::with(config).await;
    // Each asks once for who they are.
    let (person, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let log_in = json!({"email": "a@example.com", "password": PASSWORD});
    let second = service.call(Method::POST, "/v1/auth/login", Some(log_in)).await;
    let second = Person { service: &service, cookie: cookie(&second), csrf: csrf(&second), org: person.org.clone() };
    for _ in 0..2 {
        assert_eq!(person.get("/v1/me").await.status, 200);
        assert_eq!(second.get(&second.path("")).await.status, 200);
    }
    assert_eq!(person.call(Method::POST, &person.path("/console-tokens"), None).await.status, 201);
    for answer in [person.get(&person.path("/edition")).await, second.get("/v1/me").await] {
        assert_eq!(answer.code(), (429, "rate_limited"));
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
    }
    assert_eq!(other.get("/v1/me").await.status, 200);
}
