use std::time::Duration;

use agentdb_control_plane_store::{ensure_roles, migrate};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use crate::postgres::{TestPostgres, passwords};

#[tokio::test]
async fn roles_and_migrations_may_run_again_and_at_once() {
    let server = TestPostgres::start().await;
    let admin = server.pool("postgres", 8).await;
    let roles = async || ensure_roles(&admin, &passwords()).await;
    let (a, b, c) = tokio::join!(roles(), roles(), roles());
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
    let (a, b) = tokio::join!(migrate(&admin), migrate(&admin));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");

    let foreign: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname = 'control' AND tableowner <> 'agentdb_owner'",
    )
    .fetch_all(&admin)
    .await
    .expect("the catalogue");
    assert!(foreign.is_empty(), "not owned by agentdb_owner: {foreign:?}");
    let recorded: i64 = sqlx::query_scalar("SELECT count(*) FROM control._sqlx_migrations WHERE success")
        .fetch_one(&admin)
        .await
        .expect("the record of migrations");
    assert!(recorded >= 5, "{recorded} migrations are recorded in the schema control");
    let powerful: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'agentdb\\_%'
         AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
    )
    .fetch_one(&admin)
    .await
    .expect("the catalogue");
    assert_eq!(powerful, 0, "no role of the service has rights beyond its grants");
}

#[tokio::test]
async fn passwords_reach_neither_the_server_nor_its_log() {
    let server = TestPostgres::start().await;
    let admin = server.pool("postgres", 2).await;
    for statement in ["ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_parameter_max_length = -1"] {
        sqlx::raw_sql(statement).execute(&admin).await.expect("set");
    }
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(&admin).await.expect("read");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !log(&server).contains("this statement is logged") {
        assert!(tokio::time::Instant::now() < deadline, "the server logs statements");
        sqlx::raw_sql("SELECT 'this statement is logged'").execute(&admin).await.expect("an answer");
    }
    ensure_roles(&admin, &passwords()).await.expect("the roles can be made");
    assert!(log(&server).contains("ALTER ROLE agentdb_jobs LOGIN PASSWORD"), "the log is complete");
    for password in [passwords().app, passwords().jobs, passwords().key_lookup] {
        let quoted = password.replace('\'', "''");
        assert!(!log(&server).contains(&password) && !log(&server).contains(&quoted), "a password in the log");
    }

    let kept: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT rolpassword FROM pg_authid WHERE rolname IN ('agentdb_app', 'agentdb_jobs', 'agentdb_key_lookup')",
    )
    .fetch_all(&admin)
    .await
    .expect("the catalogue");
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().flatten().filter(|text| text.starts_with("SCRAM-SHA-256$4096:")).count() == 3, "{kept:?}");

    // The roles can log in with them where the server asks, and with no others.
    let rules = "local all postgres trust\nlocal all all scram-sha-256\n";
    std::fs::write(server.socket_dir.join("data/pg_hba.conf"), rules).expect("written");
    sqlx::raw_sql("SELECT pg_reload_conf()").execute(&admin).await.expect("read");
    while log_in(&server, "agentdb_app", "another").await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "the server asks for passwords");
    }
    let right = passwords();
    for (role, password) in
        [("agentdb_app", right.app), ("agentdb_jobs", right.jobs), ("agentdb_key_lookup", right.key_lookup)]
    {
        log_in(&server, role, &password).await.expect(role);
        assert!(log_in(&server, role, "another").await.is_err(), "{role}");
    }
}

fn log(server: &TestPostgres) -> String {
    String::from_utf8_lossy(&std::fs::read(server.socket_dir.join("log")).expect("the log")).into_owned()
}

async fn log_in(server: &TestPostgres, role: &str, password: &str) -> Result<(), sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(&server.socket_dir)
        .username(role)
        .password(password)
        .database("postgres");
    sqlx::Connection::close(options.connect().await?).await
}
