//! Signing up, in and out.

pub(super) mod confirm_email;
pub(super) mod finish_log_in;
pub(super) mod forgot_password;
pub(super) mod list_captured_mail;
pub(super) mod log_in;
pub(super) mod log_out;
pub(super) mod reset_password;
pub(super) mod sign_up;
pub(super) mod verify_email;

pub(super) mod email;
mod session_reply;

pub(crate) use session_reply::User;

use agentdb_problem::Problem;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::passwords::HasherError;

/// What has been started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// `verification_sent`: if the address can be signed up, a mail with a link is on its way to it. `mail_sent`: if it
    /// can be what was asked for, likewise. `email_changed`: done.
    #[schema(example = "verification_sent")]
    pub(super) status: &'static str,
}

/// How long a mail that tells what has happened is worth sending.
const NOTICE_VALID: Duration = Duration::hours(24);

pub(super) fn notice_expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + NOTICE_VALID
}

pub(super) fn hash_failed(error: HasherError) -> Problem {
    match error {
        HasherError::Busy => Problem::unavailable("Too many people sign in at this moment.", 2),
        HasherError::Failed(_) => Problem::internal(error),
    }
}
