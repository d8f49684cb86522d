//! What each edition includes and allows. The numbers are data (`editions.json`); an organisation may have its own in
//! place of some of them.

use std::collections::{BTreeMap, BTreeSet};

use agentdb_control_plane_contract::{Edition, Feature, Limits, OrgPolicy};
use agentdb_control_plane_store::OrganizationRecord;
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Why overrides are not limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    /// Not a JSON object.
    #[error("overrides are a JSON object of limits")]
    NotAnObject,
    /// No limit has this name.
    #[error("`{0}` is not a limit; the limits are: {1}")]
    Unknown(String, String),
    /// A value does not fit.
    #[error("a limit cannot have this value: {0}")]
    Value(String),
}

/// All editions, in one version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditionBook {
    /// Rises when any number changes that nodes enforce.
    version: u32,
    editions: BTreeMap<Edition, EditionTerms>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditionTerms {
    features: BTreeSet<Feature>,
    limits: Limits,
    /// How far back the audit log goes. No limit that nodes know.
    audit_days: u16,
}

impl EditionBook {
    /// The book this program was built with.
    #[must_use]
    pub fn built_in() -> Self {
        let book: Self =
            serde_json::from_str(include_str!("editions.json")).expect("a test reads editions.json as this code does");
        assert_eq!(book.editions.len(), 3, "editions.json has every edition");
        book
    }

    /// The features of an edition.
    #[must_use]
    pub fn features(&self, edition: Edition) -> &BTreeSet<Feature> {
        &self.editions[&edition].features
    }

    /// All editions.
    pub fn all(&self) -> impl Iterator<Item = Edition> {
        self.editions.keys().copied()
    }

    /// How far back the audit log of an edition goes.
    #[must_use]
    pub fn audit_kept(&self, edition: Edition) -> Duration {
        Duration::days(self.editions[&edition].audit_days.into())
    }

    /// The limits of an edition with the overrides of an organisation in place of some of them.
    ///
    /// # Errors
    /// When the overrides are no limits.
    pub fn limits(&self, edition: Edition, overrides: &Value) -> Result<Limits, LimitError> {
        let base = self.editions[&edition].limits;
        let overrides = overrides.as_object().ok_or(LimitError::NotAnObject)?;
        if overrides.is_empty() {
            return Ok(base);
        }
        let mut merged: Map<String, Value> = match serde_json::to_value(base) {
            Ok(Value::Object(map)) => map,
            other => return Err(LimitError::Value(format!("{other:?}"))),
        };
        for (name, value) in overrides {
            if !merged.contains_key(name) {
                let names: Vec<&str> = merged.keys().map(String::as_str).collect();
                return Err(LimitError::Unknown(name.clone(), names.join(", ")));
            }
            merged.insert(name.clone(), value.clone());
        }
        serde_json::from_value(Value::Object(merged)).map_err(|error| LimitError::Value(error.to_string()))
    }

    /// The limits in force. Overrides that cannot be read are reported and the edition's own limits hold.
    #[must_use]
    pub fn limits_of(&self, organization: &OrganizationRecord) -> Limits {
        self.limits(organization.edition, &organization.limit_overrides).unwrap_or_else(|error| {
            tracing::error!(organization = %organization.id, %error, "stored limit overrides are ignored");
            self.editions[&organization.edition].limits
        })
    }

    /// What nodes enforce for an organisation.
    #[must_use]
    pub fn policy(&self, organization: &OrganizationRecord) -> OrgPolicy {
        OrgPolicy {
            org_id: organization.id,
            // A new book is a change of every policy; each part alone only rises.
            version: (u64::from(self.version) << 32) + organization.policy_version,
            edition: organization.edition,
            features: self.features(organization.edition).clone(),
            limits: self.limits_of(organization),
            standing: organization.standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_book_has_every_edition_and_larger_ones_allow_more() {
        let book = EditionBook::built_in();
        let limits = |edition| book.limits(edition, &json!({})).expect("no overrides");
        let (community, professional, enterprise) =
            (limits(Edition::Community), limits(Edition::Professional), limits(Edition::Enterprise));
        assert_eq!((community.namespaces, community.api_keys, community.requests_per_second), (3, 2, 10));
        assert_eq!(community.query_milli_units_per_month, Some(1_000_000_000));
        assert_eq!([community, professional, enterprise].map(|limits| limits.history_days), [1, 7, 35]);
        assert_eq!([community, professional, enterprise].map(|limits| limits.undelete_days), [1, 7, 35]);
        let kept =
            [Edition::Community, Edition::Professional, Edition::Enterprise].map(|edition| book.audit_kept(edition));
        assert_eq!(kept, [7, 90, 400].map(Duration::days), "never less than the seven days of the table's own rule");
        assert_eq!([community, professional, enterprise].map(|limits| limits.members), [3, 25, 1_000]);
        let all = [community, professional, enterprise];
        assert_eq!(all.map(|limits| limits.fair_share), [1, 2, 4]);
        for (less, more) in [(community, professional), (professional, enterprise)] {
            assert!(less.query_milli_units_per_second < more.query_milli_units_per_second);
            assert!(less.write_milli_units_per_second < more.write_milli_units_per_second);
            assert!(less.vector_dimension <= more.vector_dimension);
        }
        // The largest body, with as little as possible in each of its records, comes through in every edition.
        let dearest_write = 1_000_000 + 16 * 1024 * 1024 / 4_096 * 1_000;
        assert!(all.iter().all(|limits| limits.write_milli_units_burst >= dearest_write));
        assert!(professional.namespaces > community.namespaces && enterprise.namespaces > professional.namespaces);
        assert_eq!(professional.query_milli_units_per_month, None, "paid editions are charged, not stopped");
    }

    #[test]
    fn overrides_replace_single_limits_and_nonsense_is_named() {
        let book = EditionBook::built_in();
        let limits = book
            .limits(Edition::Community, &json!({"namespaces": 7, "query_milli_units_per_month": null}))
            .expect("both are limits");
        assert_eq!((limits.namespaces, limits.api_keys, limits.query_milli_units_per_month), (7, 2, None));
        let refused = |value| book.limits(Edition::Community, &value).expect_err("not limits").to_string();
        assert!(refused(json!({"namespace": 7})).contains("`namespace` is not a limit"));
        assert!(refused(json!({"namespaces": -1})).contains("cannot have this value"));
        assert!(refused(json!([])).contains("object"));
    }
}
