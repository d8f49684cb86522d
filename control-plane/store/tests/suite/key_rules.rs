//! Changed and rotated keys.

use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_contract::{AddressRange, ApiKeyToken, KeyKind, KeyLimits, Scope};
use agentdb_control_plane_store::{ApiKeyRecord, FeedItem, NewApiKey, OrgTx};
use agentdb_ids::ApiKeyId;

use crate::account::{World, pattern};

fn ranges(texts: &[&str]) -> Vec<AddressRange> {
    texts.iter().map(|text| text.parse().expect("a range")).collect()
}

async fn read(org: &mut OrgTx, id: ApiKeyId) -> ApiKeyRecord {
    org.api_key(&pattern("*"), id).await.expect("the store").expect("there")
}

#[tokio::test]
async fn a_change_of_a_key_is_whole_and_told_to_every_node_with_its_version() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let node = world.node().await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    let cursor = world.stores.jobs().read_feed(node, 0, 10, false, world.now()).await.expect("the store").cursor;
    let mut org = world.stores.org(org_id).await.expect("the store");
    let before = read(&mut org, token.key_id()).await;
    assert_eq!((before.version, &before.allowed_addresses[..]), (1, &[][..]));
    let wanted = ApiKeyRecord {
        name: "renamed".to_owned(),
        scopes: vec![Scope::Write],
        namespaces: pattern("prod-*"),
        allowed_addresses: ranges(&["10.0.0.0/8", "2001:db8::1"]),
        limits: KeyLimits { requests_per_second: Some(3), ..KeyLimits::default() },
        expires_at: Some(world.now() + Duration::from_secs(60)),
        ..before.clone()
    };
    assert!(org.update_api_key(&wanted, world.now()).await.expect("the store"));
    assert_eq!(read(&mut org, before.id).await, ApiKeyRecord { version: 2, ..wanted.clone() });
    assert!(!org.update_api_key(&wanted, world.now()).await.expect("the store"), "another version by now");
    org.commit().await.expect("the store");

    let grant = world.stores.find_key(before.id, None).await.expect("the store").expect("there").grant;
    assert_eq!((grant.version, grant.scopes, grant.namespaces), (2, wanted.scopes, wanted.namespaces));
    assert_eq!((grant.allowed_addresses, grant.expires_at), (wanted.allowed_addresses, wanted.expires_at));
    assert_eq!(grant.limits, wanted.limits);
    assert!(token.matches(&grant.token_sha256), "the secret stays");
    let feed = world.stores.jobs().read_feed(node, cursor, 10, false, world.now()).await.expect("the store");
    assert_eq!(feed.items, [FeedItem::Key(before.id, 2)]);
    let snapshot = world.stores.jobs().read_feed(node, 0, 10, false, world.now()).await.expect("the store");
    assert!(snapshot.items.contains(&FeedItem::Key(before.id, 2)), "a node that starts anew hears of it");
    world.clock.advance(Duration::from_secs(3_600));
    let later = world.stores.jobs().read_feed(node, 0, 10, false, world.now()).await.expect("the store");
    assert!(!later.items.contains(&FeedItem::Key(before.id, 2)), "no node has a grant that old");
}

#[tokio::test]
async fn a_key_of_another_organisation_and_a_revoked_one_are_not_changed() {
    let world = World::new().await;
    let (_, mine) = world.account("a@example.com").await;
    let (_, other) = world.account("b@example.com").await;
    let token = world.key(other, KeyKind::Api, None).await;
    let mut org = world.stores.org(other).await.expect("the store");
    let key = read(&mut org, token.key_id()).await;
    drop(org);
    let mut org = world.stores.org(mine).await.expect("the store");
    assert!(!org.update_api_key(&key, world.now()).await.expect("the store"));
    drop(org);
    let mut org = world.stores.org(other).await.expect("the store");
    assert!(org.revoke_api_key(&pattern("*"), key.id, world.now()).await.expect("the store"));
    let revoked = ApiKeyRecord { version: 2, ..key };
    assert!(!org.update_api_key(&revoked, world.now()).await.expect("the store"));
}

#[tokio::test]
async fn a_key_is_replaced_once_and_both_name_each_other() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let node = world.node().await;
    let old = world.key(org_id, KeyKind::Api, None).await.key_id();
    let cursor = world.stores.jobs().read_feed(node, 0, 10, false, world.now()).await.expect("the store").cursor;
    let end = world.now() + Duration::from_secs(3_600);
    let mut org = world.stores.org(org_id).await.expect("the store");
    let record = read(&mut org, old).await;
    let token = ApiKeyToken::generate(ApiKeyId::generate(&*world.clock, &SystemEntropy), &SystemEntropy);
    let token_sha256 = token.sha256();
    let successor = NewApiKey {
        id: token.key_id(),
        kind: KeyKind::Api,
        name: &record.name,
        token_sha256: &token_sha256,
        scopes: &record.scopes,
        namespaces: &record.namespaces,
        allowed_addresses: &record.allowed_addresses,
        limits: record.limits,
        created_by: None,
        created_at: world.now(),
        expires_at: record.expires_at,
        replaces: Some(old),
    };
    assert!(org.replace_api_key(&record, end, &successor, world.now()).await.expect("the store"));
    let (ended, made) = (read(&mut org, old).await, read(&mut org, token.key_id()).await);
    assert_eq!((ended.version, ended.expires_at, ended.replaced_by), (2, Some(end), Some(made.id)));
    assert_eq!((made.version, made.expires_at, made.replaces), (1, None, Some(old)));
    assert_eq!(org.count_api_keys(world.now()).await.expect("the store"), 2, "both count while both are good");
    assert!(org.is_api_key_good(old, world.now()).await.expect("the store"));
    assert!(!org.is_api_key_good(old, end).await.expect("the store"));
    org.commit().await.expect("the store");
    let feed = world.stores.jobs().read_feed(node, cursor, 10, false, world.now()).await.expect("the store");
    assert_eq!(feed.items, [FeedItem::Key(old, 2)]);

    let mut org = world.stores.org(org_id).await.expect("the store");
    let again = ApiKeyToken::generate(ApiKeyId::generate(&*world.clock, &SystemEntropy), &SystemEntropy);
    let second = NewApiKey { id: again.key_id(), ..successor };
    assert!(org.replace_api_key(&ended, end, &second, world.now()).await.is_err(), "by the database itself");
}
