//! Row-level security of the running service's database, for every tenant table the catalogue knows.

use std::time::Duration;

use agentdb_tests::harness::{Service, eventually};
use anyhow::{Result, ensure};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

#[tokio::test(flavor = "multi_thread")]
async fn the_app_without_an_organisation_reads_and_writes_no_row_of_any_tenant_table() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("something").await?;
    let things = account.data().await?.collection("something", "things");
    let written = things.create(&json!({"text": {}})).await?.expect(201)?.units("write");
    account.usage_when("usage is stored", |usage| usage.of("write") >= written).await?;

    let operator = service.operator().await?;
    let mut connection = operator.connect().await?;
    let tables = tenant_tables(&mut connection).await?;
    ensure!(tables.len() >= 6, "only {tables:?} have a tenant");
    let mut filled = 0;
    for (table, enabled, forced) in &tables {
        assert!(enabled & forced, "{table}: row-level security is not forced");
        let mut of_its_own = operator.connect().await?;
        filled += usize::from(takes_and_yields_nothing(&mut of_its_own, table).await?);
        of_its_own.close().await?;
    }
    assert!(filled >= 5, "of {tables:?} only {filled} have rows, so little is proven");
    let serving = ["agentdb_app", "agentdb_jobs", "agentdb_key_lookup"];
    // The server takes its time to end those that were closed just now.
    eventually("the service is logged in by its own roles alone", Duration::from_secs(10), async || {
        let roles: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT usename::text FROM pg_stat_activity
             WHERE datname = 'agentdb' AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .fetch_all(&mut connection)
        .await?;
        ensure!(roles.iter().any(|role| role == "agentdb_app"), "the service is logged in as {roles:?}");
        ensure!(roles.iter().all(|role| serving.contains(&role.as_str())), "the service is logged in as {roles:?}");
        Ok(Some(()))
    })
    .await?;
    connection.close().await?;
    service.stop().await
}

async fn tenant_tables(connection: &mut PgConnection) -> Result<Vec<(String, bool, bool)>> {
    let tables = sqlx::query_as(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relrowsecurity, c.relforcerowsecurity
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
         WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1",
    );
    Ok(tables.fetch_all(connection).await?)
}

/// Whether the table has rows, none of which the app can see, put in again, change or remove.
async fn takes_and_yields_nothing(connection: &mut PgConnection, table: &str) -> Result<bool> {
    let run = AssertSqlSafe::<String>;
    connection.execute(run(format!("CREATE TEMP TABLE probe AS SELECT * FROM {table}"))).await?;
    connection.execute("GRANT SELECT ON probe TO agentdb_app").await?;
    let before: i64 =
        sqlx::query_scalar(run(format!("SELECT count(*) FROM {table}"))).fetch_one(&mut *connection).await?;
    connection.execute("SET ROLE agentdb_app").await?;
    match sqlx::query_scalar::<_, i64>(run(format!("SELECT count(*) FROM {table}"))).fetch_one(&mut *connection).await {
        Ok(seen) => assert_eq!(seen, 0, "{table} shows rows"),
        Err(error) => assert!(denied(&error), "{table}: {error}"),
    }
    let inserted = connection.execute(run(format!("INSERT INTO {table} SELECT * FROM probe"))).await;
    assert!(before == 0 || inserted.as_ref().is_err_and(denied), "{table} takes rows: {inserted:?}");
    for statement in [format!("UPDATE {table} SET org_id = org_id"), format!("DELETE FROM {table}")] {
        let done = connection.execute(run(statement.clone())).await;
        assert!(done.as_ref().map_or_else(denied, |done| done.rows_affected() == 0), "{statement}: {done:?}");
    }
    connection.execute("RESET ROLE").await?;
    let after: i64 = sqlx::query_scalar(run(format!("SELECT count(*) FROM {table}"))).fetch_one(connection).await?;
    assert!(after >= before, "{table} lost rows");
    Ok(before > 0)
}

/// 42501: insufficient privilege, which also row-level security answers with.
fn denied(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "42501")
}
