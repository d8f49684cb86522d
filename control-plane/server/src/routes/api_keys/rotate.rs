use agentdb_control_plane_contract::{ApiKeyToken, KeyKind, OrgScope, Permission, Principal};
use agentdb_control_plane_store::{ApiKeyRecord, AuditAction, AuditDetails, AuditTarget, NewApiKey, OrgTx};
use agentdb_ids::ApiKeyId;
use agentdb_problem::{Code, IDEMPOTENCY_REPLAYED, Json, JsonBytes, Path, Problem};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Duration, Utc};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiKey, ApiKeyPath, over, rules::Rules};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{RotateKeyRefusals, require, store_failed},
    routes::idempotency::Repeatable,
    state::AppState,
};

/// 24 hours.
const DEFAULT_OVERLAP_S: u32 = 24 * 3_600;

/// 30 days.
const MAX_OVERLAP_S: u32 = 30 * 24 * 3_600;

/// How a key is to be rotated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateApiKey {
    /// How long the old key is good beside the new one, in seconds; with 0 it ends at once, as one that is revoked.
    #[serde(default = "default_overlap")]
    #[schema(default = 86400, minimum = 0, maximum = 2592000)]
    overlap_s: u32,
}

const fn default_overlap() -> u32 {
    DEFAULT_OVERLAP_S
}

/// A key in the place of another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RotatedApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The whole key, for `Authorization: Bearer`. Shown once: an answer that is repeated has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// The old key is good until then.
    replaced_until: DateTime<Utc>,
}

/// Rotate an API key
///
/// Makes a key with a secret of its own and all that the old one has: name, namespaces, scopes, addresses, limits and end. The
/// old one ends after the overlap, or at its own end when that is sooner; until then both are good. A key is rotated
/// once, and not while the one that it replaces is still good. A rotation is not refused for the limit of keys, but the
/// old key counts until it ends. A key rotates no key that reaches, may or lasts more than itself, or that can be used
/// from more addresses or faster.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/api-keys/{key}/rotate",
    operation_id = "rotate_api_key",
    tag = "api_keys",
    params(
        ApiKeyPath,
        ("Idempotency-Key" = Option<String>, Header,
         description = "Makes the request repeatable for 24 hours; the repeated answer has no secret"),
    ),
    request_body = RotateApiKey,
    responses(
        (status = 201, description = "The new key and its secret", body = RotatedApiKey,
         headers(("idempotency-replayed" = String, description = "`true` on an answer that was given before"))),
        RotateKeyRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn rotate_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<ApiKeyPath>,
    headers: HeaderMap,
    JsonBytes { value: request, bytes }: JsonBytes<RotateApiKey>,
) -> Result<Response, Problem> {
    require(scope.role, Permission::ManageApiKeys)?;
    if request.overlap_s > MAX_OVERLAP_S {
        let detail = format!("an overlap has at most {MAX_OVERLAP_S} seconds, which is 30 days");
        return Err(Problem::invalid("/overlap_s", "out_of_range", detail));
    }
    // To rotate another key is another request.
    let asked = [path.key.to_string().as_bytes(), &bytes[..]].concat();
    let repeatable = Repeatable::of(&scope, "rotate_api_key", &headers, &asked)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    if let Some(repeatable) = &repeatable
        && let Some(answer) = repeatable.answered(&mut org).await?
    {
        let replayed = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
        return Ok((StatusCode::CREATED, replayed, Json(answer)).into_response());
    }
    let now = app.now();
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let old = org.api_key(&reach.namespaces, path.key).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    Rules::of(&old).within(&reach)?;
    may_be_rotated(&mut org, &old, now).await?;
    let end = now + Duration::seconds(request.overlap_s.into());
    let replaced_until = old.expires_at.map_or(end, |own| own.min(end));
    let (key, token) = replace(&app, &mut org, &scope, &old, replaced_until, now).await?;
    let details = AuditDetails::default().replaced_by(key.id).expires_at(old.expires_at, Some(replaced_until));
    let target = AuditTarget::of(old.id, &old.name);
    audit.record(&app, &mut org, AuditAction::ApiKeyRotate, &target, &details).await?;
    let mut rotated = RotatedApiKey { key, secret: None, replaced_until };
    if let Some(repeatable) = &repeatable {
        repeatable.keep(&mut org, serde_json::to_value(&rotated).map_err(Problem::internal)?, now).await?;
    }
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, key = %old.id, successor = %token.key_id(), "API key rotated");
    rotated.secret = Some(token.expose().to_owned());
    Ok((StatusCode::CREATED, Json(rotated)).into_response())
}

/// A chain of rotations would escape the limit of keys: of one key two are good at once, never three.
async fn may_be_rotated(org: &mut OrgTx, old: &ApiKeyRecord, now: DateTime<Utc>) -> Result<(), Problem> {
    if let Some(successor) = old.replaced_by {
        let detail = format!("The key was rotated before; `{successor}` is in its place.");
        return Err(Problem::new(Code::Conflict, detail).with("replaced_by", successor.to_string()));
    }
    if over(old, now) {
        return Err(Problem::new(Code::Conflict, "The key has expired; make a new one."));
    }
    if let Some(predecessor) = old.replaces
        && org.is_api_key_good(predecessor, now).await.map_err(store_failed)?
    {
        let detail =
            format!("The key `{predecessor}`, which this one replaces, is still good; revoke it or wait for its end.");
        return Err(Problem::new(Code::Conflict, detail).with("replaces", predecessor.to_string()));
    }
    Ok(())
}

/// Puts the new key and the end of the old one into the transaction.
async fn replace(
    app: &AppState,
    org: &mut OrgTx,
    scope: &OrgScope,
    old: &ApiKeyRecord,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(ApiKey, ApiKeyToken), Problem> {
    let id = ApiKeyId::generate(&*app.clock, &*app.entropy);
    let token = ApiKeyToken::generate(id, &*app.entropy);
    let token_sha256 = token.sha256();
    let successor = NewApiKey {
        id,
        kind: KeyKind::Api,
        name: &old.name,
        token_sha256: &token_sha256,
        scopes: &old.scopes,
        namespaces: &old.namespaces,
        allowed_addresses: &old.allowed_addresses,
        limits: old.limits,
        created_by: match scope.principal {
            Principal::User(user_id) => Some(user_id),
            Principal::ApiKey(_) => None,
        },
        created_at: now,
        expires_at: old.expires_at,
        replaces: Some(old.id),
    };
    if !org.replace_api_key(old, ends_at, &successor, now).await.map_err(store_failed)? {
        // Revoked meanwhile.
        return Err(Problem::not_found());
    }
    let key = ApiKeyRecord {
        id,
        version: 1,
        created_at: now,
        replaces: Some(old.id),
        replaced_by: None,
        last_used_at: None,
        last_used_address: None,
        ..old.clone()
    };
    Ok((key.into(), token))
}
