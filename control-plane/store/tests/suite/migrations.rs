use agentdb_control_plane_store::{ensure_roles, migrate};

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
