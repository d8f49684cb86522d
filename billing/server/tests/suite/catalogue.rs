//! Row-level security, for every table of the schema as the catalogue lists them.

use agentdb_control_plane_contract::Meter;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::support::{Whose, World};

/// Tables without a tenant, with the reason.
const NOT_TENANT: [(&str, &str); 1] = [("_sqlx_migrations", "the record of migrations; not granted to anybody")];

async fn tables(world: &World) -> Vec<(String, bool, bool, bool)> {
    sqlx::query_as(
        "SELECT c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
                EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND a.attnotnull)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'billing' AND c.relkind IN ('r', 'p') ORDER BY 1",
    )
    .fetch_all(&world.superuser)
    .await
    .expect("the catalogue")
}

#[tokio::test]
async fn every_table_belongs_to_an_organisation_and_its_owner_is_bound_too() {
    let world = World::new().await;
    for (table, enabled, forced, has_org) in tables(&world).await {
        if NOT_TENANT.iter().any(|(name, _)| *name == table) {
            continue;
        }
        assert!(has_org, "{table} has no org_id");
        assert!(enabled && forced, "{table} is not bound by row-level security");
    }
}

#[tokio::test]
async fn without_an_organisation_the_app_reads_and_writes_no_row() {
    let world = World::new().await;
    let (node, who) = (world.node(), Whose::new(&world));
    let hour = world.hour();
    node.report(vec![node.counter(who, Meter::Query, hour, 9), node.counter(who, Meter::Query, hour + 5, 1)]).await;
    node.report(vec![node.counter(who, Meter::Query, hour, 1)]).await;
    let mut seen = 0;
    for (table, ..) in tables(&world).await {
        let table = format!("billing.{table}");
        let all: i64 = count(&world.superuser, &table).await.expect("the superuser sees all");
        assert!(all > 0, "{table} is empty, so nothing is proven about it");
        match count(&world.pools.app, &table).await {
            Ok(rows) => {
                assert_eq!(rows, 0, "{table} shows rows to nobody's organisation");
                seen += 1;
            }
            Err(error) => assert!(denied(&error), "{table}: {error}"),
        }
        assert_takes_nothing(&world, &table).await;
        assert_eq!(count(&world.superuser, &table).await.expect("the superuser sees all"), all);
    }
    assert!(seen >= 2, "the app reads hours and months");
}

#[tokio::test]
async fn with_an_organisation_set_the_app_sees_that_one() {
    let world = World::new().await;
    let (node, ours, theirs) = (world.node(), Whose::new(&world), Whose::new(&world));
    let counters = [ours, theirs, theirs].map(|who| node.counter(who, Meter::Query, world.hour(), 5));
    node.report(counters.to_vec()).await;
    let mut tx = agentdb_transaction::begin(&world.pools.app).await.expect("a transaction");
    sqlx::query("SELECT set_config('app.org_id', $1, true)")
        .bind(ours.org.uuid().to_string())
        .execute(&mut *tx)
        .await
        .expect("the setting");
    let orgs: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT org_id FROM billing.usage_hourly").fetch_all(&mut *tx).await.expect("rows");
    assert_eq!(orgs, [ours.org.uuid()]);
    tx.commit().await.expect("done");
    // The setting ends with its transaction, also on a connection that is used again.
    for _ in 0..8 {
        assert_eq!(count(&world.pools.app, "billing.usage_hourly").await.expect("granted"), 0);
    }
}

/// As the app without an organisation: rows that exist can neither be put in again, nor changed, nor removed.
async fn assert_takes_nothing(world: &World, table: &str) {
    let mut connection = world.superuser.acquire().await.expect("a connection").detach();
    let prepare = format!("CREATE TEMP TABLE probe AS SELECT * FROM {table}; GRANT SELECT ON probe TO agentdb_app");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.expect("a copy of the rows");
    connection.execute("SET ROLE agentdb_app").await.expect("the role");
    let insert = format!("INSERT INTO {table} SELECT * FROM probe");
    let inserted = connection.execute(AssertSqlSafe(insert)).await;
    assert!(inserted.as_ref().is_err_and(denied), "{table} took rows: {inserted:?}");
    let column: String = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum LIMIT 1",
    )
    .bind(table)
    .fetch_one(&world.superuser)
    .await
    .expect("a column");
    let update = format!("UPDATE {table} SET {column} = {column}");
    for statement in [update, format!("DELETE FROM {table}"), format!("TRUNCATE {table}")] {
        let result = connection.execute(AssertSqlSafe(statement.clone())).await;
        assert!(result.as_ref().map_or_else(denied, |done| done.rows_affected() == 0), "{statement}: {result:?}");
    }
}

async fn count(pool: &sqlx::PgPool, table: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(pool).await
}

/// 42501: insufficient privilege, which also row-level security answers with.
fn denied(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "42501")
}
