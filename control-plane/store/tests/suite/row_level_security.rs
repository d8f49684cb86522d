//! The second wall, for every table that the catalogue knows to be a tenant's.

use agentdb_control_plane_contract::{KeyKind, KeyUse, Role};
use agentdb_control_plane_store::{AuditActor, KeptAnswer};
use agentdb_ids::OrgId;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use uuid::Uuid;

use crate::{
    account::{World, sha},
    audit,
};

/// Tables that belong to no organisation, each for a reason.
const NOT_TENANT: &[(&str, &str)] = &[
    ("_sqlx_migrations", "the record of migrations; no serving role may read it"),
    ("email_changes", "a person's, beside any organisation"),
    ("email_verifications", "a sign-up before there is an organisation"),
    ("login_challenges", "a person's log-in before it is finished"),
    ("login_failures", "of an address, whether a person has it or not, or of a person"),
    ("mail_outbox", "mail to people, before and beside any organisation"),
    ("nodes", "a node serves many organisations"),
    ("password_resets", "a person's, beside any organisation"),
    ("recovery_codes", "a person's, beside any organisation"),
    ("sessions", "a person's, in all their organisations"),
    ("totp_factors", "a person's, beside any organisation"),
    ("users", "a person exists before and beside any organisation"),
];

async fn tables(admin: &PgPool, with_org_id: bool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relnamespace = 'control'::regnamespace AND c.relkind IN ('r', 'p')
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id') = $1
         ORDER BY 1",
    )
    .bind(with_org_id)
    .fetch_all(admin)
    .await
    .expect("the catalogue")
}

async fn count(pool: &PgPool, table: &str, condition: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM control.{table} WHERE {condition}")))
        .fetch_one(pool)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

/// Two organisations with something in every table.
async fn populated() -> (World, OrgId, OrgId) {
    let world = World::new().await;
    world.node().await;
    let mut orgs = Vec::new();
    for email in ["a@example.com", "b@example.com"] {
        let (user_id, org_id) = world.account(email).await;
        world.invite(org_id, user_id, "invited@example.com", Role::Admin, Uuid::new_v4()).await;
        world.namespace(org_id, "ns").await;
        let token = world.key(org_id, KeyKind::Api, None).await;
        let used = KeyUse { key_id: token.key_id(), at: world.now(), address: None };
        world.stores.jobs().keep_key_uses(None, &[used], world.now()).await.expect("the store");
        let mut org = world.stores.org(org_id).await.expect("the store");
        let kept = KeptAnswer { request_sha256: [1; 32], answer: serde_json::json!({}) };
        org.keep_answer([0; 32], &kept, world.now()).await.expect("the store");
        org.record(&audit::event(&world, AuditActor::Service, world.now()).as_event()).await.expect("the store");
        org.commit().await.expect("the store");
        orgs.push(org_id);
    }
    (world, orgs[0], orgs[1])
}

#[tokio::test]
async fn every_tenant_table_forces_row_level_security_and_every_other_table_has_a_reason() {
    let (world, ..) = populated().await;
    let admin = world.server.pool("postgres", 1).await;
    let tenant = tables(&admin, true).await;
    assert!(tenant.len() >= 6, "{tenant:?}");
    for table in &tenant {
        let row = sqlx::query(
            "SELECT relrowsecurity, relforcerowsecurity,
                    (SELECT count(*) FROM pg_policies WHERE schemaname = 'control' AND tablename = $1
                     AND 'agentdb_app' = ANY(roles) AND cmd = 'ALL'
                     AND qual = '(org_id = control.current_org())' AND with_check = qual),
                    (SELECT attnotnull FROM pg_attribute WHERE attrelid = c.oid AND attname = 'org_id')
             FROM pg_class c WHERE relname = $1 AND relnamespace = 'control'::regnamespace",
        )
        .bind(table)
        .fetch_one(&admin)
        .await
        .expect("the catalogue");
        let facts: (bool, bool, i64, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(facts, (true, true, 1, true), "{table}: enabled, forced, one tenant policy, org_id NOT NULL");
        assert!(count(&admin, table, "true").await > 0, "{table} has rows, or what follows proves nothing");
    }
    let others = tables(&admin, false).await;
    let reasons: Vec<&str> = NOT_TENANT.iter().map(|(table, _)| *table).collect();
    assert_eq!(others, reasons, "a table without org_id needs a reason");
}

#[tokio::test]
async fn as_app_without_a_tenant_no_row_is_read_and_none_is_written() {
    let (world, ..) = populated().await;
    let admin = world.server.pool("postgres", 1).await;
    let app = world.server.pool("agentdb_app", 1).await;
    for table in tables(&admin, true).await {
        let before = count(&admin, &table, "true").await;
        assert_eq!(count(&app, &table, "true").await, 0, "{table} is read without a tenant");
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = ('control.' || $1)::regclass AND attnum > 0
             AND NOT attisdropped",
        )
        .bind(&table)
        .fetch_all(&admin)
        .await
        .expect("the catalogue");
        for column in &columns {
            let update = format!("UPDATE control.{table} SET {column} = {column}");
            refused_or_nothing(&app, &table, &update).await;
        }
        refused_or_nothing(&app, &table, &format!("DELETE FROM control.{table}")).await;
        let row: serde_json::Value =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT to_jsonb(t) FROM control.{table} t LIMIT 1")))
                .fetch_one(&admin)
                .await
                .expect("a row");
        let insert =
            format!("INSERT INTO control.{table} SELECT * FROM jsonb_populate_record(NULL::control.{table}, $1)");
        let error = sqlx::query(AssertSqlSafe(insert)).bind(row).execute(&app).await.expect_err("must be refused");
        assert_eq!(code(&error).as_deref(), Some("42501"), "{table}: {error}");
        assert_eq!(count(&admin, &table, "true").await, before, "{table}");
    }
}

#[tokio::test]
async fn as_app_with_a_tenant_nothing_of_another_is_read_or_written() {
    let (world, mine, other) = populated().await;
    let admin = world.server.pool("postgres", 1).await;
    let app = world.server.pool("agentdb_app", 1).await;
    sqlx::query("SELECT set_config('app.org_id', $1, false)")
        .bind(mine.uuid().to_string())
        .execute(&app)
        .await
        .expect("a setting");
    let of_other = format!("org_id = '{}'", other.uuid());
    for table in tables(&admin, true).await {
        let theirs = count(&admin, &table, &of_other).await;
        assert!(theirs > 0, "{table} has rows of the other organisation");
        assert!(count(&app, &table, "true").await > 0, "{table} shows one's own rows");
        assert_eq!(count(&app, &table, &of_other).await, 0, "{table}");
        refused_or_nothing(&app, &table, &format!("DELETE FROM control.{table} WHERE {of_other}")).await;
        // One's own row cannot be handed to another organisation, nor made there.
        let row: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT to_jsonb(t) FROM control.{table} t WHERE {of_other} LIMIT 1"
        )))
        .fetch_one(&admin)
        .await
        .expect("a row");
        let insert =
            format!("INSERT INTO control.{table} SELECT * FROM jsonb_populate_record(NULL::control.{table}, $1)");
        let error = sqlx::query(AssertSqlSafe(insert)).bind(row).execute(&app).await.expect_err("must be refused");
        assert_eq!(code(&error).as_deref(), Some("42501"), "{table}: {error}");
        assert_eq!(count(&admin, &table, &of_other).await, theirs, "{table}");
    }
}

#[tokio::test]
async fn a_person_sees_their_own_organisations_and_no_other_table() {
    let (world, mine, other) = populated().await;
    let (user_id, _) = world.account("c@example.com").await;
    let mut person = world.stores.person(user_id).await.expect("the store");
    let seen = person.memberships().await.expect("the store");
    assert_eq!(seen.len(), 1);
    for org_id in [mine, other] {
        assert!(seen.iter().all(|membership| membership.org_id != org_id));
        assert_eq!(person.membership(org_id).await.expect("the store"), None);
    }
    drop(person);
    let admin = world.server.pool("postgres", 1).await;
    let app = world.server.pool("agentdb_app", 1).await;
    sqlx::query("SELECT set_config('app.user_id', $1, false)")
        .bind(user_id.uuid().to_string())
        .execute(&app)
        .await
        .expect("a setting");
    for table in tables(&admin, true).await {
        let expected = i64::from(table == "memberships" || table == "organizations");
        assert_eq!(count(&app, &table, "true").await, expected, "{table}");
    }
}

#[tokio::test]
async fn the_role_for_key_lookups_can_look_a_key_up_and_nothing_else() {
    let (world, ..) = populated().await;
    let admin = world.server.pool("postgres", 1).await;
    let lookup = world.server.pool("agentdb_key_lookup", 1).await;
    for with_org_id in [true, false] {
        for table in tables(&admin, with_org_id).await {
            let select = format!("SELECT count(*) FROM control.{table}");
            let error = sqlx::query(AssertSqlSafe(select)).fetch_one(&lookup).await.expect_err("must be refused");
            assert_eq!(code(&error).as_deref(), Some("42501"), "{table}: {error}");
        }
    }
    let call = "SELECT count(*) FROM control.lookup_key(gen_random_uuid(), NULL)";
    assert!(sqlx::query(call).fetch_one(&lookup).await.is_ok());
    for role in ["agentdb_app", "agentdb_jobs"] {
        let pool = world.server.pool(role, 1).await;
        let error = sqlx::query(call).fetch_one(&pool).await.expect_err("must be refused");
        assert_eq!(code(&error).as_deref(), Some("42501"), "{role}: {error}");
    }
    let jobs = world.server.pool("agentdb_jobs", 1).await;
    let error = sqlx::query("SELECT token_sha256 FROM control.api_keys").fetch_all(&jobs).await;
    assert_eq!(error.err().and_then(|error| code(&error)).as_deref(), Some("42501"), "jobs never see hashes");
}

#[tokio::test]
async fn an_invitation_is_found_by_its_token_and_address_together_and_by_nobody_but_the_app() {
    let (world, _, other) = populated().await;
    let (user_id, _) = world.account("c@example.com").await;
    let token = Uuid::new_v4();
    world.invite(other, user_id, "C@example.com", Role::Admin, token).await;
    let find = async |token: Uuid, email: &str, after_days: i64| {
        let mut person = world.stores.person(user_id).await.expect("the store");
        let moment = world.now() + chrono::Duration::days(after_days);
        person.invited_to(sha(token), email, moment).await.expect("the store")
    };
    assert_eq!(find(token, "c@EXAMPLE.com", 0).await, Some(other));
    assert_eq!(find(token, "a@example.com", 0).await, None, "another address");
    assert_eq!(find(Uuid::new_v4(), "c@example.com", 0).await, None, "another token");
    assert_eq!(find(token, "c@example.com", 7).await, None, "too old");

    let app = world.server.pool("agentdb_app", 1).await;
    sqlx::query("SELECT set_config('app.user_id', $1, false)")
        .bind(user_id.uuid().to_string())
        .execute(&app)
        .await
        .expect("a setting");
    assert_eq!(count(&app, "invitations", "true").await, 0, "also to who is invited the table shows nothing");
    let call = "SELECT control.invited_to('\\x00', 'c@example.com', now())";
    assert!(sqlx::query(call).fetch_one(&app).await.is_ok());
    for role in ["agentdb_jobs", "agentdb_key_lookup"] {
        let pool = world.server.pool(role, 1).await;
        let error = sqlx::query(call).fetch_one(&pool).await.expect_err("must be refused");
        assert_eq!(code(&error).as_deref(), Some("42501"), "{role}: {error}");
    }
    let jobs = world.server.pool("agentdb_jobs", 1).await;
    for column in ["token_sha256", "email"] {
        let select = format!("SELECT {column} FROM control.invitations");
        let error = sqlx::query(AssertSqlSafe(select)).fetch_all(&jobs).await.err();
        assert_eq!(error.and_then(|error| code(&error)).as_deref(), Some("42501"), "{column}");
    }
}

#[tokio::test]
async fn a_person_sees_of_an_organisation_they_made_and_left_only_that_it_is_theirs() {
    let world = World::new().await;
    let (user_id, org_id) = world.account("a@example.com").await;
    world.member(org_id, "b@example.com", Role::Owner).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.remove_member(user_id, world.now()).await.expect("the store");
    org.commit().await.expect("the store");
    let mut person = world.stores.person(user_id).await.expect("the store");
    assert!(person.has_community_organization().await.expect("the store"));
    assert!(person.memberships().await.expect("the store").is_empty());
    assert_eq!(person.membership(org_id).await.expect("the store"), None);
}

async fn refused_or_nothing(app: &PgPool, table: &str, statement: &str) {
    match sqlx::query(AssertSqlSafe(statement.to_owned())).execute(app).await {
        Ok(done) => assert_eq!(done.rows_affected(), 0, "{table}: {statement}"),
        Err(error) => assert_eq!(code(&error).as_deref(), Some("42501"), "{table}: {statement}: {error}"),
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
