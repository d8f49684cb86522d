mod scram;

use sqlx::{AssertSqlSafe, Executor as _, PgPool};

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
/// these passwords, of which the server gets only what SCRAM-SHA-256 checks them by. Safe to run again. `admin` must be
/// allowed to create roles and schemas.
///
/// # Errors
/// When the database cannot be reached, `admin` is not allowed to, or a password is not printable ASCII.
pub async fn ensure_roles(admin: &PgPool, passwords: &RolePasswords) -> Result<(), sqlx::Error> {
    let mut tx = agentdb_transaction::begin(admin).await?;
    tx.execute(sqlx::raw_sql(include_str!("../roles.sql"))).await?;
    let roles = [
        ("agentdb_app", &passwords.app),
        ("agentdb_jobs", &passwords.jobs),
        ("agentdb_key_lookup", &passwords.key_lookup),
    ];
    for (role, password) in roles {
        let salt: [u8; 16] =
            sqlx::query_scalar::<_, uuid::Uuid>("SELECT gen_random_uuid()").fetch_one(&mut *tx).await?.into_bytes();
        let verifier = scram::verifier(password, salt).ok_or_else(|| {
            sqlx::Error::Configuration(format!("the password of {role} must be printable ASCII").into())
        })?;
        // ALTER ROLE takes no parameters; neither text has a character that would need quoting.
        tx.execute(sqlx::raw_sql(AssertSqlSafe(format!("ALTER ROLE {role} LOGIN PASSWORD '{verifier}'")))).await?;
    }
    tx.commit().await
}
