use std::time::Duration;

use agentdb_clock::{Clock as _, SystemClock, SystemEntropy};
use agentdb_control_plane_contract::{Edition, KeyKind, Scope};
use agentdb_control_plane_store::{
    AuditAction, AuditActor, AuditCaller, AuditDetails, AuditEvent, AuditFilter, AuditOutcome, AuditRecord,
    AuditTarget, OrganizationChange,
};
use agentdb_ids::{ApiKeyId, AuditEventId, NamespaceId, OrgId, RequestId, UserId};
use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

use crate::account::{World, pattern};

/// What an event is made of.
pub struct Parts {
    pub id: AuditEventId,
    pub at: DateTime<Utc>,
    pub caller: AuditCaller,
    pub action: AuditAction,
    pub target: AuditTarget,
    pub outcome: AuditOutcome,
    pub details: AuditDetails,
}

impl Parts {
    pub fn as_event(&self) -> AuditEvent<'_> {
        AuditEvent {
            id: self.id,
            at: self.at,
            caller: &self.caller,
            action: self.action,
            target: &self.target,
            outcome: self.outcome,
            details: &self.details,
        }
    }
}

/// A namespace was made.
pub fn event(world: &World, actor: AuditActor, at: DateTime<Utc>) -> Parts {
    let caller = AuditCaller { actor, client_address: None, user_agent: None, request_id: None };
    Parts {
        id: AuditEventId::generate(&*world.clock, &SystemEntropy),
        at,
        caller,
        action: AuditAction::NamespaceCreate,
        target: AuditTarget::of(NamespaceId::generate(&*world.clock, &SystemEntropy), "ns"),
        outcome: AuditOutcome::Done,
        details: AuditDetails::default(),
    }
}

async fn record(world: &World, org_id: OrgId, parts: &Parts) {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.record(&parts.as_event()).await.expect("the store");
    org.commit().await.expect("the store");
}

fn everything() -> AuditFilter<'static> {
    AuditFilter {
        action: None,
        target_kind: None,
        actor: None,
        target: None,
        outcome: None,
        from: DateTime::UNIX_EPOCH,
        to: None,
    }
}

async fn list(world: &World, org_id: OrgId, filter: &AuditFilter<'_>) -> Vec<AuditRecord> {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.audit_events(filter, None, 1_000).await.expect("the store")
}

#[tokio::test]
async fn an_event_and_its_change_are_there_together_or_not_at_all() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let namespace = world.namespace(org_id, "ns").await;
    let parts = event(&world, AuditActor::Person(user_id), world.now());
    let labels = json!({"team": "a"});

    let mut org = world.stores.org(org_id).await.expect("the store");
    org.set_labels(namespace.id, &labels).await.expect("the store");
    org.record(&parts.as_event()).await.expect("the store");
    drop(org);
    assert!(list(&world, org_id, &everything()).await.is_empty(), "given up");

    let mut org = world.stores.org(org_id).await.expect("the store");
    org.record(&parts.as_event()).await.expect("the store");
    org.record(&parts.as_event()).await.expect_err("an event is there once");
    org.set_labels(namespace.id, &labels).await.expect_err("nothing goes on in a transaction that failed");
    drop(org);
    assert!(list(&world, org_id, &everything()).await.is_empty(), "failed");
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.namespace("ns").await.expect("the store").expect("there").labels, json!({}));

    org.set_labels(namespace.id, &labels).await.expect("the store");
    org.record(&parts.as_event()).await.expect("the store");
    org.commit().await.expect("the store");
    assert_eq!(list(&world, org_id, &everything()).await.len(), 1);
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.namespace("ns").await.expect("the store").expect("there").labels, labels);
}

#[tokio::test]
async fn an_event_is_kept_as_it_was_told_with_the_name_of_that_time() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    let target = ApiKeyId::generate(&*world.clock, &SystemEntropy);
    let request_id = RequestId::generate(&*world.clock, &SystemEntropy);
    let parts = Parts {
        action: AuditAction::ApiKeyCreate,
        target: AuditTarget::of(target, "ci"),
        outcome: AuditOutcome::Refused { code: "forbidden", left_out: 7 },
        details: AuditDetails::default().scopes(None, Some(&[Scope::Read])),
        caller: AuditCaller {
            actor: AuditActor::Person(user_id),
            client_address: Some("2001:db8::1".parse().expect("an address")),
            user_agent: Some("ü".repeat(300)),
            request_id: Some(request_id),
        },
        ..event(&world, AuditActor::Service, world.now())
    };
    record(&world, org_id, &parts).await;
    let kept = AuditRecord {
        id: parts.id,
        at: world.now(),
        actor_kind: "person".to_owned(),
        actor_id: Some(user_id.to_string()),
        actor_name: Some("a@example.com".to_owned()),
        client_address: Some("2001:db8::1".to_owned()),
        user_agent: Some("ü".repeat(256)),
        request_id: Some(request_id),
        action: "api_key.create".to_owned(),
        target_kind: "api_key".to_owned(),
        target_id: Some(target.to_string()),
        target_name: Some("ci".to_owned()),
        outcome: "refused".to_owned(),
        problem_code: Some("forbidden".to_owned()),
        left_out: 7,
        details: json!({"scopes": {"from": null, "to": ["read"]}}),
    };
    let mut org = world.stores.org(org_id).await.expect("the store");
    assert_eq!(org.audit_event(parts.id, DateTime::UNIX_EPOCH).await.expect("the store"), Some(kept));
    let after = world.now() + Duration::from_secs(1);
    assert_eq!(org.audit_event(parts.id, after).await.expect("the store"), None, "older than what is kept");
    drop(org);

    for actor in [AuditActor::ApiKey(token.key_id()), AuditActor::Service] {
        record(&world, org_id, &event(&world, actor, world.now())).await;
    }
    let named: Vec<_> = list(&world, org_id, &everything())
        .await
        .into_iter()
        .filter(|event| event.id != parts.id)
        .map(|event| (event.actor_kind, event.actor_id, event.actor_name))
        .collect();
    let key = ("api_key".to_owned(), Some(token.key_id().to_string()), Some("key".to_owned()));
    assert!(named.contains(&key), "{named:?}");
    assert!(named.contains(&("service".to_owned(), None, None)), "{named:?}");
}

#[tokio::test]
async fn nobody_changes_an_event_and_only_age_removes_one() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let today = SystemClock::new().now().trunc_subsecs(6);
    record(&world, org_id, &event(&world, AuditActor::Person(user_id), today)).await;
    let admin = world.server.pool("postgres", 1).await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = 'control.audit_events'::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .fetch_all(&admin)
    .await
    .expect("the catalogue");
    assert!(columns.len() >= 17, "{columns:?}");
    for role in ["agentdb_app", "agentdb_jobs", "agentdb_key_lookup"] {
        let pool = world.server.pool(role, 1).await;
        set_org(&pool, org_id).await;
        for column in &columns {
            let update = format!("UPDATE control.audit_events SET {column} = {column}");
            assert_eq!(refusal(&pool, &update).await, "42501", "{role}: {update}");
        }
        assert_eq!(refusal(&pool, "TRUNCATE control.audit_events").await, "42501", "{role}");
        if role != "agentdb_jobs" {
            assert_eq!(refusal(&pool, "DELETE FROM control.audit_events").await, "42501", "{role}");
        }
    }
    let jobs = world.server.pool("agentdb_jobs", 1).await;
    assert_eq!(refusal(&jobs, "SELECT details FROM control.audit_events").await, "42501", "jobs know ages alone");
    let removed = sqlx::query("DELETE FROM control.audit_events").execute(&jobs).await.expect("it may try");
    assert_eq!(removed.rows_affected(), 0, "an event of today cannot be removed by anybody");
    let far = today + Duration::from_secs(86_400);
    assert_eq!(world.stores.jobs().remove_audit_events(Edition::Community, far).await.expect("the store"), 0);
    assert_eq!(list(&world, org_id, &everything()).await.len(), 1);
}

async fn set_org(pool: &PgPool, org_id: OrgId) {
    sqlx::query("SELECT set_config('app.org_id', $1, false)")
        .bind(org_id.uuid().to_string())
        .execute(pool)
        .await
        .expect("a setting");
}

/// Why the server refuses the statement.
async fn refusal(pool: &PgPool, statement: &str) -> String {
    let error = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(pool).await.expect_err("must be refused");
    error.as_database_error().and_then(|error| error.code().map(String::from)).unwrap_or_default()
}

#[tokio::test]
async fn events_go_when_their_edition_keeps_them_no_longer_and_no_others() {
    let world = World::new().await;
    let (user_id, community) = world.account("a@example.com").await;
    let (_, enterprise) = world.account("b@example.com").await;
    let jobs = world.stores.jobs();
    let change = OrganizationChange::Edition(Edition::Enterprise);
    assert!(jobs.change_organization(enterprise, &change, world.now()).await.expect("the store"));
    // Long ago by the clock of the server, too.
    let end = "2020-03-01T12:00:00Z".parse::<DateTime<Utc>>().expect("a time");
    let moment = Duration::from_micros(1);
    for org_id in [community, enterprise] {
        for at in [end - moment, end, end + moment] {
            record(&world, org_id, &event(&world, AuditActor::Person(user_id), at)).await;
        }
    }
    assert_eq!(jobs.remove_audit_events(Edition::Community, end).await.expect("the store"), 1);
    assert_eq!(jobs.remove_audit_events(Edition::Community, end).await.expect("the store"), 0, "again");
    let mut left: Vec<_> = list(&world, community, &everything()).await.iter().map(|event| event.at).collect();
    left.sort_unstable();
    assert_eq!(left, [end, end + moment]);
    assert_eq!(list(&world, enterprise, &everything()).await.len(), 3, "of another edition");
}

#[tokio::test]
async fn an_organisation_sees_its_own_events_alone() {
    let world = World::new().await;
    let (user_id, mine) = world.account("a@example.com").await;
    let (_, other) = world.account("b@example.com").await;
    let parts = event(&world, AuditActor::Person(user_id), world.now());
    record(&world, other, &parts).await;
    assert!(list(&world, mine, &everything()).await.is_empty());
    let mut org = world.stores.org(mine).await.expect("the store");
    assert_eq!(org.audit_event(parts.id, DateTime::UNIX_EPOCH).await.expect("the store"), None);
    drop(org);
    record(&world, mine, &parts).await;
    assert_eq!(list(&world, mine, &everything()).await.len(), 1, "identifiers are an organisation's own");
}

#[tokio::test]
async fn pages_go_back_in_time_and_new_events_move_nothing() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        world.clock.advance(Duration::from_millis(1));
        let parts = event(&world, AuditActor::Person(user_id), world.now());
        record(&world, org_id, &parts).await;
        ids.push(parts.id);
    }
    ids.reverse();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let mut org = world.stores.org(org_id).await.expect("the store");
        let page = org.audit_events(&everything(), before, 3).await.expect("the store");
        drop(org);
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|event| event.id));
        world.clock.advance(Duration::from_millis(1));
        record(&world, org_id, &event(&world, AuditActor::Person(user_id), world.now())).await;
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_filter_finds_its_events_and_no_others() {
    let world = World::new().await;
    let (ann, org_id) = world.account("ann@example.com").await;
    let (bob, _) = world.account("bob@example.com").await;
    let at = |second| world.now() + Duration::from_secs(second);
    let key = ApiKeyId::generate(&*world.clock, &SystemEntropy);
    let made = |actor: UserId, second, action, target, outcome| Parts {
        action,
        target,
        outcome,
        ..event(&world, AuditActor::Person(actor), at(second))
    };
    let refused = AuditOutcome::Refused { code: "limit_exceeded", left_out: 0 };
    let target = AuditTarget::of(key, "ci");
    let all = [
        made(ann, 0, AuditAction::ApiKeyCreate, target.clone(), AuditOutcome::Done),
        made(bob, 1, AuditAction::ApiKeyRevoke, target, AuditOutcome::Done),
        made(bob, 2, AuditAction::NamespaceCreate, AuditTarget::sought(None, Some("ci")), refused),
    ];
    for parts in &all {
        record(&world, org_id, parts).await;
    }
    let (by_bob, of_key) = (bob.to_string(), key.to_string());
    let filters = [
        (everything(), vec![0, 1, 2]),
        (AuditFilter { action: Some("api_key.create"), ..everything() }, vec![0]),
        (AuditFilter { target_kind: Some("api_key"), ..everything() }, vec![0, 1]),
        (AuditFilter { actor: Some(&by_bob), ..everything() }, vec![1, 2]),
        (AuditFilter { actor: Some("ann@example.com"), ..everything() }, vec![0]),
        (AuditFilter { target: Some(&of_key), ..everything() }, vec![0, 1]),
        (AuditFilter { target: Some("ci"), ..everything() }, vec![0, 1, 2]),
        (AuditFilter { outcome: Some("refused"), ..everything() }, vec![2]),
        (AuditFilter { from: at(1), ..everything() }, vec![1, 2]),
        (AuditFilter { to: Some(at(1)), ..everything() }, vec![0]),
        (AuditFilter { actor: Some(&by_bob), outcome: Some("done"), ..everything() }, vec![1]),
        (AuditFilter { target: Some("c"), ..everything() }, vec![]),
    ];
    for (filter, expected) in filters {
        let found = list(&world, org_id, &filter).await;
        let found: Vec<_> = (0..all.len()).filter(|i| found.iter().any(|event| event.id == all[*i].id)).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn no_event_holds_the_hash_of_a_key_that_it_tells_of() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    let details = AuditDetails::default().scopes(None, Some(&[Scope::Read])).namespaces(None, Some(&pattern("*")));
    let target = AuditTarget::of(token.key_id(), "key");
    let parts = event(&world, AuditActor::Person(user_id), world.now());
    record(&world, org_id, &Parts { action: AuditAction::ApiKeyCreate, target, details, ..parts }).await;
    let admin = world.server.pool("postgres", 1).await;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT e::text FROM control.audit_events e").fetch_all(&admin).await.expect("rows");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains(&token.key_id().to_string()), "{rows:?}");
    for secret in [token.sha256(), token.expose().to_owned(), "hash".to_owned()] {
        assert!(!rows[0].contains(&secret), "{rows:?}");
    }
}
