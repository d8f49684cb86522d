//! API keys.

pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod revoke;
pub(super) mod rotate;
mod rules;
pub(super) mod update;
mod version;

use agentdb_control_plane_contract::{AddressRange, KeyLimits, NamespacePattern, Scope, api_key};
use agentdb_control_plane_store::ApiKeyRecord;
use agentdb_ids::{ApiKeyId, OrgId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which key.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ApiKeyPath {
    /// The organisation
    #[expect(dead_code, reason = "the access layer has read it; the scope says which organisation")]
    org: OrgId,
    /// The key
    key: ApiKeyId,
}

/// An API key, all but its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    id: ApiKeyId,
    /// Rises with every change; in quotation marks it is the key's `ETag`.
    version: u64,
    name: String,
    /// What the key's text starts with.
    #[schema(example = "adb_01j9z3k8m5v0q2r4t6w8y0a1b3")]
    prefix: String,
    /// The namespaces it reaches.
    namespaces: NamespacePattern,
    scopes: Vec<Scope>,
    /// From where it may be used; from anywhere when there are none.
    allowed_addresses: Vec<AddressRange>,
    /// How fast, below what the organisation may.
    limits: KeyLimits,
    created_at: DateTime<Utc>,
    /// Good until then; for ever when null.
    expires_at: Option<DateTime<Utc>>,
    /// The key in whose place it was made.
    replaces: Option<ApiKeyId>,
    /// The key that was made in its place; it ends itself.
    replaced_by: Option<ApiKeyId>,
    /// When it was last used, to the minute and told within a minute; null when it never was.
    last_used_at: Option<DateTime<Utc>>,
    /// From where, in that minute at first.
    last_used_address: Option<String>,
}

impl From<ApiKeyRecord> for ApiKey {
    fn from(key: ApiKeyRecord) -> Self {
        Self {
            prefix: prefix(key.id),
            id: key.id,
            version: key.version,
            name: key.name,
            namespaces: key.namespaces,
            scopes: key.scopes,
            allowed_addresses: key.allowed_addresses,
            limits: key.limits,
            created_at: key.created_at,
            expires_at: key.expires_at,
            replaces: key.replaces,
            replaced_by: key.replaced_by,
            last_used_at: key.last_used_at,
            last_used_address: key.last_used_address,
        }
    }
}

/// Whether the key has expired.
fn over(key: &ApiKeyRecord, now: DateTime<Utc>) -> bool {
    key.expires_at.is_some_and(|end| end <= now)
}

/// The part of a key's text that is no secret.
fn prefix(id: ApiKeyId) -> String {
    let id = id.to_string();
    format!("{}{}", api_key::PREFIX, &id[ApiKeyId::PREFIX.len() + 1..])
}
