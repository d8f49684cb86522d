use agentdb_control_plane_contract::Principal;
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget, Membership as StoredMembership, OrgTx};
use agentdb_problem::{Code, IDEMPOTENCY_REPLAYED, Json, JsonBytes, Problem};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Membership, room_for_one_more};
use crate::{
    audit::Audit,
    extract::{ClientAddress, Session},
    refusal::{JoinRefusals, limit_reached, store_failed},
    routes::idempotency::Repeatable,
    state::{AppState, token_sha256},
};

/// What the link in the mail carried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInvitation {
    /// The parameter `token` of the link.
    token: String,
}

/// Accept an invitation
///
/// For whoever is signed in with the address that the invitation was sent to; who has no account signs up with it
/// first. A token works once. One that is wrong, used, revoked, too old or for another address is refused in the same
/// words.
#[utoipa::path(
    post,
    path = "/v1/me/invitations/accept",
    operation_id = "accept_invitation",
    tag = "me",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "The organisation that the person now belongs to", body = Membership,
         headers(("idempotency-replayed" = String, description = "`true` on an answer that was given before"))),
        JoinRefusals
    ),
    security(("session" = [])),
)]
pub(crate) async fn accept_invitation(
    State(app): State<AppState>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    JsonBytes { value: request, bytes }: JsonBytes<AcceptInvitation>,
) -> Result<Response, Problem> {
    let repeatable = Repeatable::of_person(session.user.id, "accept_invitation", &headers, &bytes)?;
    let now = app.now();
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    person.lock_person().await.map_err(store_failed)?;
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answered_to(&mut person, now).await?
    {
        let replayed = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
        return Ok((replayed, Json(answer)).into_response());
    }
    let token = token_sha256(&request.token);
    let invited_to = person.invited_to(token, &session.user.email, now).await.map_err(store_failed)?;
    let org_id = invited_to.ok_or_else(invalid_token)?;
    room_for_one_more(&mut person).await?;
    let mut org = person.enter(org_id).await.map_err(store_failed)?;
    let audit = Audit::by(Principal::User(session.user.id), address, &headers);
    let membership = join(&app, &mut org, &session, &audit, token, now).await?;
    if let Some(repeatable) = &repeatable {
        repeatable.keep(&mut org, serde_json::to_value(&membership).map_err(Problem::internal)?, now).await?;
    }
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %org_id, member = %session.user.id, "invitation accepted");
    Ok(Json(membership).into_response())
}

/// Uses the invitation up and makes the person a member, if the organisation may have one more.
async fn join(
    app: &AppState,
    org: &mut OrgTx,
    session: &Session,
    audit: &Audit,
    token: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Membership, Problem> {
    let user = &session.user;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(invalid_token)?;
    // Whoever revoked it a moment ago was first.
    let taken = org.take_invitation(token, &user.email, now).await.map_err(store_failed)?;
    let invitation = taken.ok_or_else(invalid_token)?;
    let role = invitation.role;
    let maximum = app.editions.limits_of(&organization).members;
    if org.count_members().await.map_err(store_failed)? >= u64::from(maximum) {
        return Err(limit_reached("members", maximum, organization.edition.as_str()));
    }
    if !org.add_member(user.id, role, now).await.map_err(store_failed)? {
        return Err(Problem::new(Code::Conflict, "You belong to this organisation already."));
    }
    let target = AuditTarget::of(invitation.id, &invitation.email);
    let details = AuditDetails::default().role(None, Some(role));
    audit.record(app, org, AuditAction::InvitationAccept, &target, &details).await?;
    let (name, edition) = (organization.name, organization.edition);
    Ok(StoredMembership { org_id: organization.id, name, role, edition }.into())
}

fn invalid_token() -> Problem {
    Problem::invalid(
        "/token",
        "invalid_token",
        "the link is wrong, used, revoked or too old, or it was sent to another address; sign in with the address that \
         the mail was sent to, or ask for another invitation",
    )
}
