//! Who is let through, and what the others are told.

use std::time::Duration;

use agentdb_clock::SystemClock;
use agentdb_control_plane_contract::{ApiKeyToken, NamespacePattern, Scope, Standing};
use agentdb_ids::{ApiKeyId, OrgId};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Life, Reply, World, clock, entropy, until};

const OPERATIONS: &[(Method, &str)] = &[
    (Method::GET, "/collections"),
    (Method::PUT, "/collections/docs"),
    (Method::GET, "/collections/docs"),
    (Method::DELETE, "/collections/docs"),
    (Method::POST, "/collections/docs/upsert"),
    (Method::POST, "/collections/docs/delete"),
    (Method::POST, "/collections/docs/fetch"),
    (Method::POST, "/collections/docs/count"),
    (Method::POST, "/collections/docs/scan"),
    (Method::POST, "/collections/docs/query"),
];

async fn ask(life: &Life, namespace: &str, (method, path): &(Method, &str)) -> Reply {
    life.send(method.clone(), &format!("{namespace}{path}"), &[], Some(json!({}))).await
}

fn without_id(mut body: Value) -> Value {
    body["request_id"] = Value::Null;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_and_a_key_reaches_what_it_names() {
    let world = World::new().await;
    let stranger = world.new_key(|grant| grant.org_id = OrgId::generate(&SystemClock::new(), &*entropy()));
    let elsewhere = world.new_key(|grant| {
        grant.namespaces = NamespacePattern::try_from("prod-*".to_owned()).expect("a pattern");
    });
    let reader = world.new_key(|grant| grant.scopes = vec![Scope::Read]);
    let life = world.start().await.with_docs().await;
    let nothing = without_id(ask(&life, "invented", &OPERATIONS[0]).await.body);
    assert_eq!(nothing["code"], "not_found");
    for operation in OPERATIONS {
        for (who, namespace) in [(&stranger, "main"), (&stranger, "invented"), (&elsewhere, "main")] {
            let reply = ask(&life.with(who), namespace, operation).await;
            assert_eq!(
                (reply.status, without_id(reply.body)),
                (StatusCode::NOT_FOUND, nothing.clone()),
                "{operation:?}"
            );
        }
        let reply = ask(&life.with(&reader), "main", operation).await;
        let writes = *operation != OPERATIONS[0]
            && operation.0 != Method::GET
            && !["fetch", "count", "scan", "query"].iter().any(|verb| operation.1.ends_with(verb));
        assert_eq!(reply.status == StatusCode::FORBIDDEN, writes, "{operation:?} {}", reply.body);
    }
    assert_eq!(life.get("main/collections/docs").await.status, StatusCode::OK, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_malformed_unknown_and_expired_keys_get_one_answer() {
    let world = World::new().await;
    let unknown = ApiKeyToken::generate(ApiKeyId::generate(&*clock(), &*entropy()), &*entropy());
    let expired = world.new_key(|grant| grant.expires_at = Some(clock().now() - Duration::from_secs(1)));
    let wrong_secret = ApiKeyToken::generate(world.key.key_id(), &*entropy());
    let life = world.start().await;
    let url = format!("{}/v1/namespaces/main/collections", life.base);
    let bare = Reply::read(life.http.get(&url).send().await.expect("a reply")).await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    let body = without_id(bare.body);
    for token in [unknown.expose(), expired.expose(), wrong_secret.expose(), "adb_nonsense", ""] {
        let reply = Reply::read(life.http.get(&url).bearer_auth(token).send().await.expect("a reply")).await;
        assert_eq!((reply.status, without_id(reply.body)), (StatusCode::UNAUTHORIZED, body.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_within_a_second() {
    let world = World::new().await;
    let life = world.start().await;
    life.get("main/collections").await.ok();
    let key_id = world.key.key_id();
    world.plane.tell(|told| {
        told.grants.remove(&key_id);
        told.changes.push((key_id, 2));
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(life.get("main/collections").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_unknown_keys_from_one_address_are_throttled_and_known_ones_are_not() {
    let world = World::new().await;
    let life = world.start().await;
    life.get("main/collections").await.ok();
    let mut throttled = 0;
    for _ in 0..150 {
        let unknown = ApiKeyToken::generate(ApiKeyId::generate(&*clock(), &*entropy()), &*entropy());
        let reply = life.with(&unknown).get("main/collections").await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(!reply.header("retry-after").is_empty());
            throttled += 1;
        }
    }
    assert!(throttled > 0);
    life.get("main/collections").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_callers_are_throttled_by_their_own_addresses() {
    for (trusted_proxies, throttled_apart) in [(0, false), (1, true)] {
        let world = World::new().await;
        let configure = |config: &mut agentdb_data_plane_node::NodeConfig| {
            config.trusted_proxies = trusted_proxies;
            config.admission.unknown_keys_burst = 3;
            config.admission.unknown_keys_per_second = 1;
        };
        let life = world.start_with(configure).await;
        let unknown_from = async |address: &str| {
            let unknown = ApiKeyToken::generate(ApiKeyId::generate(&*clock(), &*entropy()), &*entropy());
            let headers = [("x-forwarded-for", address)];
            life.with(&unknown).send(Method::GET, "main/collections", &headers, None).await.status
        };
        for n in 0..20 {
            unknown_from(&format!("6.6.6.6, 10.0.0.{}", n % 2)).await;
        }
        assert_eq!(unknown_from("6.6.6.6, 10.0.0.1").await, StatusCode::TOO_MANY_REQUESTS);
        let other = unknown_from("6.6.6.6, 10.0.0.9").await;
        assert_eq!(other == StatusCode::UNAUTHORIZED, throttled_apart, "{trusted_proxies} proxies: {other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_binds_and_says_so() {
    let world = World::new().await;
    world.set_policy(|policy| {
        policy.limits.requests_per_second = 1;
        policy.limits.request_burst = 3;
    });
    let life = world.start().await;
    let first = life.get("main/collections").await.ok();
    assert_eq!(first.header("ratelimit-policy"), "\"requests\";q=3;w=3");
    assert_eq!(first.header("ratelimit"), "\"requests\";r=2;t=0");
    let mut replies = Vec::new();
    for _ in 0..4 {
        replies.push(life.get("main/collections").await);
    }
    let refused = replies.iter().find(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS).expect("too fast");
    assert_eq!(refused.refusal().1, "rate_limited");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit").is_empty()), ("1", false));
    let wrong = life.post("main/collections/docs/query", json!({"top_k": 0})).await;
    assert!(!wrong.header("ratelimit").is_empty(), "on refusals too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_months_included_amount_stops_queries_and_nothing_else() {
    let world = World::new().await;
    world.set_policy(|policy| policy.limits.query_milli_units_per_month = Some(3_000));
    let life = world.start().await.with_docs().await;
    for _ in 0..3 {
        life.post("main/collections/docs/query", json!({"vector": [1, 0]})).await.ok();
    }
    let refused = life.post("main/collections/docs/query", json!({"vector": [1, 0]})).await;
    assert_eq!(refused.refusal(), (429, "included_amount_used", ""));
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!(wait > 0 && wait <= 31 * 24 * 3_600);
    life.get("main/collections").await.ok();
    life.get("main/collections/docs").await.ok();
    let record = json!({"records": [{"id": "a", "vector": [1, 0]}]});
    life.post("main/collections/docs/upsert", record).await.ok();
    world.set_policy(|policy| policy.limits.query_milli_units_per_month = None);
    let version = world.plane.told.lock().version;
    until("the new policy is applied", || world.plane.told.lock().applied >= version).await;
    life.post("main/collections/docs/query", json!({"vector": [1, 0]})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn standing_feature_and_limits_are_refused_by_name() {
    let world = World::new().await;
    world.set_policy(|policy| {
        policy.limits.storage_bytes = 1_000;
        policy.limits.collections_per_namespace = 1;
    });
    let life = world.start().await.with_docs().await;
    let record = |n: usize| json!({"records": [{"id": "a", "vector": [1, 0], "text": "x".repeat(n)}]});
    let path = "main/collections/docs/upsert";
    assert_eq!(life.post(path, record(2_000)).await.refusal(), (403, "limit_exceeded", ""));
    life.post(path, record(600)).await.ok();
    let full = life.put("main/collections/more", json!({})).await;
    assert_eq!((full.refusal().1, full.body["limit"].as_str()), ("limit_exceeded", Some("collections_per_namespace")));
    let apply = |change: fn(&mut agentdb_control_plane_contract::OrgPolicy)| {
        world.set_policy(change);
        let version = world.plane.told.lock().version;
        let plane = world.plane.clone();
        async move { until("the policy is applied", || plane.told.lock().applied >= version).await }
    };
    apply(|policy| policy.standing = Standing::ReadOnly).await;
    assert_eq!(life.post(path, record(1)).await.refusal(), (402, "standing_unpaid", ""));
    life.get("main/collections").await.ok();
    apply(|policy| policy.standing = Standing::Suspended).await;
    assert_eq!(life.get("main/collections").await.refusal(), (402, "standing_unpaid", ""));
    apply(|policy| {
        policy.standing = Standing::Good;
        policy.features.clear();
    })
    .await;
    let lacking = life.get("main/collections").await;
    assert_eq!(lacking.refusal(), (403, "feature_not_in_edition", ""));
    assert_eq!((&lacking.body["feature"], &lacking.body["edition"]), (&json!("collections"), &json!("community")));
}
