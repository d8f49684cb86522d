//! Signed-in browsers, and those that wait for a second factor.

mod challenge;
mod own;

use std::{net::IpAddr, time::Duration};

use agentdb_ids::{SessionId, UserId};
use chrono::{DateTime, Utc};

use crate::{People, StoreError, User, users::ACCOUNT_GRACE};

pub use challenge::{LogInEnd, NewChallenge, SessionStart};
pub use own::OwnSession;

/// The most sessions of one person; the oldest go first.
const MAX_SESSIONS: i64 = 50;

/// How exact the time of the last use is, in seconds: not every request writes.
const TOUCH_S: i64 = 60;

/// A session to be kept.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the cookie.
    pub token_sha256: [u8; 32],
    /// What the browser says it is, at most 200 characters.
    pub user_agent: Option<&'a str>,
    /// Where it is.
    pub address: Option<IpAddr>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Over at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session that is good.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: User,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl People {
    /// Begins what follows the proof of the password with this hash: a session or, for a person who has a second factor,
    /// a log-in that waits for it. A session takes back the deletion of an account in its grace. Nothing is kept when the
    /// password is the person's no more: who proved it at the moment at which it was changed, or the account removed,
    /// stays outside.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_session(
        &self,
        password_hash: &str,
        session: &NewSession<'_>,
        challenge: &NewChallenge,
    ) -> Result<SessionStart, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        // Not of who has yet to show their second factor.
        sqlx::query!(
            "UPDATE control.users u SET deleted_at = NULL
             WHERE u.user_id = $1 AND u.password_hash = $2 AND u.deleted_at > $3
               AND NOT EXISTS (
                   SELECT FROM control.totp_factors f WHERE f.user_id = u.user_id AND f.confirmed_at IS NOT NULL)",
            session.user_id.uuid(),
            password_hash,
            session.created_at - ACCOUNT_GRACE,
        )
        .execute(&mut *tx)
        .await?;
        // Waits for a change of the password or of the factor, and holds the next one up until what is kept here is there
        // to be ended.
        let held = sqlx::query!(
            "SELECT deleted_at FROM control.users
             WHERE user_id = $1 AND password_hash = $2 AND (deleted_at IS NULL OR deleted_at > $3) FOR SHARE",
            session.user_id.uuid(),
            password_hash,
            session.created_at - ACCOUNT_GRACE,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(held) = held else { return Ok(SessionStart::Refused) };
        let challenged = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM control.totp_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL) AS "challenged!""#,
            session.user_id.uuid(),
        )
        .fetch_one(&mut *tx)
        .await?;
        let start = if challenged {
            challenge::add(&mut tx, session, challenge).await?;
            SessionStart::Challenge
        } else if held.deleted_at.is_some() {
            return Ok(SessionStart::Refused);
        } else {
            keep(&mut tx, session).await?;
            SessionStart::Session
        };
        tx.commit().await?;
        Ok(start)
    }

    /// The session of this cookie, unless it is over or was left unused for `idle`. Notes that it was used, and from
    /// where.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn session(
        &self,
        token_sha256: [u8; 32],
        address: Option<IpAddr>,
        idle: Duration,
        now: DateTime<Utc>,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let used_since = now - idle;
        let Some(row) = sqlx::query!(
            "SELECT s.session_id, s.created_at AS since, s.last_seen_at, u.user_id, u.email, u.created_at
             FROM control.sessions s JOIN control.users u ON u.user_id = s.user_id
             WHERE s.token_sha256 = $1 AND s.expires_at > $2 AND s.last_seen_at > $3",
            &token_sha256[..],
            now,
            used_since,
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        if (now - row.last_seen_at).num_seconds() >= TOUCH_S {
            let address = address.map(text);
            sqlx::query!(
                "UPDATE control.sessions
                 SET last_seen_at = greatest(last_seen_at, $2), last_address = coalesce($3, last_address)
                 WHERE session_id = $1",
                row.session_id,
                now,
                address.as_deref(),
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(Some(SessionRecord {
            id: SessionId::from_uuid(row.session_id),
            user: User { id: UserId::from_uuid(row.user_id), email: row.email, created_at: row.created_at },
            created_at: row.since,
        }))
    }
}

/// Keeps the session and, of more than a person may have, the newest. Call when the person is locked.
async fn keep(connection: &mut sqlx::PgConnection, session: &NewSession<'_>) -> Result<(), StoreError> {
    let address = session.address.map(text);
    sqlx::query!(
        "INSERT INTO control.sessions
            (session_id, user_id, token_sha256, user_agent, last_address, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
        session.id.uuid(),
        session.user_id.uuid(),
        &session.token_sha256[..],
        session.user_agent,
        address.as_deref(),
        session.created_at,
        session.expires_at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM control.sessions WHERE session_id IN (
            SELECT session_id FROM control.sessions WHERE user_id = $1 ORDER BY created_at DESC OFFSET $2)",
        session.user_id.uuid(),
        MAX_SESSIONS,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An IPv4 address is one however it came.
fn text(address: IpAddr) -> String {
    address.to_canonical().to_string()
}
