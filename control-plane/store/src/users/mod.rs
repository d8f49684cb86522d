//! People.

use agentdb_ids::UserId;
use chrono::{DateTime, Utc};

use crate::{People, StoreError};

/// A person whose e-mail address was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// As typed at sign-up; unique without regard to case.
    pub email: String,
    /// When the address was verified.
    pub created_at: DateTime<Utc>,
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
