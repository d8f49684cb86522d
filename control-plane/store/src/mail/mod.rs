//! The outbox: mail is kept in the transaction that makes it necessary and leaves afterwards.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Jobs, People, StoreError};

/// Which mail.
pub type MailId = Uuid;

/// A mail to be sent.
pub struct NewMail<'a> {
    /// Which; sorts by time.
    pub id: MailId,
    /// Whom to.
    pub to: &'a str,
    /// What about.
    pub subject: &'a str,
    /// Plain text.
    pub body: &'a str,
    /// The link in the text, if it is about one.
    pub link: Option<&'a str>,
    /// Now.
    pub at: DateTime<Utc>,
    /// From then on it is worth nothing, sent or not.
    pub expires_at: DateTime<Utc>,
}

/// A mail that is to leave now.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// Which.
    pub id: MailId,
    /// Whom to.
    pub to: String,
    /// What about.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// A mail that was kept here because there is no mail server.
#[derive(Debug, Clone)]
pub struct CapturedMail {
    /// Whom to.
    pub to: String,
    /// What about.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The link in the text, if it is about one.
    pub link: Option<String>,
    /// When it was written.
    pub at: DateTime<Utc>,
}

pub(crate) async fn post(connection: &mut sqlx::PgConnection, mail: &NewMail<'_>) -> Result<(), StoreError> {
    post_if(connection, true, mail).await
}

/// As [`post`] if it is `wanted`. If not, it is written all the same, so that the time does not tell, and never leaves.
pub(crate) async fn post_if(
    connection: &mut sqlx::PgConnection,
    wanted: bool,
    mail: &NewMail<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO control.mail_outbox
            (mail_id, to_address, subject, body, link, created_at, next_attempt_at, expires_at, void)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        mail.id,
        mail.to,
        mail.subject,
        mail.body,
        mail.link,
        mail.at,
        mail.expires_at,
        !wanted,
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl People {
    /// Captured mail to this address, newest first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn captured_mail(&self, to: &str, limit: i64) -> Result<Vec<CapturedMail>, StoreError> {
        let rows = sqlx::query!(
            "SELECT to_address, subject, body, link, created_at FROM control.mail_outbox
             WHERE captured_at IS NOT NULL AND lower(to_address) = lower($1) ORDER BY mail_id DESC LIMIT $2",
            to,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| CapturedMail {
                to: row.to_address,
                subject: row.subject,
                text: row.body,
                link: row.link,
                at: row.created_at,
            })
            .collect())
    }
}

impl Jobs {
    /// Takes the mail that has waited longest; it is offered again after `patience` unless it is
    /// [removed](Self::remove_mail) by then. Two senders never take the same one.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn take_mail(&self, patience: Duration, now: DateTime<Utc>) -> Result<Option<OutgoingMail>, StoreError> {
        let row = sqlx::query!(
            "UPDATE control.mail_outbox SET attempts = attempts + 1, next_attempt_at = $2 WHERE mail_id = (
                SELECT mail_id FROM control.mail_outbox WHERE captured_at IS NULL AND NOT void AND next_attempt_at <= $1
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING mail_id, to_address, subject, body, attempts",
            now,
            now + patience,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| OutgoingMail {
            id: row.mail_id,
            to: row.to_address,
            subject: row.subject,
            body: row.body,
            attempts: row.attempts,
        }))
    }

    /// Puts off the next attempt at a mail that could not leave.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn postpone_mail(&self, id: MailId, until: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!("UPDATE control.mail_outbox SET next_attempt_at = $2 WHERE mail_id = $1", id, until)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Removes a mail that has left, or never will.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn remove_mail(&self, id: MailId) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM control.mail_outbox WHERE mail_id = $1", id).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps everything in the outbox as captured, and of what was captured the newest `keep`. Gives what is new.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn capture_mail(&self, keep: i64, now: DateTime<Utc>) -> Result<Vec<CapturedMail>, StoreError> {
        let rows = sqlx::query!(
            "UPDATE control.mail_outbox SET captured_at = $1 WHERE captured_at IS NULL AND NOT void
             RETURNING to_address, subject, body, link, created_at",
            now,
        )
        .fetch_all(&self.pool)
        .await?;
        if !rows.is_empty() {
            sqlx::query!(
                "DELETE FROM control.mail_outbox WHERE mail_id IN (
                    SELECT mail_id FROM control.mail_outbox WHERE captured_at IS NOT NULL
                    ORDER BY mail_id DESC OFFSET $1)",
                keep,
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(rows
            .into_iter()
            .map(|row| CapturedMail {
                to: row.to_address,
                subject: row.subject,
                text: row.body,
                link: row.link,
                at: row.created_at,
            })
            .collect())
    }
}
