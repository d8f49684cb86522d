//! The second factor, and log-ins that wait for it.

use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_store::{
    FactorProof, LogInEnd, NewChallenge, NewLink, NewMail, NewSession, NewTotpFactor, SessionStart, TotpFactorId,
    TotpRemoval,
};
use agentdb_ids::{SessionId, UserId};
use uuid::Uuid;

use crate::account::{World, sha};

const IDLE: Duration = Duration::from_secs(3600);

fn mail<'a>(world: &World, subject: &'a str) -> NewMail<'a> {
    let (now, expires_at) = (world.now(), world.now() + Duration::from_secs(24 * 3600));
    NewMail { id: Uuid::now_v7(), to: "a@example.com", subject, body: "text", link: None, at: now, expires_at }
}

fn session<'a>(world: &World, user_id: UserId, token: Uuid) -> NewSession<'a> {
    NewSession {
        id: SessionId::generate(&*world.clock, &SystemEntropy),
        user_id,
        token_sha256: sha(token),
        user_agent: None,
        address: None,
        created_at: world.now(),
        expires_at: world.now() + Duration::from_secs(3600),
    }
}

/// Stands for an encrypted seed.
fn seed(of: u8) -> Vec<u8> {
    let mut seed = vec![of; 117];
    seed[0] = 1;
    seed
}

async fn add(world: &World, user_id: UserId, of: u8) -> Option<TotpFactorId> {
    let id = Uuid::now_v7();
    let person = world.stores.person(user_id).await.expect("the store");
    let factor = NewTotpFactor { id, seed: &seed(of), created_at: world.now() };
    person.add_totp(&factor).await.expect("the store").then_some(id)
}

async fn confirm(world: &World, user_id: UserId, id: TotpFactorId, step: i64, codes: &[[u8; 32]]) -> bool {
    let person = world.stores.person(user_id).await.expect("the store");
    person.confirm_totp(id, step, codes, &mail(world, "on"), world.now()).await.expect("the store")
}

/// Somebody with a confirmed factor, whose first code was of step 100, and the recovery code `sha(code)`.
async fn with_factor(world: &World, email: &str, code: Uuid) -> (UserId, TotpFactorId) {
    let (user_id, _) = world.account(email).await;
    let id = add(world, user_id, 7).await.expect("there is none");
    assert!(confirm(world, user_id, id, 100, &[sha(code), [9; 32]]).await);
    (user_id, id)
}

/// Proves the password; the cookie of what begins is `token`.
async fn begin(world: &World, user_id: UserId, token: Uuid) -> SessionStart {
    let session = session(world, user_id, token);
    let challenge = NewChallenge { token_sha256: sha(token), expires_at: world.now() + Duration::from_secs(300) };
    world.stores.people().add_session("hash", &session, &challenge).await.expect("the store")
}

async fn finish(
    world: &World,
    user_id: UserId,
    challenge: Uuid,
    id: TotpFactorId,
    proof: FactorProof,
    token: Uuid,
) -> LogInEnd {
    let person = world.stores.person(user_id).await.expect("the store");
    let session = session(world, user_id, token);
    person.finish_log_in(sha(challenge), id, proof, &session, None).await.expect("the store")
}

async fn alive(world: &World, token: Uuid) -> bool {
    world.stores.people().session(sha(token), None, IDLE, world.now()).await.expect("the store").is_some()
}

async fn left(world: &World, user_id: UserId) -> Option<u64> {
    let mut person = world.stores.person(user_id).await.expect("the store");
    person.recovery_codes_left().await.expect("the store")
}

#[tokio::test]
async fn a_factor_is_asked_for_once_it_is_confirmed_and_one_that_is_not_makes_room() {
    let world = World::new().await;
    let (user_id, _) = world.account("a@example.com").await;
    let first = add(&world, user_id, 1).await.expect("there is none");
    let second = add(&world, user_id, 2).await.expect("the first one waits");
    assert_eq!(begin(&world, user_id, Uuid::new_v4()).await, SessionStart::Session, "not confirmed");
    assert_eq!(left(&world, user_id).await, None);
    assert!(!confirm(&world, user_id, first, 100, &[[1; 32]]).await, "replaced");
    let (a, b) = tokio::join!(
        confirm(&world, user_id, second, 100, &[[1; 32], [2; 32]]),
        confirm(&world, user_id, second, 100, &[[3; 32], [4; 32]]),
    );
    assert!(a != b, "once: {a} {b}");
    assert_eq!(left(&world, user_id).await, Some(2), "of one of them");
    assert_eq!(begin(&world, user_id, Uuid::new_v4()).await, SessionStart::Challenge);
    assert_eq!(add(&world, user_id, 3).await, None, "there is one");
    let (other_id, _) = world.account("b@example.com").await;
    assert_eq!(begin(&world, other_id, Uuid::new_v4()).await, SessionStart::Session, "nobody else");
    assert!(!confirm(&world, other_id, second, 100, &[]).await);

    let late = add(&world, other_id, 4).await.expect("there is none");
    world.clock.advance(Duration::from_secs(3600));
    assert!(!confirm(&world, other_id, late, 100, &[]).await, "too late");
    let mut person = world.stores.person(other_id).await.expect("the store");
    assert!(person.totp(world.now()).await.expect("the store").is_none());
    drop(person);
    let removed = world.stores.jobs().clean_up(world.now()).await.expect("the store").unfinished;
    assert_eq!(removed, 2, "that, and a log-in that waited");
    assert_eq!(left(&world, user_id).await, Some(2), "what is confirmed stays");
}

#[tokio::test]
async fn a_challenge_is_finished_once_by_a_step_that_is_later_than_all_before() {
    let world = World::new().await;
    let (user_id, id) = with_factor(&world, "a@example.com", Uuid::new_v4()).await;
    let challenge = Uuid::new_v4();
    assert_eq!(begin(&world, user_id, challenge).await, SessionStart::Challenge);
    assert!(!alive(&world, challenge).await, "no session yet");
    let token = Uuid::new_v4();
    for used in [100, 99] {
        let end = finish(&world, user_id, challenge, id, FactorProof::Step(used), token).await;
        assert_eq!(end, LogInEnd::Unproven, "step {used}");
    }
    let another = finish(&world, user_id, challenge, Uuid::now_v7(), FactorProof::Step(101), token).await;
    assert_eq!(another, LogInEnd::Unproven, "another factor");
    assert_eq!(finish(&world, user_id, challenge, id, FactorProof::Step(101), token).await, LogInEnd::SignedIn);
    assert!(alive(&world, token).await);
    let again = finish(&world, user_id, challenge, id, FactorProof::Step(102), Uuid::new_v4()).await;
    assert_eq!(again, LogInEnd::Gone, "finished");

    let late = Uuid::new_v4();
    begin(&world, user_id, late).await;
    world.clock.advance(Duration::from_secs(300));
    assert!(world.stores.people().challenged(sha(late), world.now()).await.expect("the store").is_none());
    let end = finish(&world, user_id, late, id, FactorProof::Step(103), Uuid::new_v4()).await;
    assert_eq!(end, LogInEnd::Gone, "too late");
}

#[tokio::test]
async fn of_two_who_use_one_code_or_one_recovery_code_or_one_challenge_at_once_one_is_let_in() {
    let world = World::new().await;
    let code = Uuid::new_v4();
    let (user_id, id) = with_factor(&world, "a@example.com", code).await;
    for proof in [FactorProof::Step(101), FactorProof::RecoveryCode(sha(code))] {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        begin(&world, user_id, a).await;
        begin(&world, user_id, b).await;
        let (one, other) = tokio::join!(
            finish(&world, user_id, a, id, proof, Uuid::new_v4()),
            finish(&world, user_id, b, id, proof, Uuid::new_v4()),
        );
        let mut ends = [one, other];
        ends.sort_by_key(|end| *end != LogInEnd::SignedIn);
        assert_eq!(ends, [LogInEnd::SignedIn, LogInEnd::Unproven], "{proof:?}");
    }
    assert_eq!(left(&world, user_id).await, Some(1));
    let challenge = Uuid::new_v4();
    begin(&world, user_id, challenge).await;
    let (one, other) = tokio::join!(
        finish(&world, user_id, challenge, id, FactorProof::Step(102), Uuid::new_v4()),
        finish(&world, user_id, challenge, id, FactorProof::Step(103), Uuid::new_v4()),
    );
    let mut ends = [one, other];
    ends.sort_by_key(|end| *end != LogInEnd::SignedIn);
    assert_eq!(ends, [LogInEnd::SignedIn, LogInEnd::Gone]);
}

#[tokio::test]
async fn a_challenge_and_a_factor_are_their_persons() {
    let world = World::new().await;
    let code = Uuid::new_v4();
    let (user_id, id) = with_factor(&world, "a@example.com", code).await;
    let (other_id, other) = with_factor(&world, "b@example.com", Uuid::new_v4()).await;
    let challenge = Uuid::new_v4();
    begin(&world, user_id, challenge).await;
    let stolen = finish(&world, other_id, challenge, other, FactorProof::Step(200), Uuid::new_v4()).await;
    assert_eq!(stolen, LogInEnd::Gone);
    let theirs = Uuid::new_v4();
    begin(&world, other_id, theirs).await;
    for proof in [FactorProof::Step(200), FactorProof::RecoveryCode(sha(code))] {
        for factor in [id, other] {
            let end = finish(&world, other_id, theirs, factor, proof, Uuid::new_v4()).await;
            if factor == other && proof == FactorProof::Step(200) {
                assert_eq!(end, LogInEnd::SignedIn);
                begin(&world, other_id, theirs).await;
            } else {
                assert_eq!(end, LogInEnd::Unproven, "{proof:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_new_password_ends_log_ins_that_wait_and_leaves_the_factor() {
    let world = World::new().await;
    let (user_id, id) = with_factor(&world, "a@example.com", Uuid::new_v4()).await;
    let (challenge, token) = (Uuid::new_v4(), Uuid::new_v4());
    begin(&world, user_id, challenge).await;
    let now = world.now();
    let link = NewLink { token_sha256: sha(token), created_at: now, expires_at: now + Duration::from_secs(3600) };
    let people = world.stores.people();
    people.request_password_reset(Some(user_id), &link, &mail(&world, "reset")).await.expect("the store");
    let person = world.stores.person(user_id).await.expect("the store");
    let changed = person.reset_password(sha(token), "new hash", &mail(&world, "changed"), now).await;
    assert!(changed.expect("the store"));
    let end = finish(&world, user_id, challenge, id, FactorProof::Step(101), Uuid::new_v4()).await;
    assert_eq!(end, LogInEnd::Gone);
    assert_eq!(begin(&world, user_id, Uuid::new_v4()).await, SessionStart::Refused, "the old password");
    let (session, challenge) = (session(&world, user_id, Uuid::new_v4()), sha(Uuid::new_v4()));
    let challenge = NewChallenge { token_sha256: challenge, expires_at: session.expires_at };
    let start = people.add_session("new hash", &session, &challenge).await.expect("the store");
    assert_eq!(start, SessionStart::Challenge);
}

#[tokio::test]
async fn it_is_taken_away_with_password_and_proof_together_and_its_codes_and_log_ins_go_with_it() {
    let world = World::new().await;
    let code = Uuid::new_v4();
    let (user_id, id) = with_factor(&world, "a@example.com", code).await;
    let challenge = Uuid::new_v4();
    begin(&world, user_id, challenge).await;
    let remove = async |proven: &str, proof: FactorProof| {
        let person = world.stores.person(user_id).await.expect("the store");
        person.remove_totp(proven, id, proof, &mail(&world, "off")).await.expect("the store")
    };
    assert_eq!(remove("another", FactorProof::Step(101)).await, TotpRemoval::PasswordChanged);
    assert_eq!(remove("hash", FactorProof::Step(100)).await, TotpRemoval::Unproven);
    assert_eq!(remove("hash", FactorProof::RecoveryCode([1; 32])).await, TotpRemoval::Unproven);
    assert_eq!(left(&world, user_id).await, Some(2));
    assert_eq!(remove("hash", FactorProof::RecoveryCode(sha(code))).await, TotpRemoval::Removed);
    assert_eq!(left(&world, user_id).await, None);
    let end = finish(&world, user_id, challenge, id, FactorProof::Step(102), Uuid::new_v4()).await;
    assert_eq!(end, LogInEnd::Gone);
    assert_eq!(begin(&world, user_id, Uuid::new_v4()).await, SessionStart::Session);
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let world = World::new().await;
    let code = Uuid::new_v4();
    let (user_id, id) = with_factor(&world, "a@example.com", code).await;
    let replace = async |step: i64| {
        let person = world.stores.person(user_id).await.expect("the store");
        let codes = [[21; 32], [22; 32], [23; 32]];
        let notice = mail(&world, "codes");
        person.replace_recovery_codes(id, FactorProof::Step(step), &codes, &notice).await.expect("the store")
    };
    assert!(!replace(100).await, "used");
    assert!(replace(101).await);
    assert_eq!(left(&world, user_id).await, Some(3));
    let challenge = Uuid::new_v4();
    begin(&world, user_id, challenge).await;
    let old = FactorProof::RecoveryCode(sha(code));
    assert_eq!(finish(&world, user_id, challenge, id, old, Uuid::new_v4()).await, LogInEnd::Unproven);
    let new = FactorProof::RecoveryCode([22; 32]);
    assert_eq!(finish(&world, user_id, challenge, id, new, Uuid::new_v4()).await, LogInEnd::SignedIn);
    assert_eq!(left(&world, user_id).await, Some(2));
}

#[tokio::test]
async fn an_account_in_its_grace_comes_back_with_both_proofs_and_not_with_the_password_alone() {
    let world = World::new().await;
    let (user_id, id) = with_factor(&world, "a@example.com", Uuid::new_v4()).await;
    let admin = world.server.pool("postgres", 1).await;
    sqlx::query("UPDATE control.users SET deleted_at = $2 WHERE user_id = $1")
        .bind(user_id.uuid())
        .bind(world.now())
        .execute(&admin)
        .await
        .expect("marked");
    let deleted = async || {
        sqlx::query_scalar::<_, bool>("SELECT deleted_at IS NOT NULL FROM control.users WHERE user_id = $1")
            .bind(user_id.uuid())
            .fetch_one(&admin)
            .await
            .expect("a row")
    };
    let challenge = Uuid::new_v4();
    assert_eq!(begin(&world, user_id, challenge).await, SessionStart::Challenge);
    assert!(deleted().await);
    let end = finish(&world, user_id, challenge, id, FactorProof::Step(101), Uuid::new_v4()).await;
    assert_eq!((end, deleted().await), (LogInEnd::SignedIn, false));
}

#[tokio::test]
async fn seeds_under_other_keys_are_found_in_order_and_replaced_if_they_are_what_was_read() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (of, email) in [(1, "a@example.com"), (2, "b@example.com"), (1, "c@example.com")] {
        let (user_id, _) = world.account(email).await;
        ids.push((add(&world, user_id, of).await.expect("there is none"), of));
    }
    let jobs = world.stores.jobs();
    let others =
        async |after: Uuid, limit: i64| jobs.seeds_under_other_keys([2; 8], after, limit).await.expect("the store");
    let mut expected: Vec<_> = ids.iter().filter(|(_, of)| *of == 1).map(|(id, _)| *id).collect();
    expected.sort_unstable();
    let found: Vec<_> = others(Uuid::nil(), 10).await.iter().map(|seed| seed.id).collect();
    assert_eq!(found, expected);
    let first = others(Uuid::nil(), 1).await.remove(0);
    assert_eq!(others(first.id, 10).await.len(), 1);
    assert!(jobs.replace_seed(&first, &seed(2)).await.expect("the store"));
    assert!(!jobs.replace_seed(&first, &seed(3)).await.expect("the store"), "it is another by now");
    assert_eq!(others(Uuid::nil(), 10).await.len(), 1);

    // The jobs' role does not learn whose they are.
    let pool = world.server.pool("agentdb_jobs", 1).await;
    for select in ["SELECT user_id FROM control.totp_factors", "SELECT code_sha256 FROM control.recovery_codes"] {
        let error = sqlx::query(select).fetch_all(&pool).await.expect_err("must be refused");
        assert_eq!(
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("42501"),
            "{select}"
        );
    }
}
