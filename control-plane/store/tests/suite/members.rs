use std::{collections::BTreeSet, time::Duration};

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_contract::{Edition, KeyKind, Role};
use agentdb_control_plane_store::{FeedItem, NewOrganization, OrganizationChange};
use agentdb_ids::OrgId;
use uuid::Uuid;

use crate::account::World;

#[tokio::test]
async fn members_are_listed_page_by_page_with_address_and_role_and_those_of_others_are_not() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let (stranger, _) = world.account("z@example.com").await;
    let mut ids = vec![owner];
    for (email, role) in [("B@example.com", Role::ReadOnly), ("c@example.com", Role::Admin)] {
        world.clock.advance(Duration::from_secs(1));
        ids.push(world.member(org_id, email, role).await);
    }
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.count_members().await.expect("the store"), 3);
    assert_eq!(org.count_owners().await.expect("the store"), 1);
    let first = org.members(None, 2).await.expect("the store");
    let second = org.members(Some(ids[1]), 2).await.expect("the store");
    let seen: Vec<_> = first.iter().chain(&second).map(|m| (m.user_id, m.email.as_str(), m.role)).collect();
    let expected = [
        (ids[0], "a@example.com", Role::Owner),
        (ids[1], "B@example.com", Role::ReadOnly),
        (ids[2], "c@example.com", Role::Admin),
    ];
    assert_eq!(seen, expected);
    assert_eq!(second[0].since, world.now());
    assert_eq!(org.member(ids[1]).await.expect("the store").as_ref(), Some(&first[1]));
    assert_eq!(org.member(stranger).await.expect("the store"), None);
    assert!(org.has_member_with("b@EXAMPLE.com").await.expect("the store"));
    assert!(!org.has_member_with("z@example.com").await.expect("the store"));
    assert!(!org.add_member(ids[1], Role::Owner, world.now()).await.expect("the store"), "belongs to it already");
    assert_eq!(org.count_owners().await.expect("the store"), 1, "and nothing has changed");
}

#[tokio::test]
async fn with_the_membership_or_the_role_the_consoles_keys_end_there_and_nodes_are_told() {
    for removed in [true, false] {
        let world = World::new().await;
        let node = world.node().await;
        let (owner, org_id) = world.account("a@example.com").await;
        let user_id = world.member(org_id, "b@example.com", Role::Developer).await;
        let mut person = world.stores.person(user_id).await.expect("the store");
        let memberships = person.memberships().await.expect("the store");
        drop(person);
        let own = memberships.iter().map(|m| m.org_id).find(|id| *id != org_id).expect("an organisation of their own");
        let end = Some(world.now() + Duration::from_secs(900));
        let ended = world.key_of(org_id, KeyKind::Console, end, Some(user_id), "*").await.key_id();
        let kept = [
            world.key_of(org_id, KeyKind::Console, end, Some(owner), "*").await.key_id(),
            world.key_of(own, KeyKind::Console, end, Some(user_id), "*").await.key_id(),
            world.key_of(org_id, KeyKind::Api, None, Some(user_id), "*").await.key_id(),
        ];
        let jobs = world.stores.jobs();
        let cursor = jobs.read_feed(node, 0, 100, false, world.now()).await.expect("the store").cursor;
        let mut org = world.stores.org(org_id).await.expect("the store");
        let member = org.member(user_id).await.expect("the store").expect("a member");
        if removed {
            org.remove_member(user_id, world.now()).await.expect("the store");
        } else {
            org.set_role(&member, Role::ReadOnly, world.now()).await.expect("the store");
        }
        org.commit().await.expect("the store");
        assert!(world.stores.find_key(ended, None).await.expect("the store").is_none());
        for id in kept {
            assert!(world.stores.find_key(id, None).await.expect("the store").is_some(), "{id}");
        }
        let feed = jobs.read_feed(node, cursor, 100, false, world.now()).await.expect("the store");
        assert_eq!(feed.items, [FeedItem::Key(ended, 2)]);
        let role = world.stores.person(user_id).await.expect("the store").membership(org_id).await.expect("the store");
        assert_eq!(role.map(|m| m.role), (!removed).then_some(Role::ReadOnly));
    }
}

#[tokio::test]
async fn with_the_membership_or_a_higher_role_the_invitations_that_a_person_sent_end() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let admin = world.member(org_id, "b@example.com", Role::Admin).await;
    let waiting = async || {
        let mut org = world.stores.org(org_id).await.expect("the store");
        let invitations = org.invitations(None, 10, world.now()).await.expect("the store");
        invitations.into_iter().map(|invitation| invitation.email).collect::<BTreeSet<_>>()
    };
    let by_owner = BTreeSet::from(["of-owner@example.com".to_owned()]);
    world.invite(org_id, owner, "of-owner@example.com", Role::Developer, Uuid::new_v4()).await;
    let change = async |from: Role, to: Option<Role>| {
        let mut org = world.stores.org(org_id).await.expect("the store");
        let member = org.member(admin).await.expect("the store").expect("a member");
        assert_eq!(member.role, from);
        match to {
            Some(role) => org.set_role(&member, role, world.now()).await.expect("the store"),
            None => org.remove_member(admin, world.now()).await.expect("the store"),
        }
        org.commit().await.expect("the store");
    };
    world.invite(org_id, admin, "of-admin@example.com", Role::Developer, Uuid::new_v4()).await;
    change(Role::Admin, Some(Role::Owner)).await;
    assert_eq!(waiting().await.len(), 2, "nobody is worth less for being more");
    change(Role::Owner, Some(Role::Developer)).await;
    assert_eq!(waiting().await, by_owner);
    world.invite(org_id, admin, "of-admin@example.com", Role::Developer, Uuid::new_v4()).await;
    change(Role::Developer, None).await;
    assert_eq!(waiting().await, by_owner);
}

#[tokio::test]
async fn of_two_who_take_the_last_places_one_comes_after_the_other() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let second = world.member(org_id, "b@example.com", Role::Owner).await;
    let mut first = world.stores.org(org_id).await.expect("the store");
    first.lock_organization().await.expect("the store").expect("there");
    let mut other = world.stores.org(org_id).await.expect("the store");
    {
        let mut waiting = std::pin::pin!(other.lock_organization());
        let patience = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
        assert!(patience.is_err(), "both have the lock");
        first.remove_member(second, world.now()).await.expect("the store");
        first.commit().await.expect("the store");
        waiting.await.expect("the store").expect("there");
    }
    assert_eq!(other.count_owners().await.expect("the store"), 1, "and sees what the first has done");
}

#[tokio::test]
async fn who_owns_or_made_a_community_organisation_is_known_until_it_is_upgraded() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let other = world.member(org_id, "b@example.com", Role::Admin).await;
    let jobs = world.stores.jobs();
    let has = async |user_id| {
        let mut person = world.stores.person(user_id).await.expect("the store");
        person.lock_person().await.expect("the store");
        person.has_community_organization().await.expect("the store")
    };
    assert!(has(user_id).await && has(other).await);
    let upgrade = OrganizationChange::Edition(Edition::Professional);
    assert!(jobs.change_organization(org_id, &upgrade, world.now()).await.expect("the store"));
    assert!(!has(user_id).await);

    world.clock.advance(Duration::from_secs(1));
    let id = OrgId::generate(&*world.clock, &SystemEntropy);
    let person = world.stores.person(user_id).await.expect("the store");
    let new = NewOrganization { id, name: "Second", created_at: world.now() };
    let mut org = person.add_organization(&new).await.expect("the store");
    assert_eq!(org.org_id(), id);
    let made = org.organization().await.expect("the store").expect("there");
    assert_eq!((made.name.as_str(), made.edition), ("Second", Edition::Community));
    assert_eq!(org.member(user_id).await.expect("the store").map(|m| m.role), Some(Role::Owner));
    org.commit().await.expect("the store");
    assert!(has(user_id).await);
    let renamed = async |name: &str| {
        let mut org = world.stores.org(id).await.expect("the store");
        let record = org.rename_organization(name).await.expect("the store").expect("there");
        org.commit().await.expect("the store");
        record.name
    };
    assert_eq!(renamed("Renamed").await, "Renamed");
    let mut person = world.stores.person(user_id).await.expect("the store");
    let names: Vec<_> = person.memberships().await.expect("the store").into_iter().map(|m| m.name).collect();
    assert_eq!(names, ["Org", "Renamed"]);
}
