use std::time::Duration;

use agentdb_control_plane_contract::{KeyKind, Scope};

use crate::account::World;

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
    assert!(org.revoke_api_key(token.key_id(), world.now()).await.expect("the store"));
    assert!(!org.revoke_api_key(token.key_id(), world.now()).await.expect("the store"), "there is none any more");
    org.commit().await.expect("the store");
    assert!(world.stores.find_key(token.key_id(), None).await.expect("the store").is_none());
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.api_key(token.key_id()).await.expect("the store").is_none());
    assert!(org.api_keys(None, 10).await.expect("the store").is_empty());
}

#[tokio::test]
async fn an_organisation_cannot_see_or_revoke_the_key_of_another() {
    let world = World::new().await;
    let (_, mine) = world.account("a@example.com").await;
    let (_, other) = world.account("b@example.com").await;
    let token = world.key(other, KeyKind::Api, None).await;
    let mut org = world.stores.org(mine).await.expect("the store");
    assert!(org.api_key(token.key_id()).await.expect("the store").is_none());
    assert!(!org.revoke_api_key(token.key_id(), world.now()).await.expect("the store"));
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
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.start_deleting(namespace.id, world.now()).await.expect("the store");
    org.commit().await.expect("the store");
    assert!(find(stranger).await, "none anywhere again");
}

#[tokio::test]
async fn console_keys_count_apart_are_not_listed_and_go_when_they_have_expired() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let end = world.now() + Duration::from_secs(900);
    let token = world.key(org_id, KeyKind::Console, Some(end)).await;
    world.key(org_id, KeyKind::Api, Some(end)).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.count_api_keys(KeyKind::Api, world.now()).await.expect("the store"), 1);
    assert_eq!(org.count_api_keys(KeyKind::Console, world.now()).await.expect("the store"), 1);
    assert_eq!(org.api_keys(None, 10).await.expect("the store").len(), 1);
    assert!(org.api_key(token.key_id()).await.expect("the store").is_none());
    drop(org);
    world.clock.advance(Duration::from_secs(900));
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(
        org.count_api_keys(KeyKind::Api, world.now()).await.expect("the store"),
        0,
        "expired keys take no place"
    );
    drop(org);
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").console_keys, 1);
    assert!(world.stores.find_key(token.key_id(), None).await.expect("the store").is_none());
}
