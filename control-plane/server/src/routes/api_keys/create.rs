use agentdb_control_plane_contract::{ApiKeyToken, KeyKind, NamespacePattern, OrgScope, Permission, Principal, Scope};
use agentdb_control_plane_store::{ApiKeyRecord, AuditAction, AuditDetails, AuditTarget, NewApiKey, OrgTx};
use agentdb_ids::ApiKeyId;
use agentdb_problem::{IDEMPOTENCY_REPLAYED, Json, JsonBytes, Problem};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, SubsecRound as _, Utc};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiKey;
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{CreateKeyRefusals, forbidden, limit_reached, require, store_failed},
    routes::idempotency::Repeatable,
    state::AppState,
};

/// Characters of a key's name.
const NAME_MAX_LEN: usize = 100;

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
/// Only the answer to this request has the secret. A key makes no key that reaches, may or lasts more than itself.
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
    within(&reach, &request)?;
    let (key, token) = make(&app, &mut org, &scope, request, now).await?;
    let details = AuditDetails::default()
        .scopes(None, Some(&key.scopes[..]))
        .namespaces(None, Some(&key.namespaces))
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
        created_by: match scope.principal {
            Principal::User(user_id) => Some(user_id),
            Principal::ApiKey(_) => None,
        },
        created_at: now,
        expires_at: request.expires_at,
    })
    .await
    .map_err(store_failed)?;
    let key = ApiKeyRecord {
        id,
        name: request.name,
        scopes: request.scopes,
        namespaces: request.namespaces,
        created_at: now,
        expires_at: request.expires_at,
    };
    Ok((key.into(), token))
}

/// Refuses a key that would have more than its maker.
fn within(reach: &Reach, request: &CreateApiKey) -> Result<(), Problem> {
    if !reach.namespaces.covers(&request.namespaces) {
        return Err(forbidden("a key that itself reaches these namespaces"));
    }
    if !request.scopes.iter().all(|scope| reach.scopes.contains(scope)) {
        return Err(forbidden("a key that itself has these scopes"));
    }
    if reach.expires_at.is_some_and(|end| request.expires_at.is_none_or(|wanted| wanted > end)) {
        return Err(forbidden("a key that is itself good as long as the new one"));
    }
    Ok(())
}

fn checked(mut request: CreateApiKey, now: DateTime<Utc>) -> Result<CreateApiKey, Problem> {
    request.name = request.name.trim().to_owned();
    let name = &request.name;
    if name.is_empty() || name.chars().count() > NAME_MAX_LEN || name.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "/name",
            "invalid_name",
            "a name has 1 to 100 characters, none of them control characters",
        ));
    }
    if request.scopes.is_empty() {
        return Err(Problem::invalid("/scopes", "empty", "a key needs at least one of `read`, `write`, `admin`"));
    }
    request.scopes.sort_unstable();
    let before = request.scopes.len();
    request.scopes.dedup();
    if request.scopes.len() < before {
        return Err(Problem::invalid("/scopes", "duplicate", "each scope stands once"));
    }
    request.expires_at = request.expires_at.map(|end| end.trunc_subsecs(6));
    if request.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::invalid("/expires_at", "in_the_past", "the time must be in the future"));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let end: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().expect("a time");
        let pattern = |text: &str| NamespacePattern::try_from(text.to_owned()).expect("a pattern");
        let reach =
            |expires_at| Reach { namespaces: pattern("p-*"), scopes: vec![Scope::Read, Scope::Admin], expires_at };
        let key = |namespaces: &str, scopes: &[Scope], expires_at| CreateApiKey {
            name: "key".to_owned(),
            namespaces: pattern(namespaces),
            scopes: scopes.to_vec(),
            expires_at,
        };
        let (day, second) = (chrono::Duration::days(1), chrono::Duration::microseconds(1));
        for (maker, wanted) in [(None, None), (None, Some(end)), (Some(end), Some(end)), (Some(end), Some(end - day))] {
            for scopes in [&[Scope::Read][..], &[Scope::Admin], &[Scope::Read, Scope::Admin]] {
                assert!(within(&reach(maker), &key("p-x", scopes, wanted)).is_ok(), "{maker:?} {wanted:?} {scopes:?}");
            }
        }
        assert!(within(&reach(None), &key("*", &[Scope::Read], None)).is_err());
        assert!(within(&reach(None), &key("p-*", &[Scope::Write], None)).is_err());
        assert!(within(&reach(None), &key("p-*", &[Scope::Read, Scope::Write], None)).is_err());
        assert!(within(&reach(Some(end)), &key("p-*", &[Scope::Read], None)).is_err(), "an eternal key");
        assert!(within(&reach(Some(end)), &key("p-*", &[Scope::Read], Some(end + second))).is_err());
    }

    #[test]
    fn requests_are_checked_field_by_field() {
        let now = "2026-01-02T00:00:00Z".parse().expect("a time");
        let check = |name: &str, scopes: &[&str], expires_at: Option<&str>| {
            let request = json!({"name": name, "namespaces": "*", "scopes": scopes, "expires_at": expires_at});
            checked(serde_json::from_value(request).expect("well formed"), now)
                .map_err(|problem| problem.detail().split(':').next().unwrap_or_default().to_owned())
        };
        assert_eq!(check(" app ", &["write", "read"], None).expect("good").name, "app");
        assert_eq!(check(" ", &["read"], None).err().as_deref(), Some("/name"));
        assert_eq!(check("a\nb", &["read"], None).err().as_deref(), Some("/name"));
        assert_eq!(check("app", &[], None).err().as_deref(), Some("/scopes"));
        assert_eq!(check("app", &["read", "read"], None).err().as_deref(), Some("/scopes"));
        let past = Some("2026-01-01T00:00:00Z");
        assert_eq!(check("app", &["read"], past).err().as_deref(), Some("/expires_at"));
    }
}
