//! Editions, features and limits: the meaning of the names. The numbers are data of the control plane.

use std::collections::BTreeSet;

use agentdb_ids::OrgId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an organisation has subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Free; stops at its limits and never charges.
    Community,
    /// For teams.
    Professional,
    /// For companies.
    Enterprise,
}

impl Edition {
    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Community => "community",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }
}

impl std::str::FromStr for Edition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "community" => Ok(Self::Community),
            "professional" => Ok(Self::Professional),
            "enterprise" => Ok(Self::Enterprise),
            other => Err(format!("unknown edition `{other}`")),
        }
    }
}

/// Something an edition includes or lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Vector, text and hybrid collections.
    Collections,
    /// Vectors computed by the service from text.
    Embedding,
}

/// How much an organisation may do and have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Namespaces that exist at once.
    pub namespaces: u32,
    /// API keys that are valid at once.
    pub api_keys: u32,
    /// People who belong to the organisation at once. Nodes take no notice of it, and older ones keep policies without.
    #[serde(default)]
    #[schema(required = true)]
    pub members: u32,
    /// Data requests a second, sustained, over all keys.
    pub requests_per_second: u32,
    /// Data requests that may come at once before the sustained rate binds.
    pub request_burst: u32,
    /// Query milli-units a second, sustained, over all keys.
    #[serde(default = "unlimited")]
    #[schema(required = true)]
    pub query_milli_units_per_second: u64,
    /// Query milli-units that may come at once before the sustained rate binds; a request that costs more is refused.
    #[serde(default = "unlimited")]
    #[schema(required = true)]
    pub query_milli_units_burst: u64,
    /// Write milli-units a second, sustained, over all keys.
    #[serde(default = "unlimited")]
    #[schema(required = true)]
    pub write_milli_units_per_second: u64,
    /// Write milli-units that may come at once before the sustained rate binds; a request that costs more is refused.
    #[serde(default = "unlimited")]
    #[schema(required = true)]
    pub write_milli_units_burst: u64,
    /// Data requests in work at the same moment.
    pub concurrent_requests: u32,
    /// How much of a busy node the organisation gets beside others: their parts are as these numbers.
    #[serde(default = "one")]
    #[schema(required = true)]
    pub fair_share: u32,
    /// Logical bytes stored, over all namespaces.
    pub storage_bytes: u64,
    /// Collections in a namespace.
    pub collections_per_namespace: u32,
    /// Numbers of the largest vector that a collection may be made for.
    #[serde(default = "any_dimension")]
    #[schema(required = true)]
    pub vector_dimension: u32,
    /// Days that a namespace can be read, rewound and branched back to.
    pub history_days: u32,
    /// Days in which a deleted namespace can be had back. Nodes take no notice of it, and older ones keep policies
    /// without.
    #[serde(default)]
    #[schema(required = true)]
    pub undelete_days: u32,
    /// Query milli-units in a calendar month (UTC) after which queries stop; `None` when usage is charged instead.
    pub query_milli_units_per_month: Option<u64>,
    /// Write milli-units in a calendar month (UTC) after which writes stop; `None` when usage is charged instead.
    pub write_milli_units_per_month: Option<u64>,
    /// Embedding tokens in a calendar month (UTC) after which embedding stops; `None` when usage is charged instead.
    pub embedding_tokens_per_month: Option<u64>,
}

/// Policies that nodes kept before there was a limit bind nothing by it.
const fn unlimited() -> u64 {
    i64::MAX as u64
}

const fn any_dimension() -> u32 {
    u32::MAX
}

const fn one() -> u32 {
    1
}

/// Whether an organisation may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything goes.
    Good,
    /// Reads go, writes are refused.
    ReadOnly,
    /// Nothing goes.
    Suspended,
}

/// What a node must know of an organisation to admit its requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgPolicy {
    /// The organisation.
    pub org_id: OrgId,
    /// Rises with every change.
    pub version: u64,
    /// Its edition.
    pub edition: Edition,
    /// What the edition includes.
    pub features: BTreeSet<Feature>,
    /// What the edition and overrides allow.
    pub limits: Limits,
    /// Whether it may work.
    pub standing: Standing,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_that_were_kept_before_there_were_all_of_them_are_still_read() {
        let old = json!({
            "namespaces": 1, "api_keys": 2, "requests_per_second": 3, "request_burst": 4, "concurrent_requests": 5,
            "storage_bytes": 6, "collections_per_namespace": 7, "history_days": 8,
            "query_milli_units_per_month": null, "write_milli_units_per_month": 9, "embedding_tokens_per_month": null,
        });
        let limits: Limits = serde_json::from_value(old).expect("limits");
        assert_eq!((limits.members, limits.undelete_days, limits.api_keys), (0, 0, 2));
        assert_eq!(limits.write_milli_units_per_month, Some(9));
        assert_eq!((limits.fair_share, limits.vector_dimension), (1, u32::MAX));
        assert_eq!(limits.query_milli_units_burst, i64::MAX as u64, "nothing binds by what was not said");
    }
}
