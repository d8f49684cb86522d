//! Signing up, in and out.

pub(super) mod list_captured_mail;
pub(super) mod log_in;
pub(super) mod log_out;
pub(super) mod sign_up;
pub(super) mod verify_email;

pub(super) mod email;
mod session_reply;

pub(crate) use session_reply::User;

use agentdb_problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::passwords::HasherError;

/// What has been started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// `verification_sent`: if the address can be signed up, a mail with a link is on its way to it.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

fn hash_failed(error: HasherError) -> Problem {
    match error {
        HasherError::Busy => Problem::unavailable("Too many people sign in at this moment.", 2),
        HasherError::Failed(_) => Problem::internal(error),
    }
}
