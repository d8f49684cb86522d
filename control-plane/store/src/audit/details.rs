use agentdb_control_plane_contract::{AddressRange, KeyLimits, NamespacePattern, Role, Scope};
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// The longest JSON of what one field was and became, in bytes; longer ones are said to be left out.
const FIELD_MAX_LEN: usize = 2_048;

/// What a change changed: for each field what it was and what it became. There is a method for each field that may be
/// told, which takes that field's own type, and no other way in: a secret or its hash finds no place here. What has not
/// changed is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditDetails(Map<String, Value>);

impl AuditDetails {
    /// What people call the thing.
    #[must_use]
    pub fn name(self, from: Option<&str>, to: Option<&str>) -> Self {
        self.put("name", json!(from), json!(to))
    }

    /// What a key may do.
    #[must_use]
    pub fn scopes(self, from: Option<&[Scope]>, to: Option<&[Scope]>) -> Self {
        self.put("scopes", json!(from), json!(to))
    }

    /// The namespaces that a key reaches.
    #[must_use]
    pub fn namespaces(self, from: Option<&NamespacePattern>, to: Option<&NamespacePattern>) -> Self {
        self.put("namespaces", json!(from), json!(to))
    }

    /// From where a key may be used; none is anywhere.
    #[must_use]
    pub fn allowed_addresses(self, from: &[AddressRange], to: &[AddressRange]) -> Self {
        self.put("allowed_addresses", json!(from), json!(to))
    }

    /// How fast a key may be used.
    #[must_use]
    pub fn limits(self, from: &KeyLimits, to: &KeyLimits) -> Self {
        self.put("limits", json!(from), json!(to))
    }

    /// Until when the thing is good.
    #[must_use]
    pub fn expires_at(self, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Self {
        self.put("expires_at", json!(from), json!(to))
    }

    /// The key that comes in the place of the thing.
    #[must_use]
    pub fn replaced_by(self, successor: ApiKeyId) -> Self {
        self.put("replaced_by", Value::Null, json!(successor))
    }

    /// What somebody may do in the organisation.
    #[must_use]
    pub fn role(self, from: Option<Role>, to: Option<Role>) -> Self {
        self.put("role", json!(from), json!(to))
    }

    /// The labels that differ, of two objects.
    #[must_use]
    pub fn labels(self, from: &Value, to: &Value) -> Self {
        let (before, after) = (differing(from, to), differing(to, from));
        self.put("labels", Value::Object(before), Value::Object(after))
    }

    fn put(mut self, field: &str, from: Value, to: Value) -> Self {
        if from != to {
            let change = Value::Object(Map::from_iter([("from".to_owned(), from), ("to".to_owned(), to)]));
            let fits = change.to_string().len() <= FIELD_MAX_LEN;
            self.0.insert(field.to_owned(), if fits { change } else { json!({"omitted": true}) });
        }
        self
    }

    /// The form that is stored.
    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// Those members of `of` that `other` has not, or with another value.
fn differing(of: &Value, other: &Value) -> Map<String, Value> {
    let Some(members) = of.as_object() else { return Map::new() };
    members
        .iter()
        .filter(|(name, value)| other.get(name.as_str()) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_told_and_nothing_else() {
        let (before, after) = (json!({"team": "a", "env": "x", "old": "1"}), json!({"team": "b", "env": "x"}));
        let details = AuditDetails::default()
            .name(Some("same"), Some("same"))
            .scopes(None, Some(&[Scope::Read]))
            .namespaces(Some(&NamespacePattern::any()), None)
            .expires_at(None, None)
            .role(Some(Role::Developer), Some(Role::ReadOnly))
            .labels(&before, &after);
        let told = json!({
            "scopes": {"from": null, "to": ["read"]},
            "namespaces": {"from": "*", "to": null},
            "role": {"from": "developer", "to": "read_only"},
            "labels": {"from": {"team": "a", "old": "1"}, "to": {"team": "b"}},
        });
        assert_eq!(details.to_json(), told);
        assert_eq!(AuditDetails::default().labels(&before, &before), AuditDetails::default());
    }

    #[test]
    fn what_is_too_long_is_said_to_be_left_out() {
        let long = "ü".repeat(1_100);
        let details = AuditDetails::default().name(None, Some(&long)).role(None, Some(Role::Owner));
        let told = json!({"name": {"omitted": true}, "role": {"from": null, "to": "owner"}});
        assert_eq!(details.to_json(), told);
    }
}
