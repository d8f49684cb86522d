//! How fast keys may be used.

use http::Method;
use serde_json::{Value, json};

use crate::service::{Service, by_key};

fn key(limits: Value) -> Value {
    json!({"name": "key", "namespaces": "*", "scopes": ["admin"], "limits": limits})
}

fn all(requests: u32, query: u64, write: u64, concurrent: u32) -> Value {
    json!({
        "requests_per_second": requests, "query_milli_units_per_second": query, "write_milli_units_per_second": write,
        "concurrent_requests": concurrent,
    })
}

const NONE: [&str; 4] =
    ["requests_per_second", "query_milli_units_per_second", "write_milli_units_per_second", "concurrent_requests"];

#[tokio::test]
async fn limits_of_a_key_are_kept_told_to_nodes_changed_as_one_and_go_on_to_a_successor() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await.with_room_for_keys().await;
    let path = person.path("/api-keys");
    let plain = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
    let plain = person.call(Method::POST, &path, Some(plain)).await;
    assert_eq!(plain.status, 201, "{plain:?}");
    assert!(NONE.iter().all(|name| plain.body["limits"][name].is_null()), "{plain:?}");
    let wanted = all(5, 20_000, 30_000, 2);
    let made = person.call(Method::POST, &path, Some(key(wanted.clone()))).await;
    assert_eq!((made.status.as_u16(), &made.body["limits"]), (201, &wanted), "{made:?}");
    let own = format!("{path}/{}", made.body["id"].as_str().expect("an id"));
    assert_eq!(person.get(&own).await.body["limits"], wanted);

    let node = service.node().await;
    let id = made.body["id"].as_str().expect("an id").parse().expect("an id");
    let told = async || {
        let grant = node.client.grant(id).await.expect("an answer").expect("the node knows it");
        (grant.version, serde_json::to_value(grant.limits).expect("JSON"))
    };
    assert_eq!(told().await, (1, wanted.clone()));
    let renamed = person.call(Method::PATCH, &own, Some(json!({"name": "other"}))).await;
    assert_eq!(renamed.body["limits"], wanted, "what is not named stays");
    let slower = json!({"limits": {"requests_per_second": 1}});
    let changed = person.call(Method::PATCH, &own, Some(slower.clone())).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.body["limits"]["requests_per_second"]),
        (200, &json!(1)),
        "{changed:?}"
    );
    assert!(changed.body["limits"]["concurrent_requests"].is_null(), "all of them are changed together");
    let again = person.call(Method::PATCH, &own, Some(slower)).await;
    assert_eq!(again.body["version"], changed.body["version"], "nothing has changed");
    assert_eq!(told().await, (3, changed.body["limits"].clone()));
    let rotated = person.call(Method::POST, &format!("{own}/rotate"), Some(json!({}))).await;
    assert_eq!((rotated.status.as_u16(), &rotated.body["limits"]), (201, &changed.body["limits"]), "{rotated:?}");
}

#[tokio::test]
async fn limits_are_at_most_those_of_the_organisation_and_wrong_ones_are_named() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let path = person.path("/api-keys");
    for (limits, pointer) in [
        (json!({"requests_per_second": 0}), "/limits/requests_per_second"),
        (json!({"requests_per_second": 11}), "/limits/requests_per_second"),
        (json!({"requests_per_second": -1}), "/limits/requests_per_second"),
        (json!({"requests_per_second": 1.5}), "/limits/requests_per_second"),
        (json!({"query_milli_units_per_second": 50_001}), "/limits/query_milli_units_per_second"),
        (json!({"write_milli_units_per_second": u64::MAX}), "/limits/write_milli_units_per_second"),
        (json!({"concurrent_requests": 11}), "/limits/concurrent_requests"),
        (json!({"burst": 1}), "/limits/burst"),
        (json!([]), "/limits"),
        (json!(null), "/limits"),
    ] {
        let answer = person.call(Method::POST, &path, Some(key(limits.clone()))).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{limits}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{limits}");
    }
    assert_eq!(person.get(&path).await.body["items"], json!([]));
    let most = all(10, 50_000, 500_000, 10);
    let made = person.call(Method::POST, &path, Some(key(most.clone()))).await;
    assert_eq!((made.status.as_u16(), &made.body["limits"]), (201, &most), "{made:?}");
    let own = format!("{path}/{}", made.body["id"].as_str().expect("an id"));
    let more = person.call(Method::PATCH, &own, Some(json!({"limits": {"concurrent_requests": 11}}))).await;
    assert_eq!(more.body["errors"][0]["pointer"], "/limits/concurrent_requests");
}

#[tokio::test]
async fn a_key_makes_changes_and_rotates_no_key_to_be_used_faster_than_itself() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await.with_room_for_keys().await;
    let path = person.path("/api-keys");
    let made = person.call(Method::POST, &path, Some(key(json!({"requests_per_second": 5})))).await;
    let (id, secret) = (made.body["id"].as_str().expect("an id"), made.body["secret"].as_str().expect("a secret"));
    let free = person.call(Method::POST, &path, Some(key(json!({})))).await;
    let (own, other) = (format!("{path}/{id}"), format!("{path}/{}", free.body["id"].as_str().expect("an id")));
    for faster in [json!({}), json!({"requests_per_second": 6}), json!({"concurrent_requests": 1})] {
        let refused = by_key(&service, secret, Method::POST, &path, Some(key(faster.clone()))).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{faster}");
        let refused = by_key(&service, secret, Method::PATCH, &own, Some(json!({"limits": faster}))).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{faster}");
    }
    let rotate = by_key(&service, secret, Method::POST, &format!("{other}/rotate"), Some(json!({}))).await;
    assert_eq!(rotate.code(), (403, "forbidden"), "it would be shown a secret that is faster than its own");
    let slower = json!({"requests_per_second": 5, "concurrent_requests": 1});
    assert_eq!(by_key(&service, secret, Method::POST, &path, Some(key(slower.clone()))).await.status, 201);
    let changed = by_key(&service, secret, Method::PATCH, &own, Some(json!({"limits": slower}))).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}
