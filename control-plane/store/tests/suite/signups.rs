use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_contract::{Edition, Role};
use agentdb_control_plane_store::{NewChallenge, NewIdentity, NewSession, SessionStart};
use agentdb_ids::{OrgId, SessionId, UserId};
use uuid::Uuid;

use crate::account::{World, browser_sha, sha};

fn identity(world: &World) -> NewIdentity {
    NewIdentity {
        user_id: UserId::generate(&*world.clock, &SystemEntropy),
        org_id: OrgId::generate(&*world.clock, &SystemEntropy),
    }
}

#[tokio::test]
async fn a_token_works_once_and_makes_a_person_who_owns_a_community_organisation() {
    let world = World::new().await;
    let people = world.stores.people();
    let token = Uuid::new_v4();
    world.sign_up("Ada@Example.com", token, "hash-1").await;
    assert!(people.credentials("ada@example.com").await.expect("the store").is_none(), "not before the mail");
    let first = identity(&world);
    let user = people.complete_signup(sha(token), first, world.now()).await.expect("the store").expect("good");
    assert_eq!(user.email, "Ada@Example.com");
    assert!(people.complete_signup(sha(token), identity(&world), world.now()).await.expect("the store").is_none());

    let known = people.credentials("ADA@example.COM").await.expect("the store").expect("known");
    assert_eq!((known.user.id, known.password_hash.as_str()), (first.user_id, "hash-1"));
    let memberships = world.stores.person(user.id).await.expect("the store").memberships().await.expect("the store");
    assert_eq!(memberships.len(), 1);
    assert_eq!((memberships[0].role, memberships[0].edition), (Role::Owner, Edition::Community));
}

#[tokio::test]
async fn the_password_of_the_sign_up_whose_mail_was_answered_holds_and_other_tokens_are_void() {
    let world = World::new().await;
    let people = world.stores.people();
    let (stranger, owner) = (Uuid::new_v4(), Uuid::new_v4());
    world.sign_up("a@example.com", stranger, "chosen by a stranger").await;
    world.sign_up("a@example.com", owner, "chosen by the owner").await;
    let user = people.complete_signup(sha(owner), identity(&world), world.now()).await.expect("the store");
    assert!(user.is_some());
    let void = people.complete_signup(sha(stranger), identity(&world), world.now()).await.expect("the store");
    assert!(void.is_none());
    let known = people.credentials("a@example.com").await.expect("the store").expect("known");
    assert_eq!(known.password_hash, "chosen by the owner");
}

#[tokio::test]
async fn of_two_tokens_answered_at_once_one_makes_the_account() {
    let world = World::new().await;
    let people = world.stores.people();
    let tokens = [Uuid::new_v4(), Uuid::new_v4()];
    for token in tokens {
        world.sign_up("a@example.com", token, "hash").await;
    }
    let complete = |token| people.complete_signup(sha(token), identity(&world), world.now());
    let (a, b) = tokio::join!(complete(tokens[0]), complete(tokens[1]));
    // A deadlock between them is broken by the database and reported as worth another try.
    let made = [a, b].into_iter().filter(|result| matches!(result, Ok(Some(_)))).count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn an_expired_token_is_worth_nothing_and_is_cleaned_up() {
    let world = World::new().await;
    let token = Uuid::new_v4();
    world.sign_up("a@example.com", token, "hash").await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    let people = world.stores.people();
    assert!(people.complete_signup(sha(token), identity(&world), world.now()).await.expect("the store").is_none());
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").signups, 1);
}

#[tokio::test]
async fn a_known_address_gets_a_notice_and_no_more_than_five_sign_ups_wait() {
    let world = World::new().await;
    world.account("a@example.com").await;
    let jobs = world.stores.jobs();
    jobs.capture_mail(100, world.now()).await.expect("the store");
    let token = Uuid::new_v4();
    world.sign_up("A@example.com", token, "another").await;
    let mails = jobs.capture_mail(100, world.now()).await.expect("the store");
    assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["notice"]);
    let people = world.stores.people();
    assert!(people.complete_signup(sha(token), identity(&world), world.now()).await.expect("the store").is_none());

    for _ in 0..9 {
        world.clock.advance(Duration::from_secs(1));
        world.sign_up("b@example.com", Uuid::new_v4(), "hash").await;
    }
    let admin = world.server.pool("postgres", 1).await;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM control.email_verifications")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(waiting, 5);
}

#[tokio::test]
async fn a_sign_up_that_waits_tells_its_browser_and_password_until_it_is_over() {
    let world = World::new().await;
    let people = world.stores.people();
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    world.sign_up("a@example.com", first, "hash-1").await;
    world.sign_up("a@example.com", second, "hash-2").await;
    for (token, hash) in [(first, "hash-1"), (second, "hash-2")] {
        let pending = people.pending_signup(sha(token), world.now()).await.expect("the store").expect("it waits");
        assert_eq!((pending.browser_sha256, pending.password_hash.as_str()), (Some(browser_sha(token)), hash));
    }
    let pending = async |token| people.pending_signup(sha(token), world.now()).await.expect("the store").is_some();
    assert!(!pending(Uuid::new_v4()).await, "unknown");
    people.complete_signup(sha(first), identity(&world), world.now()).await.expect("the store").expect("good");
    assert!(!pending(first).await && !pending(second).await, "used, or void by it");
    world.sign_up("b@example.com", first, "hash").await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert!(!pending(first).await, "expired");
}

#[tokio::test]
async fn sessions_end_by_age_by_idleness_and_by_logging_out() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let people = world.stores.people();
    let idle = Duration::from_secs(3600);
    let begin = async |token: Uuid| {
        let id = SessionId::generate(&*world.clock, &SystemEntropy);
        let session = NewSession {
            id,
            user_id,
            token_sha256: sha(token),
            user_agent: None,
            address: None,
            created_at: world.now(),
            expires_at: world.now() + Duration::from_secs(3 * 3600),
        };
        let challenge = NewChallenge { token_sha256: sha(token), expires_at: session.expires_at };
        let start = people.add_session("hash", &session, &challenge).await.expect("the store");
        assert_eq!(start, SessionStart::Session);
        id
    };
    let alive = async |token| people.session(sha(token), None, idle, world.now()).await.expect("the store").is_some();
    let (used, unused, left) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    begin(used).await;
    begin(unused).await;
    let id = begin(left).await;
    assert!(alive(left).await);
    let person = world.stores.person(user_id).await.expect("the store");
    person.log_out(id, world.now()).await.expect("the store");
    assert!(!alive(left).await, "logged out");
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(1800));
        assert!(alive(used).await, "use keeps it alive");
    }
    assert!(!alive(unused).await, "idle");
    world.clock.advance(Duration::from_secs(1800));
    assert!(!alive(used).await, "too old, used or not");
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").sessions, 2);
}
