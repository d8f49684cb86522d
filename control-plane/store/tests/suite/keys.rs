use std::time::Duration;

use agentdb_control_plane_contract::{KeyKind, Scope};
use agentdb_control_plane_store::LifeEvent;

use crate::account::{World, pattern};

#[tokio::test]
async fn a_key_is_found_until_it_is_revoked_and_then_never() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    let found = world.stores.find_key(token.key_id(), None).await.expect("the store").expect("there");
    assert!(token.matches(&found.grant.token_sha256));
    assert_eq!((found.grant.org_id, found.grant.version), (org_id, 1));
    assert_eq!(found.grant.scopes, [Scope::Read, Scope::Admin]);

    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.revoke_api_key(&pattern("*"), token.key_id(), world.now()).await.expect("the store"));
    assert!(
        !org.revoke_api_key(&pattern("*"), token.key_id(), world.now()).await.expect("the store"),
        "there is none any more"
    );
    org.commit().await.expect("the store");
    assert!(world.stores.find_key(token.key_id(), None).await.expect("the store").is_none());
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.api_key(&pattern("*"), token.key_id()).await.expect("the store").is_none());
    assert!(org.api_keys(&pattern("*"), None, 10).await.expect("the store").is_empty());
}

#[tokio::test]
async fn an_organisation_cannot_see_or_revoke_the_key_of_another() {
    let world = World::new().await;
    let (_, mine) = world.account("a@example.com").await;
    let (_, other) = world.account("b@example.com").await;
    let token = world.key(other, KeyKind::Api, None).await;
    let mut org = world.stores.org(mine).await.expect("the store");
    assert!(org.api_key(&pattern("*"), token.key_id()).await.expect("the store").is_none());
    assert!(!org.revoke_api_key(&pattern("*"), token.key_id(), world.now()).await.expect("the store"));
    org.commit().await.expect("the store");
    assert!(world.stores.find_key(token.key_id(), None).await.expect("the store").is_some());
}

#[tokio::test]
async fn a_node_gets_keys_of_its_organisations_and_of_those_that_have_no_namespace() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    let node = world.node().await;
    let find = async |node| world.stores.find_key(token.key_id(), Some(node)).await.expect("the store").is_some();
    assert!(find(node).await, "no namespace anywhere");
    let namespace = world.namespace(org_id, "ns").await;
    let stranger = world.node().await;
    assert!(find(node).await, "its namespace is there");
    assert!(!find(stranger).await, "all its namespaces are elsewhere");
    world.happens(org_id, namespace.id, world.deletion(60)).await;
    assert!(find(node).await && !find(stranger).await, "its data are there");
    world.happens(org_id, namespace.id, LifeEvent::Purge).await;
    assert!(find(stranger).await, "none anywhere again");
}

#[tokio::test]
async fn console_keys_count_apart_are_not_listed_and_go_when_they_have_expired() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let (other, _) = world.account("b@example.com").await;
    let end = world.now() + Duration::from_secs(900);
    let token = world.key_of(org_id, KeyKind::Console, Some(end), Some(user_id), "*").await;
    world.key_of(org_id, KeyKind::Console, Some(end), Some(other), "*").await;
    world.key(org_id, KeyKind::Api, Some(end)).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.count_api_keys(world.now()).await.expect("the store"), 1);
    assert_eq!(org.count_console_keys(user_id, world.now()).await.expect("the store"), 1, "of one person");
    assert_eq!(org.api_keys(&pattern("*"), None, 10).await.expect("the store").len(), 1);
    assert!(org.api_key(&pattern("*"), token.key_id()).await.expect("the store").is_none());
    drop(org);
    world.clock.advance(Duration::from_secs(900));
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.count_api_keys(world.now()).await.expect("the store"), 0, "expired keys take no place");
    drop(org);
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").console_keys, 2);
    assert!(world.stores.find_key(token.key_id(), None).await.expect("the store").is_none());
}

#[tokio::test]
async fn only_keys_that_reach_no_further_are_seen_and_revoked() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let mut ids = Vec::new();
    for namespaces in ["*", "prod-*", "prod-eu", "pro*", "prod-eu*", "dev", "prod_eu"] {
        world.clock.advance(Duration::from_millis(1));
        ids.push((namespaces, world.key_of(org_id, KeyKind::Api, None, None, namespaces).await.key_id()));
    }
    let mut org = world.stores.org(org_id).await.expect("the store");
    for (reach, within) in [
        ("*", &["*", "prod-*", "prod-eu", "pro*", "prod-eu*", "dev", "prod_eu"][..]),
        ("prod-*", &["prod-*", "prod-eu", "prod-eu*"]),
        ("prod-eu", &["prod-eu"]),
        ("staging", &[]),
    ] {
        let reach = pattern(reach);
        let listed = org.api_keys(&reach, None, 10).await.expect("the store");
        assert_eq!(listed.iter().map(|key| key.namespaces.as_str()).collect::<Vec<_>>(), within, "{reach:?}");
        for (namespaces, id) in &ids {
            let seen = org.api_key(&reach, *id).await.expect("the store").is_some();
            assert_eq!(seen, within.contains(namespaces), "{reach:?} {namespaces}");
            assert_eq!(seen, reach.covers(&pattern(namespaces)), "as the server judges: {reach:?} {namespaces}");
        }
    }
    assert!(!org.revoke_api_key(&pattern("prod-*"), ids[0].1, world.now()).await.expect("the store"));
    assert!(!org.revoke_api_key(&pattern("prod-eu"), ids[1].1, world.now()).await.expect("the store"));
    assert!(org.revoke_api_key(&pattern("prod-*"), ids[1].1, world.now()).await.expect("the store"));
}

#[tokio::test]
async fn a_revoked_key_is_removed_after_a_month_and_an_expired_one_stays_to_be_named() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let revoked = world.key(org_id, KeyKind::Api, None).await;
    world.key(org_id, KeyKind::Api, Some(world.now() + Duration::from_secs(60))).await;
    world.key(org_id, KeyKind::Api, None).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.revoke_api_key(&pattern("*"), revoked.key_id(), world.now()).await.expect("the store"));
    org.commit().await.expect("the store");
    let jobs = world.stores.jobs();
    world.clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").revoked_keys, 0);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").revoked_keys, 1);
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.api_keys(&pattern("*"), None, 10).await.expect("the store").len(), 2);
}
