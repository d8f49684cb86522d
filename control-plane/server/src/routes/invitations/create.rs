use agentdb_control_plane_contract::{OrgScope, Role};
use agentdb_control_plane_store::{
    AuditAction, AuditDetails, AuditTarget, MemberRecord, NewInvitation, OrgTx, OrganizationRecord,
};
use agentdb_ids::InvitationId;
use agentdb_problem::{Code, IDEMPOTENCY_REPLAYED, Json, JsonBytes, Problem};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Duration, Utc};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Invitation;
use crate::{
    audit::Audit,
    mailer::{Inviter, invitation},
    refusal::{InviteRefusals, limit_reached, store_failed},
    routes::{
        auth::email,
        idempotency::Repeatable,
        members::{caller, may_give},
    },
    state::AppState,
};

/// How long an invitation is good.
const VALID_DAYS: u32 = 7;

/// The most invitations of one organisation that wait for an answer.
const MAX_PENDING: u64 = 100;

/// Somebody to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInvitation {
    /// Where the mail goes; who accepts must be signed in with this address.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
    /// What the person will be.
    role: Role,
}

/// Invite somebody
///
/// For signed-in admins and owners; only owners invite owners. A mail with a link goes to the address, good for 7 days.
/// One that is sent again takes the place of the older one. Whether the address has an account is not told.
/// Invitations that wait take up places of the limit `members`.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/invitations",
    operation_id = "create_invitation",
    tag = "members",
    params(
        ("org" = agentdb_ids::OrgId, Path, description = "The organisation"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = CreateInvitation,
    responses(
        (status = 201, description = "A mail is on its way", body = Invitation,
         headers(("idempotency-replayed" = String, description = "`true` on an answer that was given before"))),
        InviteRefusals
    ),
    security(("session" = [])),
)]
pub(crate) async fn create_invitation(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(audit): Extension<Audit>,
    headers: HeaderMap,
    JsonBytes { value: request, bytes }: JsonBytes<CreateInvitation>,
) -> Result<Response, Problem> {
    let repeatable = Repeatable::of(&scope, "create_invitation", &headers, &bytes)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let caller = caller(&mut org, &scope).await?;
    may_give(&caller, request.role)?;
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answered(&mut org).await?
    {
        let replayed = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
        return Ok((StatusCode::CREATED, replayed, Json(answer)).into_response());
    }
    let request = CreateInvitation { email: email::parse(&request.email)?, ..request };
    let now = app.now();
    room_for(&app, &mut org, &organization, &request.email, now).await?;
    app.throttles.invitations.admit(scope.org_id)?;
    app.throttles.mails.admit(email::throttle_key(&request.email))?;
    let invitation = invite(&app, &mut org, &organization, &caller, request, now).await?;
    let target = AuditTarget::of(invitation.id, &invitation.email);
    let details = AuditDetails::default().role(None, Some(invitation.role));
    audit.record(&app, &mut org, AuditAction::InvitationCreate, &target, &details).await?;
    if let Some(repeatable) = &repeatable {
        repeatable.keep(&mut org, serde_json::to_value(&invitation).map_err(Problem::internal)?, now).await?;
    }
    org.commit().await.map_err(store_failed)?;
    app.mail_posted.notify_one();
    tracing::info!(organization = %scope.org_id, invitation = %invitation.id, by = %caller.user_id, "invited");
    Ok((StatusCode::CREATED, Json(invitation)).into_response())
}

/// Refuses an address that is a member's, and one invitation too many. An older one of the address makes room.
async fn room_for(
    app: &AppState,
    org: &mut OrgTx,
    organization: &OrganizationRecord,
    email: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if org.has_member_with(email).await.map_err(store_failed)? {
        return Err(Problem::new(Code::Conflict, "Somebody with this address belongs to the organisation already."));
    }
    let pending = org.count_other_invitations(email, now).await.map_err(store_failed)?;
    if pending >= MAX_PENDING {
        return Err(Problem::new(
            Code::LimitExceeded,
            format!("At most {MAX_PENDING} invitations wait for an answer at once. Revoke one first."),
        )
        .with("limit", "invitations")
        .with("maximum", MAX_PENDING));
    }
    let maximum = app.editions.limits_of(organization).members;
    if org.count_members().await.map_err(store_failed)? + pending >= u64::from(maximum) {
        return Err(limit_reached("members", maximum, organization.edition.as_str()));
    }
    Ok(())
}

/// Puts the invitation and its mail into the transaction.
async fn invite(
    app: &AppState,
    org: &mut OrgTx,
    organization: &OrganizationRecord,
    caller: &MemberRecord,
    request: CreateInvitation,
    now: DateTime<Utc>,
) -> Result<Invitation, Problem> {
    let id = InvitationId::generate(&*app.clock, &*app.entropy);
    let (token, token_sha256) = app.new_token();
    let expires_at = now + Duration::days(VALID_DAYS.into());
    let CreateInvitation { email, role } = request;
    let by = Inviter { email: &caller.email, organization: &organization.name, role };
    let text = invitation(&app.config.public_url, &token, &by, VALID_DAYS);
    org.add_invitation(
        &NewInvitation {
            id,
            token_sha256,
            email: &email,
            role,
            invited_by: caller.user_id,
            created_at: now,
            expires_at,
        },
        &text.mail(app.new_uuid(), &email, now, expires_at),
    )
    .await
    .map_err(store_failed)?;
    Ok(Invitation { id, email, role, created_at: now, expires_at })
}
