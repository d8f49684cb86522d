//! Requests about an organisation, and sign-ups, that cannot be done.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Ground, case::Case};

pub fn cases(ground: &Ground) -> Vec<Case> {
    let mut cases = namespaces(ground);
    cases.extend(api_keys(ground));
    cases.extend(usage(ground));
    cases.extend(sign_ups(ground));
    cases
}

fn namespaces(ground: &Ground) -> Vec<Case> {
    let account = &ground.account;
    let put = |what, name: &str, body: &Value, names| {
        let path = account.path(&format!("/namespaces/{name}"));
        Case::post(what, &account.api, path, body, names).method(Method::PUT)
    };
    let many: serde_json::Map<_, _> = (0..33).map(|n| (format!("l{n}"), json!("v"))).collect();
    vec![
        put("name with a blank", "a%20b", &json!({}), "ns"),
        put("long name", &"n".repeat(129), &json!({}), "ns"),
        put("name in another script", "%E5%90%8D", &json!({}), "ns"),
        put("too many labels", "new", &json!({ "labels": many }), "/labels"),
        put("label of a number", "new", &json!({"labels": {"a": 1}}), "/labels/a"),
        put("unknown field", "new", &json!({"region": "eu"}), "/region"),
        Case::get("malformed organisation", &account.api, "/v1/orgs/acme", "").answers(404, "not_found"),
        Case::get("unknown path", &account.api, "/v1/orgz", "").answers(404, "not_found"),
        Case::post("wrong method", &account.api, account.path(""), &json!({}), "method")
            .answers(405, "method_not_allowed"),
    ]
}

fn api_keys(ground: &Ground) -> Vec<Case> {
    let account = &ground.account;
    let create = |what, change: (&str, Value), names| {
        let mut body = json!({"name": "n", "namespaces": "*", "scopes": ["read"]});
        body[change.0] = change.1;
        Case::post(what, &account.api, account.path("/api-keys"), &body, names)
    };
    let key = account.path("/api-keys/key_01jc00000000000000000000zz");
    let change =
        |what, body: &Value, names| Case::post(what, &account.api, key.as_str(), body, names).method(Method::PATCH);
    let rotate = |what, body: &Value, names| Case::post(what, &account.api, format!("{key}/rotate"), body, names);
    let many: Vec<_> = (0..33).map(|n| format!("10.0.0.{n}")).collect();
    vec![
        create("bits behind the prefix", ("allowed_addresses", json!(["10.0.0.1/8"])), "/allowed_addresses/0"),
        create("no address", ("allowed_addresses", json!(["::1", "localhost"])), "/allowed_addresses/1"),
        create("a range twice", ("allowed_addresses", json!(["::1", "::1/128"])), "/allowed_addresses/1"),
        create("too many ranges", ("allowed_addresses", json!(many)), "/allowed_addresses"),
        change("no range", &json!({"allowed_addresses": ["10.0.0.0/33"]}), "/allowed_addresses/0"),
        change("no name", &json!({"name": null}), "/name"),
        change("unknown field of a change", &json!({"secret": "mine"}), "/secret"),
        change("nobody's key", &json!({"name": "n"}), "").answers(404, "not_found"),
        rotate("long overlap", &json!({"overlap_s": 2_592_001}), "/overlap_s"),
        rotate("negative overlap", &json!({"overlap_s": -1}), "/overlap_s"),
        rotate("unknown field of a rotation", &json!({"expires_at": null}), "/expires_at"),
        rotate("nobody's key to rotate", &json!({}), "").answers(404, "not_found"),
        create("no scope", ("scopes", json!([])), "/scopes"),
        create("unknown scope", ("scopes", json!(["root"])), "/scopes/0"),
        create("a scope twice", ("scopes", json!(["read", "read"])), "/scopes"),
        create("blank name", ("name", json!(" ")), "/name"),
        create("long name", ("name", json!("n".repeat(101))), "/name"),
        create("star in the middle", ("namespaces", json!("a*b")), "/namespaces"),
        create("expired", ("expires_at", json!("2020-01-01T00:00:00Z")), "/expires_at"),
        create("no time", ("expires_at", json!("tomorrow")), "/expires_at"),
        create("unknown field", ("secret", json!("mine")), "/secret"),
    ]
}

fn usage(ground: &Ground) -> Vec<Case> {
    let account = &ground.account;
    let get = |what, query: &str, names| Case::get(what, &account.api, account.path(&format!("/usage?{query}")), names);
    vec![
        get("no time", "from=yesterday", "from"),
        get("backwards", "from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", "from"),
        get("unknown granularity", "granularity=minute", "granularity"),
        get("unknown group", "group_by=colour", "group_by"),
        get("unknown parameter", "org=other", "org"),
        get("empty page", "limit=0", "limit"),
    ]
}

fn sign_ups(ground: &Ground) -> Vec<Case> {
    let anonymous = ground.key.without_credential();
    let sign_up = |what, change: (&str, Value), names| {
        let mut body = json!({
            "email": "new@example.com", "password": "correct horse battery staple", "organization_name": "New",
        });
        body[change.0] = change.1;
        Case::post(what, &anonymous, "/v1/auth/signup", &body, names)
    };
    let verify = json!({"token": "guessed"});
    vec![
        sign_up("no address", ("email", json!("nobody")), "/email"),
        sign_up("two headers in an address", ("email", json!("a@example.com\r\nBcc: b@example.com")), "/email"),
        sign_up("short password", ("password", json!("short")), "/password"),
        sign_up("well-known password", ("password", json!("password123")), "/password"),
        sign_up("blank organisation", ("organization_name", json!("  ")), "/organization_name"),
        sign_up("unknown field", ("role", json!("owner")), "/role"),
        Case::post("guessed token", &anonymous, "/v1/auth/verify", &verify, "token"),
        Case::post("no password", &anonymous, "/v1/auth/login", &json!({"email": "a@example.com"}), "password"),
    ]
}
