use agentdb_control_plane_contract::{AddressRange, Limits, NamespacePattern, OrgScope, Permission, Scope};
use agentdb_control_plane_store::{ApiKeyRecord, AuditAction, AuditDetails, AuditTarget};
use agentdb_problem::{Code, Json, Path, Problem};
use axum::{Extension, extract::State};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{
    ApiKey, ApiKeyPath, over,
    rules::{Rules, WantedLimits, checked_addresses, checked_end, checked_limits, checked_name, checked_scopes},
    version::{Tagged, tagged},
};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{UpdateKeyRefusals, require, store_failed},
    routes::version::matches,
    state::AppState,
};

/// What of a key is to be changed; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateApiKey {
    /// What its people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
    /// The namespaces it reaches: a name, a prefix followed by `*`, or `*`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    namespaces: Option<NamespacePattern>,
    /// What it may do there.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_items = 1, nullable = false)]
    scopes: Option<Vec<Scope>>,
    /// From where it may be used, in place of what there was; from anywhere when there are none.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_items = 32, nullable = false)]
    allowed_addresses: Option<Vec<AddressRange>>,
    /// How fast it may be used, in place of what there was.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    limits: Option<WantedLimits>,
    /// Good until then; for ever when null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<Option<DateTime<Utc>>>,
}

/// A member that is there, also when it is null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Change an API key
///
/// Nodes that are connected act by it within a second; the secret stays. A key changes no key so that it reaches, may
/// or lasts more than itself, or can be used from more addresses or faster. A key that was rotated cannot be made to last longer,
/// and one that has expired stays so.
#[utoipa::path(
    patch,
    path = "/v1/orgs/{org}/api-keys/{key}",
    operation_id = "update_api_key",
    tag = "api_keys",
    params(
        ApiKeyPath,
        ("If-Match" = Option<String>, Header, description = "Only when the key has this version, as `ETag` told it"),
    ),
    request_body = UpdateApiKey,
    responses(
        (status = 200, description = "The key as it is now", body = ApiKey,
         headers(("etag" = String, description = "Its version"))),
        UpdateKeyRefusals
    ),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn update_api_key(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Extension(audit): Extension<Audit>,
    Path(path): Path<ApiKeyPath>,
    headers: HeaderMap,
    Json(request): Json<UpdateApiKey>,
) -> Result<Tagged, Problem> {
    require(scope.role, Permission::ManageApiKeys)?;
    let now = app.now();
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    // Changes come one after the other, so that none is made of what another has changed.
    let organization = org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let key = org.api_key(&reach.namespaces, path.key).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let changed = request.applied_to(key.clone(), &app.editions.limits_of(&organization), now)?;
    matches(&headers, key.version, "key")?;
    Rules::of(&changed).within(&reach)?;
    if over(&key, now) {
        return Err(Problem::new(Code::Conflict, "The key has expired, for good; make a new one."));
    }
    if key.replaced_by.is_some() && lasts_longer(&changed, &key) {
        return Err(Problem::new(Code::Conflict, "The key was rotated and cannot be made to last longer."));
    }
    if changed == key {
        return tagged(key);
    }
    if !org.update_api_key(&changed, now).await.map_err(store_failed)? {
        // Revoked meanwhile.
        return Err(Problem::not_found());
    }
    let target = AuditTarget::of(key.id, &changed.name);
    audit.record(&app, &mut org, AuditAction::ApiKeyUpdate, &target, &what_changed(&key, &changed)).await?;
    org.commit().await.map_err(store_failed)?;
    tracing::info!(organization = %scope.org_id, key = %path.key, "API key changed");
    tagged(ApiKeyRecord { version: key.version + 1, ..changed })
}

impl UpdateApiKey {
    /// The key with what is to be changed.
    fn applied_to(self, mut key: ApiKeyRecord, limits: &Limits, now: DateTime<Utc>) -> Result<ApiKeyRecord, Problem> {
        if let Some(name) = self.name {
            key.name = checked_name(&name)?;
        }
        if let Some(namespaces) = self.namespaces {
            key.namespaces = namespaces;
        }
        if let Some(scopes) = self.scopes {
            key.scopes = checked_scopes(scopes)?;
        }
        if let Some(ranges) = self.allowed_addresses {
            key.allowed_addresses = checked_addresses(ranges)?;
        }
        if let Some(wanted) = self.limits {
            key.limits = checked_limits(wanted, limits)?;
        }
        if let Some(end) = self.expires_at {
            key.expires_at = end.map(|end| checked_end(end, now)).transpose()?;
        }
        Ok(key)
    }
}

fn what_changed(before: &ApiKeyRecord, after: &ApiKeyRecord) -> AuditDetails {
    AuditDetails::default()
        .name(Some(&before.name), Some(&after.name))
        .namespaces(Some(&before.namespaces), Some(&after.namespaces))
        .scopes(Some(&before.scopes), Some(&after.scopes))
        .allowed_addresses(&before.allowed_addresses, &after.allowed_addresses)
        .limits(&before.limits, &after.limits)
        .expires_at(before.expires_at, after.expires_at)
}

/// Whether `changed` would be good when `key` is not any more.
fn lasts_longer(changed: &ApiKeyRecord, key: &ApiKeyRecord) -> bool {
    key.expires_at.is_some_and(|end| changed.expires_at.is_none_or(|wanted| wanted > end))
}
