//! When and from where keys were last used.

use std::time::Duration;

use agentdb_control_plane_contract::{KeyKind, KeyUse};
use agentdb_ids::{ApiKeyId, NodeId, OrgId};
use chrono::{DateTime, Utc};

use crate::account::{World, pattern};

fn used(key_id: ApiKeyId, at: DateTime<Utc>, address: &str) -> KeyUse {
    KeyUse { key_id, at, address: Some(address.parse().expect("an address")) }
}

async fn keep(world: &World, node: Option<NodeId>, uses: &[KeyUse]) -> u64 {
    world.stores.jobs().keep_key_uses(node, uses, world.now()).await.expect("the store")
}

/// When and from where, as the organisation sees it.
async fn last(world: &World, org_id: OrgId, id: ApiKeyId) -> (Option<DateTime<Utc>>, Option<String>) {
    let mut org = world.stores.org(org_id).await.expect("the store");
    let key = org.api_key(&pattern("*"), id).await.expect("the store").expect("there");
    let listed = org.api_keys(&pattern("*"), None, 10).await.expect("the store");
    assert!(listed.contains(&key), "the list says the same");
    (key.last_used_at, key.last_used_address)
}

#[tokio::test]
async fn the_last_use_never_moves_back_and_is_never_of_the_future() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let node = Some(world.node().await);
    let id = world.key(org_id, KeyKind::Api, None).await.key_id();
    assert_eq!(last(&world, org_id, id).await, (None, None));
    let (minute, noon) = (Duration::from_secs(60), world.now());
    assert_eq!(keep(&world, node, &[used(id, noon - minute, "10.0.0.1")]).await, 1);
    assert_eq!(last(&world, org_id, id).await, (Some(noon - minute), Some("10.0.0.1".to_owned())));
    for (at, address) in [(noon - minute, "10.0.0.2"), (noon - 2 * minute, "10.0.0.3")] {
        assert_eq!(keep(&world, node, &[used(id, at, address)]).await, 0, "told before");
    }
    assert_eq!(last(&world, org_id, id).await, (Some(noon - minute), Some("10.0.0.1".to_owned())));
    let ahead = [used(id, noon - minute / 2, "10.0.0.4"), used(id, noon + 60 * minute, "2001:db8::1")];
    assert_eq!(keep(&world, node, &ahead).await, 1, "the newest of one report");
    assert_eq!(last(&world, org_id, id).await, (Some(noon), Some("2001:db8::1".to_owned())));
    let unknown = KeyUse { key_id: id, at: noon, address: None };
    world.clock.advance(minute);
    assert_eq!(keep(&world, node, &[KeyUse { at: world.now(), ..unknown }]).await, 1);
    assert_eq!(last(&world, org_id, id).await, (Some(noon + minute), None));
}

#[tokio::test]
async fn a_node_tells_only_of_keys_that_it_would_be_given_a_grant_of() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let node = world.node().await;
    world.namespace(org_id, "ns").await;
    let stranger = world.node().await;
    let end = world.now() + Duration::from_secs(900);
    let id = world.key(org_id, KeyKind::Api, None).await.key_id();
    let console = world.key(org_id, KeyKind::Console, Some(end)).await.key_id();
    let revoked = world.key(org_id, KeyKind::Api, None).await.key_id();
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.revoke_api_key(&pattern("*"), revoked, world.now()).await.expect("the store"));
    org.commit().await.expect("the store");
    let unknown = ApiKeyId::generate(&*world.clock, &agentdb_clock::SystemEntropy);
    let uses = [id, console, revoked, unknown].map(|id| used(id, world.now(), "10.0.0.1"));
    assert_eq!(keep(&world, Some(stranger), &uses).await, 0);
    assert_eq!(keep(&world, Some(node), &uses).await, 1);
    assert_eq!(last(&world, org_id, id).await.0, Some(world.now()));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(keep(&world, None, &[used(id, world.now(), "10.0.0.2")]).await, 1, "the control plane itself");
}

#[tokio::test]
async fn the_last_use_goes_with_the_key() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let id = world.key(org_id, KeyKind::Api, None).await.key_id();
    keep(&world, None, &[used(id, world.now(), "10.0.0.1")]).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.revoke_api_key(&pattern("*"), id, world.now()).await.expect("the store"));
    org.commit().await.expect("the store");
    world.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").revoked_keys, 1);
    let admin = world.server.pool("postgres", 1).await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM control.key_uses").fetch_one(&admin).await.expect("the store");
    assert_eq!(left, 0);
}
