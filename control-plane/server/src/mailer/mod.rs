//! Mail on its way out.

mod smtp;
mod texts;

use std::time::Duration;

use agentdb_control_plane_store::{OutgoingMail, StoreError};

pub(crate) use smtp::{Carrier, SmtpError};
pub(crate) use texts::{
    Inviter, account_deleted, address_in_use, already_registered, email_change_asked, email_confirmation, invitation,
    password_changed, password_reset, recovery_code_used, recovery_codes_replaced, second_factor_disabled,
    second_factor_enabled, verification,
};

use crate::state::App;

/// Captured mails that are kept, the newest.
const CAPTURED_KEPT: i64 = 1_000;

/// While a mail is being sent nobody else takes it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The most mails of one run.
const BATCH: usize = 50;

/// After so many failures a mail is given up: about a day and a half.
const MAX_ATTEMPTS: i32 = 16;

/// Sends, or captures, what is in the outbox. Running it twice at once sends nothing twice; a mail whose sending was
/// cut off is sent again.
pub(crate) async fn deliver(app: &App, carrier: &Carrier) -> Result<(), StoreError> {
    let Carrier::Smtp(smtp) = carrier else {
        for mail in app.jobs.capture_mail(CAPTURED_KEPT, app.now()).await? {
            tracing::info!(to = %mail.to, subject = %mail.subject, link = mail.link.as_deref(), "mail captured");
        }
        return Ok(());
    };
    for _ in 0..BATCH {
        let Some(mail) = app.jobs.take_mail(PATIENCE, app.now()).await? else {
            return Ok(());
        };
        match smtp.send(&mail).await {
            Ok(()) => app.jobs.remove_mail(mail.id).await?,
            Err(error) => failed(app, &mail, &error).await?,
        }
    }
    Ok(())
}

async fn failed(app: &App, mail: &OutgoingMail, error: &SmtpError) -> Result<(), StoreError> {
    if mail.attempts >= MAX_ATTEMPTS || error.is_final() {
        tracing::error!(mail = %mail.id, attempts = mail.attempts, %error, "a mail is given up");
        return app.jobs.remove_mail(mail.id).await;
    }
    tracing::warn!(mail = %mail.id, attempts = mail.attempts, %error, "a mail could not be sent; it is tried again");
    app.jobs.postpone_mail(mail.id, app.now() + pause(mail.attempts)).await
}

/// 5 s, then twice as long each time, at most 3 hours.
fn pause(attempts: i32) -> Duration {
    let doubled = 5u64 << attempts.clamp(1, 20).unsigned_abs().saturating_sub(1);
    Duration::from_secs(doubled.min(3 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        assert_eq!([1, 2, 3].map(pause).map(|p| p.as_secs()), [5, 10, 20]);
        assert_eq!(pause(i32::MAX).as_secs(), 3 * 3600);
        let total: u64 = (1..MAX_ATTEMPTS).map(|attempt| pause(attempt).as_secs()).sum();
        assert!((24 * 3600 / 2..48 * 3600).contains(&total), "given up after {total} s");
    }
}
