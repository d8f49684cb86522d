use std::collections::BTreeMap;

use agentdb_problem::Problem;
use serde_json::Value;

const MAX_LABELS: usize = 32;
const KEY_MAX_LEN: usize = 63;
const VALUE_MAX_LEN: usize = 256;

/// Whether a label can have the key.
pub(super) fn is_key(key: &str) -> bool {
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    !key.is_empty() && key.len() <= KEY_MAX_LEN && plain
}

/// Labels as they are stored, if they keep the rules.
pub(super) fn checked(labels: BTreeMap<String, String>) -> Result<Value, Problem> {
    if labels.len() > MAX_LABELS {
        return Err(Problem::invalid("/labels", "too_many", "a namespace has at most 32 labels"));
    }
    for (key, value) in &labels {
        if !is_key(key) {
            return Err(Problem::invalid(
                "/labels",
                "invalid_key",
                "a label's key has 1 to 63 of A-Z, a-z, 0-9, '.', '_', '-' and '/'",
            ));
        }
        if value.chars().count() > VALUE_MAX_LEN || value.chars().any(char::is_control) {
            return Err(Problem::invalid(
                format!("/labels/{}", key.replace('/', "~1")),
                "invalid_value",
                "a label's value has at most 256 characters, none of them control characters",
            ));
        }
    }
    Ok(Value::Object(labels.into_iter().map(|(key, value)| (key, Value::String(value))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_few_short_and_plain() {
        let check = |key: &str, value: &str| checked([(key.to_owned(), value.to_owned())].into());
        assert!(check("team/env", "prod ü").is_ok());
        assert!(check("", "x").is_err() && check("a b", "x").is_err() && check(&"k".repeat(64), "x").is_err());
        assert!(check("k", &"v".repeat(257)).is_err() && check("k", "a\u{0}").is_err());
        assert!(checked((0..33).map(|i| (format!("k{i}"), String::new())).collect()).is_err());
    }
}
