//! What a key allows.

use agentdb_ids::{ApiKeyId, NAME_MAX_LEN, OrgId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AddressRange, KeyLimits};

/// A verb that a key may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Queries, fetches, scans, descriptions.
    Read,
    /// Upserts, deletes, making and removing collections.
    Write,
    /// Operations on the organisation itself.
    Admin,
}

impl Scope {
    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            other => Err(format!("unknown scope `{other}`")),
        }
    }
}

/// What made a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// A person or program, shown in the list of keys.
    Api,
    /// The console, for a signed-in person; minutes long and not listed.
    Console,
}

/// Which namespaces a key reaches: a name, a prefix with one `*` at its end, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "support-*")]
pub struct NamespacePattern(String);

impl NamespacePattern {
    /// Every namespace.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether the namespace of this name is reached.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.prefix().map_or_else(|| name == self.0, |prefix| name.starts_with(prefix))
    }

    /// Whether every namespace that `inner` reaches is reached by this.
    #[must_use]
    pub fn covers(&self, inner: &Self) -> bool {
        // A `*` is in no name, so what a pattern's text begins with is what all its names begin with.
        self.prefix().map_or_else(|| inner == self, |prefix| inner.0.starts_with(prefix))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the reached names begin with; `None` when one name alone is reached, the [text](Self::as_str).
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }
}

impl TryFrom<String> for NamespacePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let stem = text.strip_suffix('*').unwrap_or(&text);
        let plain = stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if text.is_empty() || stem.len() > NAME_MAX_LEN || !plain {
            return Err("a namespace pattern is a name, a prefix followed by `*`, or `*`".to_owned());
        }
        Ok(Self(text))
    }
}

impl From<NamespacePattern> for String {
    fn from(pattern: NamespacePattern) -> Self {
        pattern.0
    }
}

/// A key as a node knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The key.
    pub key_id: ApiKeyId,
    /// Rises with every change of the key. An answer older than a revocation already seen is dropped.
    pub version: u64,
    /// The organisation that owns the key.
    pub org_id: OrgId,
    /// SHA-256 of the whole key text, lower-case hex.
    pub token_sha256: String,
    /// What made it.
    pub kind: KeyKind,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Where.
    pub namespaces: NamespacePattern,
    /// From where; from anywhere when there are none, as in a grant that was kept before there were any.
    #[serde(default)]
    pub allowed_addresses: Vec<AddressRange>,
    /// How fast; none of its own, as in a grant that was kept before there were any.
    #[serde(default)]
    pub limits: KeyLimits,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<NamespacePattern, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_pattern_reaches_its_names_only() {
        assert!(pattern("*").is_ok_and(|p| p.matches("anything")));
        assert!(pattern("prod-*").is_ok_and(|p| p.matches("prod-eu") && !p.matches("dev") && !p.matches("prod")));
        assert!(pattern("prod").is_ok_and(|p| p.matches("prod") && !p.matches("prod2") && !p.matches("Prod")));
        for wrong in ["", "a*b", "**", "a/b", "*a", "ä"] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_grant_that_was_kept_before_there_were_ranges_is_good_from_anywhere() {
        let kept = serde_json::json!({
            "key_id": "key_01jc0000000000000000000000", "version": 1, "org_id": "org_01jc0000000000000000000000",
            "token_sha256": "00", "kind": "api", "scopes": ["read"], "namespaces": "*", "expires_at": null,
        });
        let grant: Grant = serde_json::from_value(kept.clone()).expect("a grant");
        assert!(grant.allowed_addresses.is_empty());
        assert_eq!(grant.limits, KeyLimits::default());
        let mut ruled = kept;
        ruled["allowed_addresses"] = serde_json::json!(["10.0.0.0/8", "::1"]);
        ruled["limits"] = serde_json::json!({
            "requests_per_second": 5, "query_milli_units_per_second": null, "write_milli_units_per_second": 7_000,
            "concurrent_requests": 2,
        });
        let grant: Grant = serde_json::from_value(ruled.clone()).expect("a grant");
        assert_eq!(serde_json::to_value(grant).expect("JSON"), ruled);
    }

    #[test]
    fn a_pattern_covers_those_that_reach_no_more() {
        let covers = |outer, inner| pattern(outer).expect("a pattern").covers(&pattern(inner).expect("a pattern"));
        for (outer, inner) in [("*", "*"), ("*", "a"), ("p-*", "p-*"), ("p-*", "p-x*"), ("p-*", "p-x"), ("a", "a")] {
            assert!(covers(outer, inner), "{outer} covers {inner}");
        }
        for (outer, inner) in [("p-*", "*"), ("p-*", "p*"), ("p-*", "q"), ("p-*", "p"), ("a", "a*"), ("a", "b")] {
            assert!(!covers(outer, inner), "{outer} does not cover {inner}");
        }
    }
}
