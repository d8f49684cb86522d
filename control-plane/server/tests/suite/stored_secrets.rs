//! What is stored of a second factor, and under which keys.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use agentdb_clock::{ManualClock, SystemEntropy};
use agentdb_control_plane_server::EncryptionKeys;
use agentdb_control_plane_store::sqlx::{self, AssertSqlSafe, PgPool};
use http::Method;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    authenticator::{Authenticator, begin, challenge, codes_in, confirm, finish, log_in, remove, service, set_up},
    postgres::TestPostgres,
    service::{PASSWORD, Service, config},
};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Of all threads, those of other tests among them: what a test logs is not to depend on which thread came by first.
    fn of_this_process() -> Self {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test wants the log");
        log
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything in the schema, as text, by table.
async fn everything(admin: &PgPool) -> Vec<(String, String)> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'control' ORDER BY 1")
            .fetch_all(admin)
            .await
            .expect("the catalogue");
    let mut found = Vec::new();
    for table in tables {
        let select = format!("SELECT coalesce(string_agg(to_jsonb(t)::text, E'\\n'), '') FROM control.{table} t");
        let rows = sqlx::query_scalar(AssertSqlSafe(select)).fetch_one(admin).await.expect("rows");
        found.push((table, rows));
    }
    found
}

#[tokio::test]
async fn seeds_and_codes_are_in_no_table_no_log_and_no_reply_after_their_one_showing() {
    let log = Log::of_this_process();
    let (service, clock) = service().await;
    let person = service.person("a@example.com").await;
    let begun = begin(&person).await;
    let app = Authenticator::of(begun.body["secret"].as_str().expect("a secret"), &clock);
    let used = app.code();
    let confirmed = confirm(&person, &used).await;
    let codes = codes_in(&confirmed);
    let mut replies = vec![
        confirmed.body.to_string().replace(&codes[1], ""),
        person.get("/v1/me").await.body.to_string(),
        begin(&person).await.body.to_string(),
        confirm(&person, &app.code()).await.body.to_string(),
    ];
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    for code in [&app.wrong(), &codes[0]] {
        replies.push(finish(&service, Some(&cookie), code).await.body.to_string());
    }
    service.mail_about("a@example.com", "recovery code", 1).await;
    replies.push(serde_json::Value::from(service.mails("a@example.com").await).to_string());
    replies.push(serde_json::Value::from(person.events().await).to_string());

    let seed = hex(app.seed());
    let bare = codes[1].replace('-', "");
    let secrets = [app.secret.as_str(), &seed, &codes[1], &bare, cookie.trim_start_matches("adb_challenge=")];
    let admin = service.server.pool("postgres", 1).await;
    let tables = everything(&admin).await;
    for table in ["totp_factors", "recovery_codes", "login_failures", "mail_outbox", "sessions"] {
        let rows = tables.iter().find(|(name, _)| name == table).map(|(_, rows)| rows.as_str());
        let empty_by_now = table == "login_failures";
        assert!(rows.is_some_and(|rows| empty_by_now || !rows.is_empty()), "{table} has rows, or this proves nothing");
    }
    let logged = String::from_utf8_lossy(&log.0.lock().expect("nobody panicked")).into_owned();
    assert!(logged.contains("second factor enabled") && logged.contains("recovery code used"), "it is a log");
    for secret in secrets {
        for (table, rows) in &tables {
            assert!(!rows.contains(secret), "{table} holds {secret}");
        }
        assert!(!logged.contains(secret), "the log holds {secret}");
        for reply in &replies {
            assert!(!reply.contains(secret), "{secret} in {reply}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_seed_that_is_moved_to_another_row_opens_for_nobody() {
    let (service, clock) = service().await;
    let victim = service.person("victim@example.com").await;
    set_up(&victim, &clock).await;
    let thief = service.person("thief@example.com").await;
    let (app, _) = set_up(&thief, &clock).await;
    let admin = service.server.pool("postgres", 1).await;
    let moved = sqlx::query(
        "UPDATE control.totp_factors v SET seed = t.seed FROM control.totp_factors t
         JOIN control.users tu ON tu.user_id = t.user_id, control.users vu
         WHERE vu.user_id = v.user_id AND vu.email = 'victim@example.com' AND tu.email = 'thief@example.com'",
    )
    .execute(&admin)
    .await
    .expect("whoever can write to the database can do this");
    assert_eq!(moved.rows_affected(), 1);
    let cookie = challenge(&service, "victim@example.com", PASSWORD).await;
    let answer = finish(&service, Some(&cookie), &app.next()).await;
    assert_eq!(answer.code(), (500, "internal"), "{answer:?}");
    log_in(&service, "thief@example.com", &app.code()).await;
}

/// One key a line, the first encrypts.
fn keys(digits: &[char]) -> EncryptionKeys {
    let lines: Vec<String> = digits.iter().map(|digit| digit.to_string().repeat(64)).collect();
    EncryptionKeys::parse(&lines.join("\n")).expect("keys")
}

async fn restarted(service: Service, digits: &[char], clock: &ManualClock) -> Service {
    let Service { control, server, .. } = service;
    control.shutdown().await;
    Service::on(server, config(), keys(digits), Arc::new(clock.clone())).await
}

async fn under(admin: &PgPool) -> Vec<Vec<u8>> {
    sqlx::query_scalar("SELECT substring(seed FROM 2 FOR 8) FROM control.totp_factors ORDER BY 1")
        .fetch_all(admin)
        .await
        .expect("rows")
}

#[tokio::test]
async fn secrets_come_under_a_new_first_key_by_themselves_and_then_the_old_one_can_go() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::on(TestPostgres::start().await, config(), keys(&['a']), Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let (app, _) = set_up(&person, &clock).await;
    let admin = service.server.pool("postgres", 1).await;
    let old = under(&admin).await;

    let service = restarted(service, &['b', 'a'], &clock).await;
    log_in(&service, "a@example.com", &app.next()).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while under(&admin).await == old {
        assert!(tokio::time::Instant::now() < deadline, "nothing brings it under the first key");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let service = restarted(service, &['b'], &clock).await;
    log_in(&service, "a@example.com", &app.next()).await;

    // Taken out too early: nothing is lost, and nobody comes in by a code.
    let service = restarted(service, &['c'], &clock).await;
    let cookie = challenge(&service, "a@example.com", PASSWORD).await;
    assert_eq!(finish(&service, Some(&cookie), &app.next()).await.code(), (500, "internal"));
    let service = restarted(service, &['c', 'b'], &clock).await;
    log_in(&service, "a@example.com", &app.next()).await;
}

#[tokio::test]
async fn a_recovery_code_helps_where_the_key_is_lost() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let first = EncryptionKeys::generate(&SystemEntropy);
    let service = Service::on(TestPostgres::start().await, config(), first, Arc::new(clock.clone())).await;
    let person = service.person("a@example.com").await;
    let (_, codes) = set_up(&person, &clock).await;
    let service = restarted(service, &['a'], &clock).await;
    let person = log_in(&service, "a@example.com", &codes[0]).await;
    assert_eq!(remove(&person, PASSWORD, &codes[1]).await.status, 204);
    let (app, _) = set_up(&person, &clock).await;
    log_in(&service, "a@example.com", &app.next()).await;
    let body = json!({"current_password": PASSWORD, "code": app.next()});
    assert_eq!(person.call(Method::DELETE, "/v1/me/totp", Some(body)).await.status, 204);
}
