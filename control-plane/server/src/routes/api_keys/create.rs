use agentdb_control_plane_contract::{ApiKeyToken, KeyKind, NamespacePattern, OrgScope, Principal, Scope};
use agentdb_control_plane_store::{ApiKeyRecord, NewApiKey};
use agentdb_ids::ApiKeyId;
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};
use chrono::{DateTime, SubsecRound as _, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiKey;
use crate::{
    extract::Reach,
    refusal::{OrgBodyRefusals, forbidden, limit_reached, store_failed},
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

/// A new API key. The secret is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The whole key, for `Authorization: Bearer`.
    secret: String,
}

/// Create an API key
///
/// Only the answer to this request has the secret.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/api-keys",
    operation_id = "create_api_key",
    tag = "api_keys",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation")),
    request_body = CreateApiKey,
    responses((status = 201, description = "The key and its secret", body = CreatedApiKey), OrgBodyRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn create_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Json(request): Json<CreateApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), Problem> {
    if !scope.role.may_develop() {
        return Err(forbidden("the role developer, admin or owner"));
    }
    let now = app.now();
    let request = checked(request, now)?;
    if !covers(&reach.0, &request.namespaces) {
        return Err(forbidden("a key that itself reaches these namespaces"));
    }
    let id = ApiKeyId::generate(&*app.clock, &*app.entropy);
    let token = ApiKeyToken::generate(id, &*app.entropy);

    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let maximum = app.editions.limits_of(&organization).api_keys;
    if org.count_api_keys(KeyKind::Api, now).await.map_err(store_failed)? >= u64::from(maximum) {
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
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, key = %id, "API key created");

    let key = ApiKeyRecord {
        id,
        name: request.name,
        scopes: request.scopes,
        namespaces: request.namespaces,
        created_at: now,
        expires_at: request.expires_at,
    };
    Ok((StatusCode::CREATED, Json(CreatedApiKey { key: key.into(), secret: token.expose().to_owned() })))
}

/// Whether every namespace that `inner` reaches is reached by `outer`.
fn covers(outer: &NamespacePattern, inner: &NamespacePattern) -> bool {
    match (outer.as_str().strip_suffix('*'), inner.as_str().strip_suffix('*')) {
        (Some(outer), Some(inner)) => inner.starts_with(outer),
        (Some(outer), None) => inner.as_str().starts_with(outer),
        (None, Some(_)) => false,
        (None, None) => outer == inner,
    }
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
        let pattern = |text: &str| NamespacePattern::try_from(text.to_owned()).expect("a pattern");
        let covers = |outer, inner| covers(&pattern(outer), &pattern(inner));
        assert!(
            covers("*", "*") && covers("*", "a") && covers("p-*", "p-*") && covers("p-*", "p-x*") && covers("a", "a")
        );
        assert!(
            !covers("p-*", "*")
                && !covers("p-*", "p*")
                && !covers("p-*", "q")
                && !covers("a", "a*")
                && !covers("a", "b")
        );
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
