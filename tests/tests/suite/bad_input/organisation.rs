//! Requests about an organisation, and sign-ups, that cannot be done.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Ground, case::Case};

pub fn cases(ground: &Ground) -> Vec<Case> {
    let mut cases = namespaces(ground);
    cases.extend(api_keys(ground));
    cases.extend(audit_events(ground));
    cases.extend(own_account(ground));
    cases.extend(usage(ground));
    cases.extend(sign_ups(ground));
    cases.extend(people(ground));
    cases
}

fn own_account(ground: &Ground) -> Vec<Case> {
    let api = &ground.account.api;
    let put = |what, path: &str, body: &Value, names| Case::post(what, api, path, body, names).method(Method::PUT);
    let wrong = json!({"current_password": "not the password"});
    let guessed = json!({"current_password": "not the password", "new_password": "another long password"});
    let short = json!({"current_password": "not the password", "new_password": "short"});
    let address = json!({"current_password": "not the password", "email": "new@example.com"});
    vec![
        put("wrong password for a password", "/v1/me/password", &guessed, "/current_password"),
        put("short new password", "/v1/me/password", &short, "/new_password"),
        put("wrong password for an address", "/v1/me/email", &address, "/current_password"),
        Case::post("wrong password to leave", api, "/v1/me", &wrong, "/current_password").method(Method::DELETE),
        Case::get("no such session", api, "/v1/me/sessions/ses_01jc00000000000000000000zz", "")
            .method(Method::DELETE)
            .answers(404, "not_found"),
    ]
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

fn audit_events(ground: &Ground) -> Vec<Case> {
    let account = &ground.account;
    let get = |what, query: &str, names| {
        Case::get(what, &account.api, account.path(&format!("/audit-events?{query}")), names)
    };
    vec![
        get("unknown action", "action=api_key.destroy", "action"),
        get("part of a kind", "action=api*", "action"),
        get("unknown outcome", "outcome=failed", "outcome"),
        get("no actor", "actor=", "actor"),
        get("no time", "from=yesterday", "from"),
        get("backwards", "from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", "from"),
        get("another list's cursor", "cursor=key_01jc00000000000000000000zz", "cursor"),
        get("unknown parameter", "org=other", "org"),
        get("empty page", "limit=0", "limit"),
        Case::get("malformed event", &account.api, account.path("/audit-events/latest"), "").answers(404, "not_found"),
    ]
}

fn people(ground: &Ground) -> Vec<Case> {
    let account = &ground.account;
    let invite = |what, change: (&str, Value), names| {
        let mut body = json!({"email": "new@example.com", "role": "developer"});
        body[change.0] = change.1;
        Case::post(what, &account.api, account.path("/invitations"), &body, names)
    };
    let patch = |what, path: &str, body: &Value, names| {
        Case::post(what, &account.api, account.path(path), body, names).method(Method::PATCH)
    };
    let guessed = json!({"token": "guessed"});
    vec![
        invite("no address", ("email", json!("nobody")), "/email"),
        invite("two headers in an address", ("email", json!("a@example.com\r\nBcc: b@example.com")), "/email"),
        invite("unknown role", ("role", json!("root")), "/role"),
        invite("unknown field", ("org", json!("other")), "/org"),
        invite("a member", ("email", json!(account.email)), "belongs").answers(409, "conflict"),
        patch("blank name", "", &json!({"name": " "}), "/name"),
        patch("long name", "", &json!({"name": "n".repeat(101)}), "/name"),
        patch("unknown field of an organisation", "", &json!({"name": "n", "edition": "enterprise"}), "/edition"),
        patch("nobody's role", "/members/usr_01jc00000000000000000000zz", &json!({"role": "admin"}), "")
            .answers(404, "not_found"),
        Case::post("guessed invitation", &account.api, "/v1/me/invitations/accept", &guessed, "/token"),
        Case::post("second organisation", &account.api, "/v1/orgs", &json!({"name": "n"}), "community")
            .answers(403, "limit_exceeded"),
        Case::get("members, no cursor", &account.api, account.path("/members?cursor=x"), "cursor"),
        Case::get("invitations, empty page", &account.api, account.path("/invitations?limit=0"), "limit"),
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
    let reset = json!({"token": "guessed", "password": "correct horse battery staple"});
    let nobody = json!({"email": "nobody"});
    vec![
        sign_up("no address", ("email", json!("nobody")), "/email"),
        sign_up("two headers in an address", ("email", json!("a@example.com\r\nBcc: b@example.com")), "/email"),
        sign_up("short password", ("password", json!("short")), "/password"),
        sign_up("well-known password", ("password", json!("password123")), "/password"),
        sign_up("blank organisation", ("organization_name", json!("  ")), "/organization_name"),
        sign_up("unknown field", ("role", json!("owner")), "/role"),
        Case::post("guessed token", &anonymous, "/v1/auth/verify", &verify, "token"),
        Case::post("guessed token for a password", &anonymous, "/v1/auth/password/reset", &reset, "/token"),
        Case::post("guessed token for an address", &anonymous, "/v1/auth/email/confirm", &verify, "/token"),
        Case::post("no address for a password", &anonymous, "/v1/auth/password/forgot", &nobody, "/email"),
        Case::post("no password", &anonymous, "/v1/auth/login", &json!({"email": "a@example.com"}), "password"),
    ]
}
