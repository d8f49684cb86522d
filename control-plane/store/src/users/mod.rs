//! People.

mod deletion;
mod email;
mod password;

use agentdb_ids::UserId;
use chrono::{DateTime, Duration, Utc};

use crate::{People, PersonTx, StoreError};

pub use deletion::{AccountDeletion, OwnedOrganization};
pub use email::NewEmailChange;

/// How long a deleted account can be had back by logging in.
pub const ACCOUNT_GRACE: Duration = Duration::days(30);

/// A person whose e-mail address was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// As typed; unique without regard to case.
    pub email: String,
    /// When the first address was verified.
    pub created_at: DateTime<Utc>,
}

/// A link in a mail, which proves that its reader has the address.
#[derive(Debug, Clone, Copy)]
pub struct NewLink {
    /// SHA-256 of the token in it.
    pub token_sha256: [u8; 32],
    /// Now.
    pub created_at: DateTime<Utc>,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

/// What a password is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub user: User,
    /// Argon2id in PHC form.
    pub password_hash: String,
}

impl People {
    /// The person with this address.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        let row = sqlx::query!(
            "SELECT user_id, email, created_at, password_hash FROM control.users WHERE lower(email) = lower($1)",
            email
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Credentials {
            user: User { id: UserId::from_uuid(row.user_id), email: row.email, created_at: row.created_at },
            password_hash: row.password_hash,
        }))
    }
}

impl PersonTx {
    /// Locks the person until the end of the transaction. Whatever changes how they prove who they are begins with it:
    /// then come links, sessions, organisations, keys and nodes, so that none waits for another in a circle.
    pub(crate) async fn hold(&mut self) -> Result<(), StoreError> {
        sqlx::query!("SELECT user_id FROM control.users WHERE user_id = $1 FOR NO KEY UPDATE", self.user_id.uuid())
            .fetch_optional(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Makes the links that are on their way to the person worthless.
    async fn void_links(&mut self) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM control.password_resets WHERE user_id = $1", self.user_id.uuid())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query!("DELETE FROM control.email_changes WHERE user_id = $1", self.user_id.uuid())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
