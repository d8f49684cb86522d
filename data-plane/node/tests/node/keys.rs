//! What else a key says: from where, until when, and that it was used.

use std::time::Duration;

use agentdb_control_plane_contract::{AddressRange, NamespacePattern, Scope};
use http::{Method, StatusCode};

use crate::world::{Life, Reply, World, clock, until};

fn ranges(texts: &[&str]) -> Vec<AddressRange> {
    texts.iter().map(|text| text.parse().expect("a range")).collect()
}

/// A request that the proxy before the node says to come from `address`.
async fn from(life: &Life, address: &str, namespace: &str) -> Reply {
    life.send(Method::GET, &format!("{namespace}/collections"), &[("x-forwarded-for", address)], None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_from_its_addresses_alone_and_elsewhere_tells_nothing_of_names() {
    let world = World::new().await;
    let bound = world.new_key(|grant| {
        grant.allowed_addresses = ranges(&["10.0.0.0/8", "2001:db8::/32"]);
        grant.namespaces = NamespacePattern::try_from("ma*".to_owned()).expect("a pattern");
    });
    let writer = world.new_key(|grant| {
        grant.allowed_addresses = ranges(&["192.0.2.7"]);
        grant.scopes = vec![Scope::Write];
    });
    let life = world.start_with(|config| config.trusted_proxies = 1).await;
    let by_bound = life.with(&bound);
    for inside in ["10.0.0.1", "::ffff:10.9.9.9", "2001:db8::1", "192.0.2.1, 10.0.0.1"] {
        from(&by_bound, inside, "main").await.ok();
    }
    for outside in ["192.0.2.1", "11.0.0.0", "2001:db9::1", "10.0.0.1, 192.0.2.1"] {
        let refused = from(&by_bound, outside, "main").await;
        assert_eq!(refused.refusal(), (403, "forbidden", ""), "{outside}: {}", refused.body);
        let detail = refused.body["detail"].as_str().expect("a detail");
        assert!(!detail.contains("10.0.0.0/8"), "the rule is not told: {detail}");
        for namespace in ["mainly", "other"] {
            let nothing = from(&by_bound, outside, namespace).await;
            assert_eq!(nothing.refusal(), (404, "not_found", ""), "{outside} {namespace}");
        }
    }
    let local = by_bound.get("main/collections").await;
    assert_eq!(local.status, StatusCode::FORBIDDEN, "the proxy's own address is none of the key's");
    assert_eq!(from(&life.with(&writer), "192.0.2.7", "main").await.status, StatusCode::FORBIDDEN, "no scope");
    from(&life, "203.0.113.9", "main").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trusted_proxy_no_header_changes_where_a_request_comes_from() {
    let world = World::new().await;
    let bound = world.new_key(|grant| grant.allowed_addresses = ranges(&["10.0.0.0/8"]));
    let local = world.new_key(|grant| grant.allowed_addresses = ranges(&["127.0.0.1"]));
    let life = world.start().await;
    assert_eq!(from(&life.with(&bound), "10.0.0.1", "main").await.status, StatusCode::FORBIDDEN);
    from(&life.with(&local), "10.0.0.1", "main").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_addresses_and_an_end_that_was_brought_forward_bind_within_a_second() {
    let world = World::new().await;
    let life = world.start().await;
    let (moved, ended) = (world.new_key(|_| {}), world.new_key(|_| {}));
    for key in [&moved, &ended] {
        life.with(key).get("main/collections").await.ok();
    }
    world.grant(&moved, |grant| {
        grant.version = 2;
        grant.allowed_addresses = ranges(&["10.0.0.0/8"]);
    });
    world.grant(&ended, |grant| {
        grant.version = 2;
        grant.expires_at = Some(clock().now());
    });
    world.plane.tell(|told| told.changes.extend([(moved.key_id(), 2), (ended.key_id(), 2)]));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(life.with(&moved).get("main/collections").await.refusal(), (403, "forbidden", ""));
    assert_eq!(life.with(&ended).get("main/collections").await.refusal(), (401, "unauthenticated", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_plane_hears_when_and_from_where_a_key_was_used_and_of_no_refused_request() {
    let world = World::new().await;
    let bound = world.new_key(|grant| grant.allowed_addresses = ranges(&["10.0.0.0/8"]));
    let life = world.start_with(|config| config.trusted_proxies = 1).await;
    let begun = clock().now();
    assert_eq!(from(&life.with(&bound), "192.0.2.1", "main").await.status, StatusCode::FORBIDDEN);
    for _ in 0..20 {
        from(&life.with(&world.key), "203.0.113.9", "main").await.ok();
    }
    until("the use is told", || !world.plane.told.lock().uses.is_empty()).await;
    from(&life.with(&bound), "10.0.0.1", "main").await.ok();
    let of = |key| world.plane.told.lock().uses.iter().filter(|used| used.key_id == key).copied().collect::<Vec<_>>();
    until("the other key's use is told", || !of(bound.key_id()).is_empty()).await;
    for (key, address) in [(&world.key, "203.0.113.9"), (&bound, "10.0.0.1")] {
        let uses = of(key.key_id());
        // The test may run over the turn of a minute.
        assert!(uses.len() <= 2, "{uses:?}");
        assert_eq!(uses[0].address, Some(address.parse().expect("an address")));
        let before = (begun - uses[0].at).num_seconds();
        assert!(before < 60 && uses[0].at <= clock().now(), "{uses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_is_told_before_the_node_stops() {
    let world = World::new().await;
    let life = world.start_with(|config| config.grants.report_uses_every_ms = 3_600_000).await;
    life.get("main/collections").await.ok();
    life.node.drain().await;
    let told = world.plane.told.lock().uses.iter().any(|used| used.key_id == world.key.key_id());
    assert!(told, "{:?}", world.plane.told.lock().uses);
}
