use std::time::Duration;

use agentdb_control_plane_contract::Role;
use uuid::Uuid;

use crate::account::{World, sha};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

#[tokio::test]
async fn a_token_gives_its_role_once_and_to_its_address_alone() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let (_, other) = world.account("b@example.com").await;
    let token = Uuid::new_v4();
    world.invite(org_id, owner, "New@example.com", Role::Billing, token).await;
    let take = async |org_id, token: Uuid, email: &str| {
        let mut org = world.stores.org(org_id).await.expect("the store");
        let taken = org.take_invitation(sha(token), email, world.now()).await.expect("the store");
        org.commit().await.expect("the store");
        taken.map(|invitation| invitation.role)
    };
    assert_eq!(take(other, token, "new@example.com").await, None, "another organisation");
    assert_eq!(take(org_id, token, "b@example.com").await, None, "another address");
    assert_eq!(take(org_id, Uuid::new_v4(), "new@example.com").await, None, "another token");
    assert_eq!(take(org_id, token, "NEW@example.com").await, Some(Role::Billing));
    assert_eq!(take(org_id, token, "new@example.com").await, None, "used");
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_takes_the_place_of_the_older_one() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let (older, newer) = (Uuid::new_v4(), Uuid::new_v4());
    let first = world.invite(org_id, owner, "new@example.com", Role::Admin, older).await;
    let second = world.invite(org_id, owner, "NEW@example.com", Role::ReadOnly, newer).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    let waiting = org.invitations(None, 10, world.now()).await.expect("the store");
    assert_eq!(waiting.iter().map(|i| (i.id, i.role)).collect::<Vec<_>>(), [(second, Role::ReadOnly)]);
    assert_eq!(org.revoke_invitation(first, world.now()).await.expect("the store"), None);
    assert_eq!(org.take_invitation(sha(older), "new@example.com", world.now()).await.expect("the store"), None);
    let taken = org.take_invitation(sha(newer), "new@example.com", world.now()).await.expect("the store");
    assert_eq!(taken.map(|invitation| (invitation.id, invitation.role)), Some((second, Role::ReadOnly)));
    drop(org);
    let mails = world.stores.jobs().capture_mail(100, world.now()).await.expect("the store");
    assert_eq!(mails.iter().filter(|mail| mail.subject == "invited").count(), 2);
}

#[tokio::test]
async fn an_invitation_is_over_after_a_week_and_is_cleaned_up() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let token = Uuid::new_v4();
    let id = world.invite(org_id, owner, "new@example.com", Role::Admin, token).await;
    let jobs = world.stores.jobs();
    world.clock.advance(WEEK - Duration::from_secs(1));
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.count_other_invitations("other@example.com", world.now()).await.expect("the store"), 1);
    assert_eq!(org.count_other_invitations("NEW@example.com", world.now()).await.expect("the store"), 0);
    drop(org);
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").invitations, 0);
    world.clock.advance(Duration::from_secs(1));
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.invitations(None, 10, world.now()).await.expect("the store").is_empty());
    assert_eq!(org.count_other_invitations("other@example.com", world.now()).await.expect("the store"), 0);
    assert_eq!(org.revoke_invitation(id, world.now()).await.expect("the store"), None);
    assert_eq!(org.take_invitation(sha(token), "new@example.com", world.now()).await.expect("the store"), None);
    drop(org);
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").invitations, 1);
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").invitations, 0);
}

#[tokio::test]
async fn invitations_are_listed_page_by_page_and_those_of_others_are_not() {
    let world = World::new().await;
    let (owner, org_id) = world.account("a@example.com").await;
    let (stranger, other) = world.account("b@example.com").await;
    world.invite(other, stranger, "new@example.com", Role::Owner, Uuid::new_v4()).await;
    let mut ids = Vec::new();
    for email in ["c@example.com", "d@example.com", "e@example.com"] {
        world.clock.advance(Duration::from_secs(1));
        ids.push(world.invite(org_id, owner, email, Role::Developer, Uuid::new_v4()).await);
    }
    let mut org = world.stores.org(org_id).await.expect("the store");
    let first = org.invitations(None, 2, world.now()).await.expect("the store");
    let second = org.invitations(Some(ids[1]), 2, world.now()).await.expect("the store");
    assert_eq!(first.iter().chain(&second).map(|i| i.id).collect::<Vec<_>>(), ids);
    assert_eq!(
        (first[0].email.as_str(), first[0].expires_at - first[0].created_at),
        ("c@example.com", chrono::Duration::days(7))
    );
    let revoked = org.revoke_invitation(ids[0], world.now()).await.expect("the store");
    assert_eq!(revoked.map(|invitation| invitation.id), Some(ids[0]));
    assert_eq!(org.revoke_invitation(ids[0], world.now()).await.expect("the store"), None, "there is none any more");
}
