//! How fast and how much at once, of organisations and of single keys, and whose turn it is on a busy node.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use agentdb_control_plane_contract::{ApiKeyToken, Grant, KeyLimits, OrgPolicy};
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use http::StatusCode;
use serde_json::json;

use crate::{
    held::Gate,
    world::{Life, Reply, World, clock, entropy, until, until_asked},
};

const UPSERT: &str = "main/collections/docs/upsert";
const QUERY: &str = "main/collections/docs/query";

async fn query(life: &Life) -> Reply {
    life.post(QUERY, json!({"vector": [1, 0]})).await
}

/// Changes the policy and waits until the node has heard it.
async fn apply(world: &World, change: impl FnOnce(&mut OrgPolicy)) {
    world.set_policy(change);
    let version = world.plane.told.lock().version;
    until("the policy is applied", || world.plane.told.lock().applied >= version).await;
}

/// Three records in one request of 3,000 milli-units.
async fn write(life: &Life, text: usize) -> Reply {
    let records: Vec<_> =
        (0..3).map(|n| json!({"id": format!("r{n}"), "vector": [1, 0], "text": "x".repeat(text)})).collect();
    life.post(UPSERT, json!({"records": records})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_limited_by_what_the_work_cost() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    // So slow that nothing comes back while the test runs.
    apply(&world, |policy| {
        policy.limits.query_milli_units_per_second = 1;
        policy.limits.query_milli_units_burst = 3_500;
        policy.limits.write_milli_units_per_second = 1;
        policy.limits.write_milli_units_burst = 10_000;
    })
    .await;
    let first = query(&life).await.ok();
    assert_eq!(first.units("query"), 1_000);
    let policy = first.header("ratelimit-policy");
    assert!(policy.contains("\"query_milli_units\";q=3500;w=3500") && policy.contains("\"requests\""), "{policy}");
    assert!(first.header("ratelimit").starts_with("\"query_milli_units\";r=25"), "{}", first.header("ratelimit"));
    // Less than was taken before it was known what it costs.
    life.post("main/collections/docs/fetch", json!({"ids": ["a"]})).await.ok();
    assert_eq!(
        life.post(QUERY, json!({"top_k": 0})).await.status,
        StatusCode::BAD_REQUEST,
        "refused work costs nothing"
    );
    query(&life).await.ok();
    query(&life).await.ok();
    let refused = query(&life).await;
    assert_eq!(refused.refusal(), (429, "rate_limited", ""), "{}", refused.body);
    assert_eq!(refused.body["limit"], "query_milli_units_per_second");
    assert!(refused.header("ratelimit").starts_with("\"query_milli_units\";r=0;t="), "{}", refused.header("ratelimit"));
    let told = refused.header("ratelimit").split("t=").nth(1).expect("seconds");
    assert_eq!(told, refused.header("retry-after"));
    let wait: u64 = told.parse().expect("seconds");
    assert!((500..=600).contains(&wait), "{wait}: 400 of 1,000 are left");

    write(&life, 1).await.ok();
    let large = write(&life, 20_000).await;
    assert_eq!(large.refusal(), (403, "limit_exceeded", ""), "{}", large.body);
    assert_eq!((&large.body["cost"], &large.body["maximum"]), (&json!(15_000), &json!(10_000)));
    assert!(large.header("retry-after").is_empty(), "it never passes");
    write(&life, 5_000).await.ok();
    let refused = write(&life, 1).await;
    assert_eq!((refused.refusal().0, &refused.body["limit"]), (429, &json!("write_milli_units_per_second")));
    let next = life.get("main/collections").await.ok();
    assert!(next.header("ratelimit").starts_with("\"requests\""), "what costs no units is not bound by them");
    world.clock.advance(Duration::from_secs(600));
    until_asked("the lease is renewed, and there is enough again", || async {
        query(&life).await.status == StatusCode::OK
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_limits_under_load_gives_no_fresh_burst() {
    let world = World::new().await;
    let life = world.start().await;
    let rate = |per_second, burst| {
        apply(&world, move |policy| {
            policy.limits.requests_per_second = per_second;
            policy.limits.request_burst = burst;
        })
    };
    rate(1, 5).await;
    let admitted = async || {
        let replies = futures::future::join_all((0..50).map(|_| life.get("main/collections"))).await;
        replies.iter().filter(|reply| reply.status == StatusCode::OK).count()
    };
    assert!((5..10).contains(&admitted().await), "the burst, and what comes in the seconds that the test takes");
    rate(2, 1_000).await;
    assert!(admitted().await < 20, "no fresh burst");
    world.clock.advance(Duration::from_secs(20));
    let leased = || async { life.get("main/collections").await.status != StatusCode::SERVICE_UNAVAILABLE };
    until_asked("the lease is renewed", leased).await;
    let then = admitted().await;
    assert!((39..=50).contains(&then), "{then}: at the new rate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_bound_by_its_own_limits_below_those_of_its_organisation() {
    let world = World::new().await;
    let limits = |limits: KeyLimits| move |grant: &mut Grant| grant.limits = limits;
    world.set_policy(|policy| (policy.limits.requests_per_second, policy.limits.request_burst) = (100, 200));
    let slow = world.new_key(limits(KeyLimits { requests_per_second: Some(1), ..KeyLimits::default() }));
    let single = world.new_key(limits(KeyLimits { concurrent_requests: Some(1), ..KeyLimits::default() }));
    let life = world.start().await.with_docs().await;
    let by_slow = life.with(&slow);
    let mut replies = Vec::new();
    for _ in 0..8 {
        replies.push(by_slow.get("main/collections").await);
    }
    let policies = replies[0].header("ratelimit-policy");
    assert!(policies.contains("\"key_requests\";q=2;w=2") && policies.contains("\"requests\";q=200;w=2"), "{policies}");
    let refused = replies.iter().find(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS).expect("too fast");
    assert_eq!((&refused.body["limit"], &refused.body["limit_of"]), (&json!("requests_per_second"), &json!("api_key")));
    assert!(refused.header("ratelimit").starts_with("\"key_requests\";r=0;t="), "{}", refused.header("ratelimit"));
    let other = life.get("main/collections").await.ok();
    assert!(!other.header("ratelimit-policy").contains("key_"), "other keys are not bound by it");

    let by_single = life.with(&single);
    let busy = by_single
        .slow_post("main/collections/docs/count", async || {
            by_single.get("main/collections").await.status == StatusCode::TOO_MANY_REQUESTS
        })
        .await;
    let refused = by_single.get("main/collections").await;
    assert_eq!((&refused.body["limit"], &refused.body["limit_of"]), (&json!("concurrent_requests"), &json!("api_key")));
    assert_eq!(refused.header("ratelimit"), "\"key_concurrent_requests\";r=0;t=1");
    life.get("main/collections").await.ok();
    busy.finish(&json!({})).await.ok();
    by_single.get("main/collections").await.ok();

    // The limits change with the key.
    world.grant(&slow, |grant| {
        grant.version = 2;
        grant.limits.requests_per_second = Some(50);
    });
    world.plane.tell(|told| told.changes.push((slow.key_id(), 2)));
    until_asked("the change is heard", || async {
        by_slow.get("main/collections").await.header("ratelimit-policy").contains("\"key_requests\";q=100;w=2")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_of_larger_vectors_than_the_edition_allows_are_not_made() {
    let world = World::new().await;
    world.set_policy(|policy| policy.limits.vector_dimension = 3);
    let life = world.start().await.with_docs().await;
    let of = |dimension: u32| json!({"vector": {"dimension": dimension, "metric": "cosine"}});
    let refused = life.put("main/collections/large", of(4)).await;
    assert_eq!(refused.refusal(), (403, "limit_exceeded", ""), "{}", refused.body);
    assert_eq!((&refused.body["limit"], &refused.body["maximum"]), (&json!("vector_dimension"), &json!(3)));
    life.put("main/collections/small", of(3)).await.ok();
    apply(&world, |policy| policy.limits.vector_dimension = 1).await;
    life.put("main/collections/small", of(3)).await.ok();
}

/// Another organisation with a namespace and a key.
fn neighbour(world: &World) -> ApiKeyToken {
    let org_id = OrgId::generate(&*clock(), &*entropy());
    let key = ApiKeyToken::generate(ApiKeyId::generate(&*clock(), &*entropy()), &*entropy());
    world.grant(&key, |grant| grant.org_id = org_id);
    world.plane.tell(|told| {
        let policy = told.organisations[&world.org_id].clone();
        told.organisations.insert(org_id, OrgPolicy { org_id, ..policy });
        let namespace_id = NamespaceId::generate(&*clock(), &*entropy());
        let mut assignment = told.assignments[&world.namespace_id].clone();
        (assignment.org_id, assignment.namespace_id) = (org_id, namespace_id);
        assignment.prefix = format!("ns/{namespace_id}");
        told.assignments.insert(namespace_id, assignment);
    });
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_alone_is_served_while_a_storm_of_another_organisation_waits() {
    let world = World::new().await;
    let quiet = neighbour(&world);
    let log = Gate::before("/log/");
    let one_place = |config: &mut agentdb_data_plane_node::NodeConfig| {
        config.fairness.work_places = 1;
        config.fairness.queue = 8;
    };
    let life = world.start_behind(|objects| log.stand_before(objects), one_place).await.with_docs().await;
    let by_quiet = life.with(&quiet).with_docs().await;
    query(&by_quiet).await.ok();
    // Large writes hold a place until they are in the log, but while they wait for it another one works.
    let held = log.hold().await;
    let record = |id: &str| json!({"id": id, "vector": [1, 0], "text": "x".repeat(60_000)});
    let records = ["a", "b", "c", "d", "e"].map(record);
    let large = json!({"records": records});
    let refused = AtomicUsize::new(0);
    let storm = futures::future::join_all((0..40).map(|_| async {
        let reply = life.post(UPSERT, large.clone()).await;
        if reply.status != StatusCode::TOO_MANY_REQUESTS {
            reply.ok();
            return;
        }
        assert_eq!(reply.body["limit"], "waiting_requests", "{}", reply.body);
        assert_eq!((reply.header("retry-after"), reply.header("ratelimit")), ("1", "\"waiting_requests\";r=0;t=1"));
        refused.fetch_add(1, Ordering::SeqCst);
    }));
    let alone = async {
        log.held().await;
        until("the storm's own queue is full", || refused.load(Ordering::SeqCst) > 0).await;
        let waited = tokio::time::timeout(Duration::from_secs(10), query(&by_quiet)).await;
        waited.expect("a place is kept for it").ok();
        drop(held);
    };
    futures::join!(storm, alone);
    query(&life).await.ok();
    life.node.drain().await;
}
