//! New passwords and addresses, failed log-ins, and leaving.

use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_contract::KeyKind;
use agentdb_control_plane_store::{
    AccountDeletion, NewChallenge, NewEmailChange, NewLink, NewMail, NewSession, SessionStart,
};
use agentdb_ids::{SessionId, UserId};
use uuid::Uuid;

use crate::account::{World, sha};

const IDLE: Duration = Duration::from_secs(3600);

fn link(world: &World, token: Uuid) -> NewLink {
    let now = world.now();
    NewLink { token_sha256: sha(token), created_at: now, expires_at: now + Duration::from_secs(3600) }
}

fn mail<'a>(world: &World, to: &'a str, subject: &'a str) -> NewMail<'a> {
    let now = world.now();
    let expires_at = now + Duration::from_secs(24 * 3600);
    NewMail { id: Uuid::now_v7(), to, subject, body: "text", link: None, at: now, expires_at }
}

/// Whether a session is kept for who has proven the password with this hash.
async fn begin(world: &World, user_id: UserId, password_hash: &str, token: Uuid) -> Option<SessionId> {
    let id = SessionId::generate(&*world.clock, &SystemEntropy);
    let session = NewSession {
        id,
        user_id,
        token_sha256: sha(token),
        user_agent: Some("a browser"),
        address: Some("::ffff:192.0.2.7".parse().expect("an address")),
        created_at: world.now(),
        expires_at: world.now() + Duration::from_secs(30 * 24 * 3600),
    };
    let challenge = NewChallenge { token_sha256: sha(token), expires_at: session.expires_at };
    match world.stores.people().add_session(password_hash, &session, &challenge).await.expect("the store") {
        SessionStart::Session => Some(id),
        SessionStart::Refused => None,
        SessionStart::Challenge => panic!("nobody here has a second factor"),
    }
}

async fn alive(world: &World, token: Uuid) -> bool {
    world.stores.people().session(sha(token), None, IDLE, world.now()).await.expect("the store").is_some()
}

async fn ask_reset(world: &World, user_id: Option<UserId>, token: Uuid) {
    let mail = mail(world, "a@example.com", "reset");
    let people = world.stores.people();
    people.request_password_reset(user_id, &link(world, token), &mail).await.expect("the store");
}

async fn reset(world: &World, user_id: UserId, token: Uuid, hash: &str) -> bool {
    let person = world.stores.person(user_id).await.expect("the store");
    let notice = mail(world, "a@example.com", "changed");
    person.reset_password(sha(token), hash, &notice, world.now()).await.expect("the store")
}

async fn ask_email(world: &World, user_id: UserId, proven: &str, email: &str, token: Uuid) -> bool {
    let person = world.stores.person(user_id).await.expect("the store");
    let change = NewEmailChange { email, link: link(world, token) };
    let (confirmation, taken) = (mail(world, email, "confirm"), mail(world, email, "taken"));
    let notice = mail(world, "old@example.com", "notice");
    person.request_email_change(proven, &change, &confirmation, &taken, &notice).await.expect("the store")
}

async fn confirm(world: &World, user_id: UserId, token: Uuid) -> bool {
    let person = world.stores.person(user_id).await.expect("the store");
    person.confirm_email(sha(token), world.now()).await.expect("the store")
}

#[tokio::test]
async fn a_session_is_kept_for_the_password_that_the_person_has_and_shown_to_them_alone() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let (other_id, _) = world.account("b@example.com").await;
    assert_eq!(begin(&world, user_id, "an old hash", Uuid::new_v4()).await, None);
    let token = Uuid::new_v4();
    let id = begin(&world, user_id, "hash", token).await.expect("kept");
    let mut other = world.stores.person(other_id).await.expect("the store");
    assert!(other.sessions(IDLE, world.now()).await.expect("the store").is_empty());
    assert!(!other.end_session(id, world.now()).await.expect("the store"), "of somebody else");
    assert!(alive(&world, token).await);

    let mut person = world.stores.person(user_id).await.expect("the store");
    let seen = person.sessions(IDLE, world.now()).await.expect("the store");
    assert_eq!(seen.iter().map(|session| session.id).collect::<Vec<_>>(), [id]);
    assert_eq!(seen[0].user_agent.as_deref(), Some("a browser"));
    assert_eq!(seen[0].last_address.as_deref(), Some("192.0.2.7"), "as IPv4");
    drop(person);
    world.clock.advance(Duration::from_secs(60));
    let address = Some("2001:db8::1".parse().expect("an address"));
    world.stores.people().session(sha(token), address, IDLE, world.now()).await.expect("the store").expect("good");
    let mut person = world.stores.person(user_id).await.expect("the store");
    let seen = person.sessions(IDLE, world.now()).await.expect("the store");
    assert_eq!((seen[0].last_address.as_deref(), seen[0].last_seen_at), (Some("2001:db8::1"), world.now()));
    assert!(person.end_session(id, world.now()).await.expect("the store"));
    assert!(!alive(&world, token).await);
}

#[tokio::test]
async fn of_two_who_use_one_reset_link_at_once_one_sets_the_password_and_every_session_ends() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let (session, token) = (Uuid::new_v4(), Uuid::new_v4());
    begin(&world, user_id, "hash", session).await.expect("kept");
    ask_reset(&world, Some(user_id), token).await;
    let (a, b) = tokio::join!(reset(&world, user_id, token, "hash of a"), reset(&world, user_id, token, "hash of b"));
    assert!(a != b, "{a} {b}");
    let hash = world.stores.people().password_hash(user_id).await.expect("the store");
    assert_eq!(hash.as_deref(), Some(if a { "hash of a" } else { "hash of b" }));
    assert!(!alive(&world, session).await);
    assert_eq!(begin(&world, user_id, "hash", Uuid::new_v4()).await, None, "proven before, too late");
    assert!(!reset(&world, user_id, token, "again").await, "once");
}

#[tokio::test]
async fn a_reset_link_is_good_for_its_time_its_person_and_until_the_next() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let (other_id, _) = world.account("b@example.com").await;
    let people = world.stores.people();
    let pending = async |token| people.pending_password_reset(sha(token), world.now()).await.expect("the store");
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    ask_reset(&world, Some(user_id), first).await;
    assert_eq!(pending(first).await.map(|user| user.id), Some(user_id));
    ask_reset(&world, Some(user_id), second).await;
    assert!(pending(first).await.is_none() && !reset(&world, user_id, first, "x").await, "replaced");
    assert!(!reset(&world, other_id, second, "x").await, "of somebody else");
    world.clock.advance(Duration::from_secs(3600));
    assert!(pending(second).await.is_none() && !reset(&world, user_id, second, "x").await, "expired");
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").links, 1);
}

#[tokio::test]
async fn a_mail_to_nobody_is_written_and_neither_sent_nor_captured_nor_kept() {
    let world = World::new().await;
    let jobs = world.stores.jobs();
    let token = Uuid::new_v4();
    ask_reset(&world, None, token).await;
    assert!(jobs.take_mail(Duration::ZERO, world.now()).await.expect("the store").is_none());
    assert!(jobs.capture_mail(5, world.now()).await.expect("the store").is_empty());
    let pending = world.stores.people().pending_password_reset(sha(token), world.now()).await.expect("the store");
    assert!(pending.is_none());
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").mails, 1);
}

#[tokio::test]
async fn a_new_password_voids_every_link_and_a_new_address_those_sent_to_the_old_one() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let (to_reset, to_change) = (Uuid::new_v4(), Uuid::new_v4());
    ask_reset(&world, Some(user_id), to_reset).await;
    assert!(ask_email(&world, user_id, "hash", "new@example.com", to_change).await);
    assert!(confirm(&world, user_id, to_change).await);
    assert!(!reset(&world, user_id, to_reset, "x").await, "it was sent to the old address");

    assert!(ask_email(&world, user_id, "hash", "newer@example.com", to_change).await);
    ask_reset(&world, Some(user_id), to_reset).await;
    assert!(reset(&world, user_id, to_reset, "another").await);
    assert!(!confirm(&world, user_id, to_change).await, "asked for by whoever knew the old password");
    assert!(!ask_email(&world, user_id, "hash", "newer@example.com", to_change).await, "the old password");
    let known = world.stores.people().credentials("NEW@example.com").await.expect("the store").expect("known");
    assert_eq!(known.user.id, user_id);
}

#[tokio::test]
async fn an_address_goes_to_one_of_those_who_want_it_and_never_to_a_second() {
    let world = World::new().await;
    let (a, _) = world.account("a@example.com").await;
    let (b, _) = world.account("b@example.com").await;
    let (of_a, of_b) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(ask_email(&world, a, "hash", "new@example.com", of_a).await);
    assert!(ask_email(&world, b, "hash", "NEW@example.com", of_b).await);
    assert!(!confirm(&world, b, of_a).await, "of somebody else");
    let (to_a, to_b) = tokio::join!(confirm(&world, a, of_a), confirm(&world, b, of_b));
    assert!(to_a != to_b, "{to_a} {to_b}");
    let owner = world.stores.people().credentials("new@example.com").await.expect("the store").expect("known");
    assert_eq!(owner.user.id, if to_a { a } else { b });
    assert!(!confirm(&world, a, of_a).await && !confirm(&world, b, of_b).await, "once, or taken");

    let subjects = async |address: &str| {
        let mails = world.stores.people().captured_mail(address, 50).await.expect("the store");
        mails.into_iter().map(|mail| mail.subject).collect::<Vec<_>>()
    };
    assert!(ask_email(&world, if to_a { b } else { a }, "hash", "new@example.com", Uuid::new_v4()).await);
    world.stores.jobs().capture_mail(50, world.now()).await.expect("the store");
    let sent = subjects("new@example.com").await;
    assert_eq!(sent.iter().filter(|subject| *subject == "taken").count(), 1, "{sent:?}");
}

#[tokio::test]
async fn ten_tries_are_counted_once_each_whoever_makes_them_at_once() {
    let world = World::new().await;
    let people = world.stores.people();
    let account = sha(Uuid::new_v4());
    let mut tries = Vec::new();
    for _ in 0..16 {
        let (people, now) = (people.clone(), world.now());
        tries.push(tokio::spawn(async move { people.count_log_in(account, now).await.expect("the store") }));
    }
    let mut refused = Vec::new();
    for attempt in tries {
        refused.extend(attempt.await.expect("it ran"));
    }
    assert_eq!(refused.len(), 6, "ten were let through");
    let minute = world.now() + Duration::from_secs(60);
    assert!(refused.iter().all(|until| *until == minute), "{refused:?}");
    let other = people.count_log_in(sha(Uuid::new_v4()), world.now()).await.expect("the store");
    assert_eq!(other, None, "another address is not concerned");

    people.forget_log_ins(account).await.expect("the store");
    assert_eq!(people.count_log_in(account, world.now()).await.expect("the store"), None, "whoever proved it goes on");
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").log_ins, 2);
}

#[tokio::test]
async fn who_left_comes_back_by_logging_in_or_is_removed_with_all_that_is_theirs() {
    let world = World::new().await;
    let admin = world.server.pool("postgres", 1).await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let (other_id, _) = world.account("b@example.com").await;
    let delete = async |proven: &str| {
        let person = world.stores.person(user_id).await.expect("the store");
        person.delete_account(proven, &mail(&world, "a@example.com", "bye"), world.now()).await.expect("the store")
    };
    let AccountDeletion::LastOwnerOf(organizations) = delete("hash").await else { panic!("nobody else owns it") };
    assert_eq!(
        organizations.iter().map(|owned| (owned.id, owned.name.as_str())).collect::<Vec<_>>(),
        [(org_id, "Org")]
    );
    sqlx::query("INSERT INTO control.memberships (org_id, user_id, role, created_at) VALUES ($1, $2, 'owner', now())")
        .bind(org_id.uuid())
        .bind(other_id.uuid())
        .execute(&admin)
        .await
        .expect("another owner");
    assert_eq!(delete("another").await, AccountDeletion::PasswordChanged);
    let token = Uuid::new_v4();
    begin(&world, user_id, "hash", token).await.expect("kept");
    let console = world.key_of(org_id, KeyKind::Console, Some(world.now() + IDLE), Some(user_id), "*").await;
    let key = world.key_of(org_id, KeyKind::Api, None, Some(user_id), "*").await;
    let found = async |id| world.stores.find_key(id, None).await.expect("the store").is_some();
    assert_eq!(delete("hash").await, AccountDeletion::Marked);
    assert!(!alive(&world, token).await && !found(console.key_id()).await, "at once");
    assert!(found(key.key_id()).await, "the organisation's");

    world.clock.advance(Duration::from_secs(30 * 24 * 3600 - 1));
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").people, 0);
    begin(&world, user_id, "hash", Uuid::new_v4()).await.expect("within the grace");
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").people, 0, "back");

    assert_eq!(delete("hash").await, AccountDeletion::Marked);
    world.clock.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(begin(&world, user_id, "hash", Uuid::new_v4()).await, None, "too late");
    assert_eq!(world.stores.jobs().clean_up(world.now()).await.expect("the store").people, 1);
    assert!(world.stores.people().credentials("a@example.com").await.expect("the store").is_none());
    let memberships: i64 = sqlx::query_scalar("SELECT count(*) FROM control.memberships WHERE user_id = $1")
        .bind(user_id.uuid())
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(memberships, 0);
    assert!(found(key.key_id()).await, "its maker's leaving ends no key");
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let world = World::new().await;
    let admin = world.server.pool("postgres", 1).await;
    let (a, org_id) = world.account("a@example.com").await;
    let (b, left) = world.account("b@example.com").await;
    for (statement, org, user) in [
        ("UPDATE control.memberships SET role = 'admin' WHERE org_id = $1 AND user_id = $2", left, b),
        (
            "INSERT INTO control.memberships (org_id, user_id, role, created_at) VALUES ($1, $2, 'owner', now())",
            org_id,
            b,
        ),
    ] {
        sqlx::query(statement).bind(org.uuid()).bind(user.uuid()).execute(&admin).await.expect("done");
    }
    let delete = async |user_id| {
        let person = world.stores.person(user_id).await.expect("the store");
        person.delete_account("hash", &mail(&world, "x@example.com", "bye"), world.now()).await.expect("the store")
    };
    let (of_a, of_b) = tokio::join!(delete(a), delete(b));
    let marked = [&of_a, &of_b].into_iter().filter(|outcome| **outcome == AccountDeletion::Marked).count();
    assert_eq!(marked, 1, "{of_a:?} {of_b:?}");
}

/// A reference that says nothing of it would keep the row, and the person, for ever.
#[tokio::test]
async fn whatever_refers_to_a_person_goes_or_lets_go_when_they_are_removed() {
    let world = World::new().await;
    let admin = world.server.pool("postgres", 1).await;
    let holding: Vec<String> = sqlx::query_scalar(
        "SELECT format('%s.%s', conrelid::regclass, conname) FROM pg_constraint
         WHERE contype = 'f' AND confrelid = 'control.users'::regclass AND confdeltype NOT IN ('c', 'n')",
    )
    .fetch_all(&admin)
    .await
    .expect("the catalogue");
    assert!(holding.is_empty(), "{holding:?}");
}
