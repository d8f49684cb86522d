use agentdb_control_plane_contract::{
    AddressRange, ApiKeyToken, KeyKind, NamespacePattern, OrgScope, Permission, Principal, Scope,
};
use agentdb_control_plane_store::{ApiKeyRecord, AuditAction, AuditDetails, AuditTarget, NewApiKey, OrgTx};
use agentdb_ids::ApiKeyId;
use agentdb_problem::{IDEMPOTENCY_REPLAYED, Json, JsonBytes, Problem};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ApiKey,
    rules::{Rules, checked_addresses, checked_end, checked_name, checked_scopes},
};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{CreateKeyRefusals, limit_reached, require, store_failed},
    routes::idempotency::Repeatable,
    state::AppState,
};

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKey {
    /// What its people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The namespaces it reaches: a name, a prefix followed by `*`, or `*`.
    namespaces: NamespacePattern,
    /// What it may do there; `admin` is for operations on the organisation.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// From where it may be used: addresses and ranges, none twice; from anywhere when there are none.
    #[serde(default)]
    #[schema(max_items = 32)]
    allowed_addresses: Vec<AddressRange>,
    /// Good until then; for ever when absent.
    expires_at: Option<DateTime<Utc>>,
}

/// A new API key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The whole key, for `Authorization: Bearer`. Shown once: an answer that is repeated has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

/// Create an API key
///
/// Only the answer to this request has the secret. A key makes no key that reaches, may or lasts more than itself, or
/// that can be used from more addresses.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/api-keys",
    operation_id = "create_api_key",
    tag = "api_keys",
    params(
        ("org" = agentdb_ids::OrgId, Path, description = "The organisation"),
        ("Idempotency-Key" = Option<String>, Header,
         description = "Makes the request repeatable for 24 hours; the repeated answer has no secret"),
    ),
    request_body = CreateApiKey,
    responses(
        (status = 201, description = "The key and its secret", body = CreatedApiKey,
         headers(("idempotency-replayed" = String, description = "`true` on an answer that was given before"))),
        CreateKeyRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn create_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    headers: HeaderMap,
    JsonBytes { value: request, bytes }: JsonBytes<CreateApiKey>,
) -> Result<Response, Problem> {
    require(scope.role, Permission::ManageApiKeys)?;
    let repeatable = Repeatable::of(&scope, "create_api_key", &headers, &bytes)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answered(&mut org).await?
    {
        let replayed = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
        return Ok((StatusCode::CREATED, replayed, Json(answer)).into_response());
    }
    let now = app.now();
    let request = checked(request, now)?;
    request.rules().within(&reach)?;
    let (key, token) = make(&app, &mut org, &scope, request, now).await?;
    let details = AuditDetails::default()
        .scopes(None, Some(&key.scopes[..]))
        .namespaces(None, Some(&key.namespaces))
        .allowed_addresses(&[], &key.allowed_addresses)
        .expires_at(None, key.expires_at);
    let target = AuditTarget::of(key.id, &key.name);
    audit.record(&app, &mut org, AuditAction::ApiKeyCreate, &target, &details).await?;
    if let Some(repeatable) = &repeatable {
        repeatable.keep(&mut org, serde_json::to_value(&key).map_err(Problem::internal)?, now).await?;
    }
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, key = %token.key_id(), "API key created");
    let created = CreatedApiKey { key, secret: Some(token.expose().to_owned()) };
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// Puts a new key into the transaction, if the organisation may have one more.
async fn make(
    app: &AppState,
    org: &mut OrgTx,
    scope: &OrgScope,
    request: CreateApiKey,
    now: DateTime<Utc>,
) -> Result<(ApiKey, ApiKeyToken), Problem> {
    let id = ApiKeyId::generate(&*app.clock, &*app.entropy);
    let token = ApiKeyToken::generate(id, &*app.entropy);
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let maximum = app.editions.limits_of(&organization).api_keys;
    if org.count_api_keys(now).await.map_err(store_failed)? >= u64::from(maximum) {
        return Err(limit_reached("api_keys", maximum, organization.edition.as_str()));
    }
    org.add_api_key(&NewApiKey {
        id,
        kind: KeyKind::Api,
        name: &request.name,
        token_sha256: &token.sha256(),
        scopes: &request.scopes,
        namespaces: &request.namespaces,
        allowed_addresses: &request.allowed_addresses,
        created_by: match scope.principal {
            Principal::User(user_id) => Some(user_id),
            Principal::ApiKey(_) => None,
        },
        created_at: now,
        expires_at: request.expires_at,
        replaces: None,
    })
    .await
    .map_err(store_failed)?;
    let key = ApiKeyRecord {
        id,
        version: 1,
        name: request.name,
        scopes: request.scopes,
        namespaces: request.namespaces,
        allowed_addresses: request.allowed_addresses,
        created_at: now,
        expires_at: request.expires_at,
        replaces: None,
        replaced_by: None,
        last_used_at: None,
        last_used_address: None,
    };
    Ok((key.into(), token))
}

impl CreateApiKey {
    fn rules(&self) -> Rules<'_> {
        Rules {
            namespaces: &self.namespaces,
            scopes: &self.scopes,
            allowed_addresses: &self.allowed_addresses,
            expires_at: self.expires_at,
        }
    }
}

fn checked(request: CreateApiKey, now: DateTime<Utc>) -> Result<CreateApiKey, Problem> {
    Ok(CreateApiKey {
        name: checked_name(&request.name)?,
        scopes: checked_scopes(request.scopes)?,
        allowed_addresses: checked_addresses(request.allowed_addresses)?,
        expires_at: request.expires_at.map(|end| checked_end(end, now)).transpose()?,
        ..request
    })
}
