//! API keys.

pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod revoke;

use agentdb_control_plane_contract::{NamespacePattern, Scope, api_key};
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
    name: String,
    /// What the key's text starts with.
    #[schema(example = "adb_01j9z3k8m5v0q2r4t6w8y0a1b3")]
    prefix: String,
    /// The namespaces it reaches.
    namespaces: NamespacePattern,
    scopes: Vec<Scope>,
    created_at: DateTime<Utc>,
    /// Good until then; for ever when null.
    expires_at: Option<DateTime<Utc>>,
}

impl From<ApiKeyRecord> for ApiKey {
    fn from(key: ApiKeyRecord) -> Self {
        Self {
            prefix: prefix(key.id),
            id: key.id,
            name: key.name,
            namespaces: key.namespaces,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }
}

/// The part of a key's text that is no secret.
fn prefix(id: ApiKeyId) -> String {
    let id = id.to_string();
    format!("{}{}", api_key::PREFIX, &id[ApiKeyId::PREFIX.len() + 1..])
}
