//! What every reply carries.

use agentdb_tests::harness::{Reply, Service};
use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_reply_has_a_request_id_safe_headers_and_refusals_are_problems() -> Result<()> {
    let service = Service::start().await?;
    let anyone = service.anonymous()?;
    assert_eq!(anyone.get("/healthz").await?.expect(200)?.json["status"], "ok");
    assert_eq!(anyone.get("/readyz").await?.expect(200)?.json["status"], "ready");

    let replies = [
        (anyone.get("/healthz").await?, 200, ""),
        (anyone.get("/").await?, 200, ""),
        (anyone.get("/docs").await?, 200, ""),
        (anyone.get("/v1/nothing/here").await?, 404, "not_found"),
        (anyone.get("/v1").await?, 404, "not_found"),
        (anyone.get("/internal/v1/usage/checkpoints").await?, 404, "not_found"),
        (anyone.get("/v1/me").await?, 401, "unauthenticated"),
        (anyone.get("/v1/namespaces/any/collections").await?, 401, "unauthenticated"),
        (anyone.call(Method::DELETE, "/v1/auth/login", None).await?, 405, "method_not_allowed"),
        (
            anyone.post("/v1/auth/login", &json!({"email": "a@b.c", "password": "wrong password"})).await?,
            401,
            "login_failed",
        ),
        (anyone.post("/v1/auth/login", &json!({"email": "a@b.c", "secret": 1})).await?, 400, "invalid_request"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (reply, status, code) in replies {
        assert_eq!((reply.status, reply.code()), (status, code), "{}: {}", reply.request, reply.text());
        check(&reply);
        assert!(
            seen.insert(reply.header("x-request-id").unwrap_or_default().to_owned()),
            "{} repeats an id",
            reply.request
        );
    }

    let forged = anyone.request(Method::GET, "/healthz").header("x-request-id", "req_of_somebody_else");
    let forged = anyone.send(forged).await?;
    assert_ne!(forged.header("x-request-id"), Some("req_of_somebody_else"), "a caller's id is not believed");
    service.stop().await
}

/// Whatever an operation answers, here to somebody without a credential and with nonsense in its path.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_with_safe_headers_and_lets_no_script_of_elsewhere_read_it() -> Result<()> {
    let service = Service::start().await?;
    let anyone = service.anonymous()?;
    let description = anyone.get("/openapi.json").await?.expect(200)?.json;
    let mut asked = 0;
    for (path, item) in description["paths"].as_object().context("no paths")? {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"] {
            if method != "OPTIONS" && item.get(method.to_lowercase()).is_none() {
                continue;
            }
            let filled: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
            let request = anyone
                .request(Method::from_bytes(method.as_bytes())?, &filled.join("/"))
                .header("origin", "https://elsewhere.example")
                .header("access-control-request-method", "POST");
            let reply = anyone.send(request).await?;
            check(&reply);
            if path.starts_with("/v1") {
                assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.request);
            }
            assert_eq!(reply.header("access-control-allow-origin"), None, "{}", reply.request);
            asked += 1;
        }
    }
    assert!(asked >= 60, "only {asked} were asked");
    service.stop().await
}

fn check(reply: &Reply) {
    let what = &reply.request;
    let id = reply.header("x-request-id").unwrap_or_default();
    assert!(id.starts_with("req_"), "{what}: x-request-id is `{id}`");
    for (name, expected) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(reply.header(name), Some(expected), "{what}: {name}");
    }
    assert!(reply.header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")), "{what}");
    assert_eq!(reply.header("strict-transport-security"), None, "{what}: there is no TLS here");
    let policy = reply.header("content-security-policy").unwrap_or_default();
    for rule in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule) && !policy.contains("unsafe-"), "{what}: {policy}");
    }
    let content_type = reply.header("content-type").unwrap_or_default();
    if reply.status >= 400 {
        assert_eq!(content_type, "application/problem+json", "{what}");
        assert_eq!(reply.json["request_id"], id, "{what}: the body names the same request");
        assert_eq!(reply.json["status"], reply.status, "{what}");
        for field in ["type", "title", "detail", "help"] {
            assert!(
                reply.json[field].as_str().is_some_and(|text| !text.is_empty()),
                "{what}: no {field}: {}",
                reply.text()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cookie_is_out_of_reach_of_scripts_and_useless_without_its_token() -> Result<()> {
    let service = Service::start().await?;
    let anyone = service.anonymous()?;
    let account = service.community_account().await?;
    let login = json!({"email": account.email, "password": account.password});
    let reply = anyone.post("/v1/auth/login", &login).await?.expect(200)?;
    let cookie = reply.header("set-cookie").unwrap_or_default().to_owned();
    let lower = cookie.to_ascii_lowercase();
    assert!(
        cookie.starts_with("adb_session=") && lower.contains("httponly") && lower.contains("samesite=lax"),
        "{cookie}"
    );
    assert!(!lower.contains("secure"), "over http a browser would drop it: {cookie}");

    let session = cookie.split(';').next().unwrap_or_default().to_owned();
    let path = account.path("/namespaces/forged");
    let forged = anyone.request(Method::PUT, &path).header("cookie", &session).json(&json!({}));
    let reply = anyone.send(forged).await?;
    assert_eq!((reply.status, reply.code()), (403, "csrf_failed"), "{}", reply.text());
    assert_eq!(account.api.get(&path).await?.status, 404, "nothing was made");

    account.api.post("/v1/auth/logout", &json!({})).await?.expect(204)?;
    assert_eq!(account.api.get("/v1/me").await?.status, 401, "a session that was ended is not taken");
    service.stop().await
}
