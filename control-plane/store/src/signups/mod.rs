//! Sign-ups that wait for the answer to a mail, and what becomes of them.

use agentdb_control_plane_contract::{Edition, Role};
use agentdb_ids::{OrgId, UserId};
use chrono::{DateTime, Utc};

use crate::{NewMail, People, StoreError, User, mail, stores::set_org};

/// The most sign-ups that wait for one address; the oldest go first.
const MAX_PENDING: i64 = 5;

/// A sign-up before its address is verified.
pub struct NewSignup<'a> {
    /// SHA-256 of the token in the mail.
    pub token_sha256: [u8; 32],
    /// SHA-256 of the cookie of the browser that signed up.
    pub browser_sha256: [u8; 32],
    /// As typed.
    pub email: &'a str,
    /// Argon2id in PHC form.
    pub password_hash: &'a str,
    /// Of the organisation to be made.
    pub organization_name: &'a str,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// The token is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

/// A sign-up that waits, for whoever holds its token.
pub struct PendingSignup {
    /// SHA-256 of the cookie of the browser that signed up.
    pub browser_sha256: Option<[u8; 32]>,
    /// Argon2id in PHC form.
    pub password_hash: String,
}

/// Identifiers for what a verified sign-up makes.
#[derive(Debug, Clone, Copy)]
pub struct NewIdentity {
    /// The person.
    pub user_id: UserId,
    /// The organisation they own.
    pub org_id: OrgId,
}

impl People {
    /// Keeps the sign-up and posts `verification`, in one transaction. When a person with this address exists,
    /// nothing is kept and `notice` is posted instead. Both ways do the same amount of work.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_signup(
        &self,
        signup: &NewSignup<'_>,
        verification: &NewMail<'_>,
        notice: &NewMail<'_>,
    ) -> Result<(), StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        let known = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM control.users WHERE lower(email) = lower($1)) AS "known!""#,
            signup.email
        )
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query!(
            "INSERT INTO control.email_verifications
                (token_sha256, browser_sha256, email, password_hash, organization_name, created_at, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT $8",
            &signup.token_sha256[..],
            &signup.browser_sha256[..],
            signup.email,
            signup.password_hash,
            signup.organization_name,
            signup.created_at,
            signup.expires_at,
            known,
        )
        .execute(&mut *tx)
        .await?;
        drop_oldest(&mut tx, signup.email).await?;
        mail::post(&mut tx, if known { notice } else { verification }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The sign-up of this token; `None` when it is unknown, used or expired.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn pending_signup(
        &self,
        token_sha256: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<PendingSignup>, StoreError> {
        let row = sqlx::query!(
            "SELECT browser_sha256, password_hash FROM control.email_verifications
             WHERE token_sha256 = $1 AND expires_at > $2",
            &token_sha256[..],
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let browser_sha256 = row.browser_sha256.map(TryInto::try_into).transpose();
            Ok(PendingSignup {
                browser_sha256: browser_sha256.map_err(|_| StoreError::corrupt("the hash of a browser's cookie"))?,
                password_hash: row.password_hash,
            })
        })
        .transpose()
    }

    /// Turns the sign-up of this token into a person who owns a new organisation. `None` when the token is unknown,
    /// used or expired, or the address belongs to somebody by now. All other tokens of the address are void after it.
    /// That whoever opened the link is the one who signed up is for the caller to see to, with
    /// [`pending_signup`](Self::pending_signup).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn complete_signup(
        &self,
        token_sha256: [u8; 32],
        identity: NewIdentity,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        let Some(signup) = sqlx::query!(
            "DELETE FROM control.email_verifications WHERE token_sha256 = $1 AND expires_at > $2
             RETURNING email, password_hash, organization_name",
            &token_sha256[..],
            now,
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(None);
        };
        sqlx::query!("DELETE FROM control.email_verifications WHERE lower(email) = lower($1)", signup.email)
            .execute(&mut *tx)
            .await?;
        let made = sqlx::query!(
            "INSERT INTO control.users (user_id, email, password_hash, created_at, verified_at)
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (lower(email)) DO NOTHING",
            identity.user_id.uuid(),
            signup.email,
            signup.password_hash,
            now,
        )
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            tx.commit().await?;
            return Ok(None);
        }
        set_org(&mut tx, identity.org_id).await?;
        sqlx::query!(
            "INSERT INTO control.organizations (org_id, name, edition, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            identity.org_id.uuid(),
            signup.organization_name,
            Edition::Community.as_str(),
            identity.user_id.uuid(),
            now,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "INSERT INTO control.memberships (org_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
            identity.org_id.uuid(),
            identity.user_id.uuid(),
            Role::Owner.as_str(),
            now,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(User { id: identity.user_id, email: signup.email, created_at: now }))
    }
}

async fn drop_oldest(connection: &mut sqlx::PgConnection, email: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM control.email_verifications WHERE token_sha256 IN (
            SELECT token_sha256 FROM control.email_verifications WHERE lower(email) = lower($1)
            ORDER BY created_at DESC OFFSET $2)",
        email,
        MAX_PENDING,
    )
    .execute(connection)
    .await?;
    Ok(())
}
