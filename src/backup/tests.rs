//! Against a private PostgreSQL of the test.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use agentdb_clock::SystemClock;
use agentdb_control_plane_store::RolePasswords;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::contents::Contents;
use super::{BackupError, load, take};
use crate::config::Secret;
use crate::database::{self, Access};
use crate::postgres::{PrivatePostgres, Superuser};

struct World {
    postgres: PrivatePostgres,
    root: tempfile::TempDir,
    password: Secret,
}

impl World {
    async fn start() -> Self {
        let root = tempfile::Builder::new().prefix("agentdb-pg-").tempdir_in("/tmp").unwrap();
        // Root's server runs as another user, who must be able to pass.
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let password = Secret::new("it's a p@ssword".to_owned());
        let superuser = Superuser { name: database::SUPERUSER.to_owned(), password: password.expose().to_owned() };
        let base = root.path().join("postgres");
        let postgres = PrivatePostgres::start(&base, &superuser, 40).await.unwrap();
        Self { postgres, root, password }
    }

    fn access(&self) -> Access {
        let password = |role: &str| format!("of {role}");
        let passwords = RolePasswords { app: password("app"), jobs: password("jobs"), key_lookup: password("look-up") };
        Access::private(self.postgres.socket_dir(), &self.password, passwords, 4)
    }

    /// Another database of the same server, empty; whose name needs quotes.
    async fn other(&self, name: &str) -> Access {
        let mut admin = connect(&self.access()).await;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE \"{name}\""))).execute(&mut admin).await.unwrap();
        self.access().in_database(name)
    }

    async fn stop(self) {
        self.postgres.stop(Duration::from_secs(20)).await;
    }
}

async fn connect(access: &Access) -> PgConnection {
    access.admin().connect().await.unwrap()
}

/// Rows of both planes, with what texts, bytes and numbers can be.
async fn fill(access: &Access) {
    let mut admin = connect(access).await;
    sqlx::raw_sql(
        "INSERT INTO control.users (user_id, email, password_hash, created_at, verified_at)
         SELECT gen_random_uuid(), 'person-' || n || '@example.com', E'a\\nhash\\t\\\\', now(), now()
         FROM generate_series(1, 500) n;
         INSERT INTO control.organizations (org_id, name, edition, created_by, created_at)
         SELECT gen_random_uuid(), 'Łódź \"' || email, 'community', user_id, now() FROM control.users;
         INSERT INTO billing.usage_counters
             (org_id, source_kind, source_id, namespace_id, key_id, meter, hour, value, updated_at)
         SELECT org_id, 'node', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'query', 500000,
             9007199254740993, now()
         FROM control.organizations;
         INSERT INTO billing.usage_hourly (org_id, hour, meter, namespace_id, key_id, quantity)
         SELECT org_id, hour, meter, namespace_id, key_id, value FROM billing.usage_counters;",
    )
    .execute(&mut admin)
    .await
    .unwrap();
}

async fn contents(access: &Access) -> Contents {
    Contents::read(&mut connect(access).await).await.unwrap()
}

async fn taken(access: &Access, directory: &Path) {
    let manifest = take(access, directory, &SystemClock::new()).await.unwrap();
    assert_eq!(manifest.contents, contents(access).await);
}

#[tokio::test]
async fn what_is_restored_is_what_was_there_with_its_roles_and_grants() {
    let world = World::start().await;
    let access = world.access();
    access.create_database().await.unwrap();
    access.migrate().await.unwrap();
    fill(&access).await;
    let before = contents(&access).await;
    assert_eq!(before.tables["control.users"].rows, 500);
    assert_eq!(before.tables["billing.usage_hourly"].rows, 500);
    assert!(before.access.rows > 50, "{:?}", before.access);
    let backup = world.root.path().join("backup");
    taken(&access, &backup).await;
    for (path, mode) in
        [(backup.clone(), 0o700), (backup.join("metadata.dump"), 0o600), (backup.join("manifest.json"), 0o600)]
    {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    let again = take(&access, &backup, &SystemClock::new()).await;
    assert!(matches!(again, Err(BackupError::Taken(_))), "no backup is written over");

    let empty = world.other("an empty \u{e9} one").await;
    load(&empty, &backup, None).await.unwrap();
    let mut found = contents(&empty).await;
    assert_eq!(before.difference(&found), None);
    found.tables.get_mut("billing.usage_hourly").unwrap().digest.push('0');
    assert!(before.difference(&found).is_some(), "the comparison sees something");
    // The roles log in with the configured passwords and are bound by row-level security.
    let pools = empty.pools();
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM control.organizations").fetch_one(&pools.app).await.unwrap();
    assert_eq!(seen, 0, "no organisation is set");
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM control.users").fetch_one(&pools.app).await.unwrap();
    assert_eq!(people, 500);
    assert!(sqlx::query("DELETE FROM control.audit_events").execute(&pools.app).await.is_err(), "not granted");
    pools.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_replaced_by_its_name_alone_and_stays_if_anything_goes_wrong() {
    let world = World::start().await;
    let access = world.access();
    access.create_database().await.unwrap();
    access.migrate().await.unwrap();
    let backup = world.root.path().join("backup");
    taken(&access, &backup).await;
    fill(&access).await;
    let full = contents(&access).await;

    let refused = load(&access, &backup, None).await.unwrap_err().to_string();
    assert!(refused.contains("--replace agentdb"), "{refused}");
    assert!(matches!(load(&access, &backup, Some("agent")).await, Err(BackupError::OtherDatabase { .. })));
    let pools = access.pools();
    let connection = pools.app.acquire().await.unwrap();
    assert!(matches!(load(&access, &backup, Some("agentdb")).await, Err(BackupError::InUse(1))));
    drop(connection);
    pools.close().await;

    // A dump that was cut, one that is another's, and one that does not hold what its manifest says.
    let (dump, manifest) = (backup.join("metadata.dump"), backup.join("manifest.json"));
    let (whole, told) = (std::fs::read(&dump).unwrap(), std::fs::read_to_string(&manifest).unwrap());
    std::fs::write(&dump, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(load(&access, &backup, Some("agentdb")).await, Err(BackupError::NotABackup { .. })));
    std::fs::write(&dump, &whole).unwrap();
    let mut lie: serde_json::Value = serde_json::from_str(&told).unwrap();
    lie["contents"]["tables"]["billing.usage_hourly"]["rows"] = 7.into();
    std::fs::write(&manifest, lie.to_string()).unwrap();
    let different = load(&access, &backup, Some("agentdb")).await.unwrap_err().to_string();
    assert!(different.contains("billing.usage_hourly has 0 rows, not 7"), "{different}");
    let mut newer: serde_json::Value = serde_json::from_str(&told).unwrap();
    newer["contents"]["migrations"]["control"] = serde_json::json!([1, 9_999]);
    std::fs::write(&manifest, newer.to_string()).unwrap();
    let refused = load(&access, &backup, Some("agentdb")).await.unwrap_err().to_string();
    assert!(refused.contains("control 9999"), "{refused}");
    assert_eq!(contents(&access).await, full, "as it was before");

    std::fs::write(&manifest, &told).unwrap();
    // One that was cut short had set the schemas aside.
    let mut admin = connect(&access).await;
    sqlx::raw_sql(
        "ALTER SCHEMA control RENAME TO control_before_restore; ALTER SCHEMA billing RENAME TO billing_before_restore;
         CREATE SCHEMA control",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    admin.close().await.unwrap();
    load(&access, &backup, Some("agentdb")).await.unwrap();
    let found = contents(&access).await;
    assert_eq!((found.tables["control.users"].rows, found.tables["billing.usage_hourly"].rows), (0, 0));
    assert_eq!(found.access, full.access);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%before_restore'")
        .fetch_one(&mut connect(&access).await)
        .await
        .unwrap();
    assert_eq!(left, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_user_who_does_not_see_every_row_takes_no_backup() {
    let world = World::start().await;
    let access = world.access();
    access.create_database().await.unwrap();
    access.migrate().await.unwrap();
    let mut admin = connect(&access).await;
    sqlx::raw_sql("CREATE ROLE operator LOGIN PASSWORD 'x' CREATEROLE; GRANT agentdb_owner TO operator")
        .execute(&mut admin)
        .await
        .unwrap();
    let url = format!("postgres:///agentdb?host={}&user=operator&password=x", world.postgres.socket_dir().display());
    let bound = Access::to_look_at(&Secret::new(url)).unwrap();
    let backup = world.root.path().join("backup");
    let refused = take(&bound, &backup, &SystemClock::new()).await;
    assert!(matches!(refused, Err(BackupError::Bound(user)) if user == "operator"));
    assert!(!backup.exists());
    admin.close().await.unwrap();
    world.stop().await;
}
