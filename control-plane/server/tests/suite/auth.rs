use agentdb_control_plane_server::config::Rate;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{PASSWORD, Service, config, cookie, csrf, request};

#[tokio::test]
async fn from_sign_up_to_signed_in_and_out_again() {
    let service = Service::start().await;
    let token = service.sign_up("ada+x@example.com").await;
    let login = json!({"email": "ada+x@example.com", "password": PASSWORD});
    let early = service.call(Method::POST, "/v1/auth/login", Some(login.clone())).await;
    assert_eq!(early.code(), (401, "login_failed"), "not before the address is verified");

    let verified = service.call(Method::POST, "/v1/auth/verify", Some(json!({"token": token}))).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(verified.body["user"]["email"], "ada+x@example.com");
    let attributes = verified.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(attributes.contains("; HttpOnly; SameSite=Lax") && !attributes.contains("Secure"), "{attributes}");
    assert_eq!(verified.headers[header::CACHE_CONTROL], "no-store");
    let again = service.call(Method::POST, "/v1/auth/verify", Some(json!({"token": token}))).await;
    assert_eq!(again.code(), (400, "invalid_request"), "a link works once");

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
    let notice = service.newest_mail("KNOWN@example.com").await;
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
    for email in ["known@example.com", "nobody@example.com"] {
        let answer = service.call(Method::POST, "/v1/auth/verify/resend", Some(json!({"email": email}))).await;
        assert_eq!((answer.status.as_u16(), answer.body["status"].as_str()), (202, Some("verification_sent")));
    }
}

#[tokio::test]
async fn a_link_sent_again_works() {
    let service = Service::start().await;
    let first = service.sign_up("a@example.com").await;
    let resend = json!({"email": "a@example.com"});
    assert_eq!(service.call(Method::POST, "/v1/auth/verify/resend", Some(resend)).await.status, 202);
    let mut second = first.clone();
    for _ in 0..200 {
        let mail = service.newest_mail("a@example.com").await;
        mail["link"].as_str().expect("a link").split_once("token=").expect("a token").1.clone_into(&mut second);
        if second != first {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_ne!(first, second, "a second mail arrived");
    let answer = service.call(Method::POST, "/v1/auth/verify", Some(json!({"token": second}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = service.call(Method::POST, "/v1/auth/verify", Some(json!({"token": first}))).await;
    assert_eq!(answer.status, 400, "the other link is void");
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
    let body = json!({"email": "Unknown@example.com"});
    for expected in [202, 202, 429] {
        let answer = service.call(Method::POST, "/v1/auth/verify/resend", Some(body.clone())).await;
        assert_eq!(answer.status, expected);
    }
}
