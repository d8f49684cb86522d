use agentdb_problem::{Json, Problem, Query};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::email;
use crate::{
    config::Mail,
    extract::ClientAddress,
    refusal::{MailboxRefusals, store_failed},
    state::AppState,
};

/// The most messages of one answer, the newest.
const MAX_MESSAGES: i64 = 50;

/// Whose mail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Mailbox {
    /// The address it was sent to.
    email: String,
}

/// Mail that was kept here, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapturedMail {
    messages: Vec<CapturedMessage>,
}

/// A mail that was kept here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapturedMessage {
    to: String,
    subject: String,
    text: String,
    /// The link in the text.
    link: Option<String>,
    at: DateTime<Utc>,
}

/// Read captured mail
///
/// Only where no mail server is configured, so that links can be opened; elsewhere there is nothing here.
#[utoipa::path(
    get,
    path = "/v1/auth/captured-mail",
    operation_id = "list_captured_mail",
    tag = "auth",
    params(Mailbox),
    responses((status = 200, description = "At most 50 messages", body = CapturedMail), MailboxRefusals),
    security(()),
)]
pub(crate) async fn list_captured_mail(
    State(app): State<AppState>,
    address: ClientAddress,
    mailbox: Result<Query<Mailbox>, Problem>,
) -> Result<Json<CapturedMail>, Problem> {
    if !matches!(app.config.mail, Mail::Captured) {
        return Err(Problem::not_found());
    }
    let Query(mailbox) = mailbox?;
    let to = email::parse(&mailbox.email)
        .map_err(|_| Problem::invalid("email", "invalid_email", "this is not an e-mail address"))?;
    app.throttles.key_lookups.admit(address.throttle_key())?;
    let messages = app.people.captured_mail(&to, MAX_MESSAGES).await.map_err(store_failed)?;
    Ok(Json(CapturedMail {
        messages: messages
            .into_iter()
            .map(|mail| CapturedMessage {
                to: mail.to,
                subject: mail.subject,
                text: mail.text,
                link: mail.link,
                at: mail.at,
            })
            .collect(),
    }))
}
