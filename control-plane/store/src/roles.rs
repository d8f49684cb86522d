use sqlx::{Executor as _, PgPool};

/// Passwords of the roles that serve. The owner serves nothing and has none.
#[derive(Clone)]
pub struct RolePasswords {
    /// Of `agentdb_app`.
    pub app: String,
    /// Of `agentdb_jobs`.
    pub jobs: String,
    /// Of `agentdb_key_lookup`.
    pub key_lookup: String,
}

impl std::fmt::Debug for RolePasswords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RolePasswords(***)")
    }
}

/// Makes the roles and schemas of the database that `admin` is connected to, and lets the serving roles log in with
/// these passwords. Safe to run again. `admin` must be allowed to create roles and schemas.
///
/// # Errors
/// When the database cannot be reached or `admin` is not allowed to.
pub async fn ensure_roles(admin: &PgPool, passwords: &RolePasswords) -> Result<(), sqlx::Error> {
    let mut tx = admin.begin().await?;
    tx.execute(sqlx::raw_sql(include_str!("roles.sql"))).await?;
    let roles = [
        ("agentdb_app", &passwords.app),
        ("agentdb_jobs", &passwords.jobs),
        ("agentdb_key_lookup", &passwords.key_lookup),
    ];
    for (role, password) in roles {
        // ALTER ROLE takes no parameters; the server quotes the password, and no log shows it as part of a statement.
        sqlx::query("SELECT set_config('agentdb.role', $1, true), set_config('agentdb.password', $2, true)")
            .bind(role)
            .bind(password)
            .execute(&mut *tx)
            .await?;
        tx.execute(sqlx::raw_sql(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', current_setting('agentdb.role'), \
             current_setting('agentdb.password')); END $$",
        ))
        .await?;
    }
    tx.commit().await
}
