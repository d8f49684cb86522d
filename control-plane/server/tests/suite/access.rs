//! Who may call the operations of an organisation.

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_control_plane_contract::{ApiKeyToken, OrgScope};
use agentdb_ids::{ApiKeyId, OrgId};
use axum::{Extension, Router, body::Body, routing::get};
use http::{Method, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::service::{Service, by_key, request};

const NO_EVENT: &str = "aud_01jc00000000000000000000zz";

/// Every operation of an organisation, from the description.
fn operations() -> Vec<(Method, String)> {
    let description = serde_json::to_value(agentdb_control_plane_server::openapi()).expect("JSON");
    let paths = description["paths"].as_object().expect("paths").clone();
    let mut all = Vec::new();
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/orgs/{org}")) {
        for method in item.as_object().expect("operations").keys() {
            all.push((method.to_uppercase().parse().expect("a method"), path.clone()));
        }
    }
    assert!(all.len() >= 10, "{all:?}");
    all
}

fn body_for(method: &Method, path: &str) -> Option<Value> {
    match (method.as_str(), path.rsplit('/').next().unwrap_or_default()) {
        ("POST", "api-keys") => Some(json!({"name": "k", "namespaces": "*", "scopes": ["read"]})),
        ("POST", "invitations") => Some(json!({"email": "new@example.com", "role": "admin"})),
        ("PATCH", "{org}") => Some(json!({"name": "Taken"})),
        ("PATCH", "{user}") => Some(json!({"role": "read_only"})),
        ("PUT" | "PATCH", _) | ("POST", "rotate" | "undelete") => Some(json!({})),
        _ => None,
    }
}

/// The path with a name in place of each parameter.
fn filled(template: &str, org: &str, key: &str, namespace: &str) -> String {
    let path = template.replace("{org}", org).replace("{key}", key).replace("{ns}", namespace);
    let path = path.replace("{user}", "usr_01jc00000000000000000000zz");
    path.replace("{invitation}", "inv_01jc00000000000000000000zz").replace("{event}", NO_EVENT)
}

#[tokio::test]
async fn another_organisation_and_one_that_is_not_there_are_the_same_404() {
    let service = Service::start().await;
    let (mine, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let (_, my_key) = mine.key(&["admin"], "*").await;
    let (_, my_reader) = mine.key(&["read"], "*").await;
    let (their_key, _) = other.key(&["read"], "*").await;
    other.call(Method::PUT, &other.path("/namespaces/theirs"), Some(json!({}))).await;
    let invented = OrgId::generate(&SystemClock::new(), &SystemEntropy).to_string();
    let mut first: Option<Value> = None;
    for (method, template) in operations() {
        for org in [other.org.as_str(), invented.as_str(), "org_nonsense", "x", "%FF", "%00"] {
            let path = filled(&template, org, &their_key, "theirs");
            let body = body_for(&method, &template);
            let answers = [
                mine.call(method.clone(), &path, body.clone()).await,
                by_key(&service, &my_key, method.clone(), &path, body.clone()).await,
                by_key(&service, &my_reader, method.clone(), &path, body.clone()).await,
            ];
            for answer in answers {
                assert_eq!(answer.code(), (404, "not_found"), "{method} {path}");
                let bytes = answer.comparable();
                assert_eq!(first.get_or_insert_with(|| bytes.clone()), &bytes, "{method} {path}");
            }
        }
    }
    let no_event = format!("/audit-events/{NO_EVENT}");
    for rest in [
        no_event.as_str(),
        "/audit-events/%FF",
        "/namespaces/%FF",
        "/api-keys/%FF",
        "/api-keys/key_nonsense",
        "/namespaces/nothing",
    ] {
        let answer = mine.get(&mine.path(rest)).await;
        assert_eq!(answer.code(), (404, "not_found"), "{rest}");
        assert_eq!(first, Some(answer.comparable()), "{rest}");
    }
    let theirs = other.get(&other.path("/api-keys")).await;
    assert_eq!(theirs.body["items"].as_array().map(Vec::len), Some(1), "nothing has changed: {theirs:?}");
    let theirs = other.get(&other.path("/namespaces")).await;
    assert_eq!(theirs.body["items"].as_array().map(Vec::len), Some(1), "nothing has changed: {theirs:?}");
}

#[tokio::test]
async fn without_a_good_credential_every_operation_is_401() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (key_id, key) = person.key(&["admin"], "*").await;
    let unknown = ApiKeyToken::generate(ApiKeyId::generate(&SystemClock::new(), &SystemEntropy), &SystemEntropy);
    let forged = ApiKeyToken::generate(key_id.parse().expect("an id"), &SystemEntropy);
    let mut credentials: Vec<(&str, String)> = vec![
        ("authorization", format!("Bearer {}", unknown.expose())),
        ("authorization", format!("Bearer {}", forged.expose())),
        ("authorization", format!("Bearer {}x", &key[..key.len() - 1])),
        ("authorization", format!("Basic {key}")),
        ("authorization", "Bearer".to_owned()),
        ("cookie", "adb_session=0000".to_owned()),
    ];
    credentials.push(("x-nothing", "none".to_owned()));
    let mut bodies = Vec::new();
    for (method, template) in operations() {
        for (name, value) in &credentials {
            let path = filled(&template, &person.org, &key_id, "ns");
            let mut request = request(method.clone(), &path, body_for(&method, &template));
            request.headers.insert(*name, value.parse().expect("a header"));
            let answer = service.send(request.body_of()).await;
            assert_eq!(answer.code(), (401, "unauthenticated"), "{method} {path} {value}");
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
            bodies.push(answer.comparable());
        }
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "nothing tells why");
}

#[tokio::test]
async fn a_key_needs_the_scope_admin_and_a_session_the_csrf_token() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (key_id, reader) = person.key(&["read", "write"], "*").await;
    for (method, template) in operations() {
        let path = filled(&template, &person.org, &key_id, "ns");
        let body = body_for(&method, &template);
        let answer = by_key(&service, &reader, method.clone(), &path, body.clone()).await;
        assert_eq!(answer.code(), (403, "forbidden"), "{method} {path}");
        if method == Method::GET {
            continue;
        }
        let mut request = request(method.clone(), &path, body);
        request.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
        request.headers.insert("x-csrf-token", "0".repeat(64).parse().expect("a header"));
        let answer = service.send(request.body_of()).await;
        assert_eq!(answer.code(), (403, "csrf_failed"), "{method} {path}");
    }
    let (_, admin) = person.key(&["admin"], "*").await;
    let answer = by_key(&service, &admin, Method::GET, &person.path(""), None).await;
    assert_eq!((answer.status.as_u16(), answer.body["id"].as_str()), (200, Some(person.org.as_str())));
}

#[tokio::test]
async fn the_edition_and_its_limits_are_shown_with_overrides() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let answer = person.get(&person.path("/edition")).await;
    assert_eq!(answer.body["edition"], "community");
    assert_eq!(answer.body["limits"]["namespaces"], 3);
    assert_eq!(answer.body["features"], json!(["collections", "embedding"]));
    let change = agentdb_control_plane_store::OrganizationChange::LimitOverrides(json!({"namespaces": 9}));
    let org_id = person.org.parse().expect("an id");
    let changed = service.stores.jobs().change_organization(org_id, &change, chrono::DateTime::UNIX_EPOCH).await;
    assert!(changed.expect("the store"));
    let answer = person.get(&person.path("/edition")).await;
    assert_eq!((&answer.body["limits"]["namespaces"], &answer.body["limits"]["api_keys"]), (&json!(9), &json!(2)));
}

#[tokio::test]
async fn only_people_and_keys_of_every_namespace_reach_the_whole_organisation() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (_, all) = person.key(&["admin"], "*").await;
    let (_, some) = person.key(&["admin"], "a*").await;
    let whole = get(|Extension(scope): Extension<OrgScope>| async move { scope.whole_org.to_string() });
    let router = service.control.behind_org_access(Router::new().route("/v1/orgs/{org}/whole", whole));
    let bearer = |key: &str| format!("Bearer {key}");
    for (name, value, answer) in [
        (header::COOKIE, person.cookie.clone(), "true"),
        (header::AUTHORIZATION, bearer(&all), "true"),
        (header::AUTHORIZATION, bearer(&some), "false"),
    ] {
        let request = Request::get(format!("/v1/orgs/{}/whole", person.org)).header(&name, value);
        let response =
            router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{name}");
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.expect("a body");
        assert_eq!(body, answer, "{name}");
    }
}

#[tokio::test]
async fn routes_of_other_planes_stand_behind_the_same_access_layer() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let usage = get(|Extension(scope): Extension<OrgScope>| async move { scope.org_id.to_string() });
    let router = service.control.behind_org_access(Router::new().route("/v1/orgs/{org}/usage", usage));
    let send = async |org: &str, cookie: &str| {
        let request = Request::get(format!("/v1/orgs/{org}/usage")).header(header::COOKIE, cookie);
        let response =
            router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let status = response.status().as_u16();
        (status, axum::body::to_bytes(response.into_body(), 1 << 16).await.expect("a body"))
    };
    let (status, body) = send(&person.org, &person.cookie).await;
    assert_eq!((status, &body[..]), (200, person.org.as_bytes()));
    assert_eq!(send(&person.org, "adb_session=x").await.0, 401);
    let invented = OrgId::generate(&SystemClock::new(), &SystemEntropy).to_string();
    assert_eq!(send(&invented, &person.cookie).await.0, 404);
}
