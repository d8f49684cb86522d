use agentdb_control_plane_contract::{Edition, Principal};
use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget, NewOrganization};
use agentdb_ids::OrgId;
use agentdb_problem::{Code, IDEMPOTENCY_REPLAYED, Json, JsonBytes, Problem};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Organization, organization_name};
use crate::{
    audit::Audit,
    extract::{ClientAddress, Session},
    refusal::{JoinRefusals, store_failed},
    routes::{idempotency::Repeatable, me::room_for_one_more},
    state::AppState,
};

/// An organisation to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOrganization {
    /// What its people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Create an organisation
///
/// In the Community edition, with the caller as its owner. A person has one organisation in that edition: who owns or
/// made one creates another when that one is upgraded.
#[utoipa::path(
    post,
    path = "/v1/orgs",
    operation_id = "create_organization",
    tag = "organizations",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = CreateOrganization,
    responses(
        (status = 201, description = "The organisation", body = Organization,
         headers(("idempotency-replayed" = String, description = "`true` on an answer that was given before"))),
        JoinRefusals
    ),
    security(("session" = [])),
)]
pub(crate) async fn create_organization(
    State(app): State<AppState>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    JsonBytes { value: request, bytes }: JsonBytes<CreateOrganization>,
) -> Result<Response, Problem> {
    let repeatable = Repeatable::of_person(session.user.id, "create_organization", &headers, &bytes)?;
    let name = organization_name("/name", &request.name)?;
    let now = app.now();
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    person.lock_person().await.map_err(store_failed)?;
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answered_to(&mut person, now).await?
    {
        let replayed = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
        return Ok((StatusCode::CREATED, replayed, Json(answer)).into_response());
    }
    if person.has_community_organization().await.map_err(store_failed)? {
        return Err(one_is_enough());
    }
    room_for_one_more(&mut person).await?;
    let id = OrgId::generate(&*app.clock, &*app.entropy);
    let mut org =
        person.add_organization(&NewOrganization { id, name: &name, created_at: now }).await.map_err(store_failed)?;
    let audit = Audit::by(Principal::User(session.user.id), address, &headers);
    let (target, details) = (AuditTarget::of(id, &name), AuditDetails::default());
    audit.record(&app, &mut org, AuditAction::OrganizationCreate, &target, &details).await?;
    let organization = Organization { id, name, edition: Edition::Community, created_at: now };
    if let Some(repeatable) = &repeatable {
        repeatable.keep(&mut org, serde_json::to_value(&organization).map_err(Problem::internal)?, now).await?;
    }
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %id, owner = %session.user.id, "organisation created");
    Ok((StatusCode::CREATED, Json(organization)).into_response())
}

fn one_is_enough() -> Problem {
    Problem::new(
        Code::LimitExceeded,
        "A person has one organisation in the edition `community`, and you own or made one. Upgrade that one to create \
         another, or have yourself invited to one that somebody else created.",
    )
    .with("limit", "organizations")
    .with("maximum", 1)
    .with("edition", Edition::Community.as_str())
}
