//! Names of collections and attributes.

use super::{DEFAULT_VECTOR, limits};

/// Column names the engine itself uses in the Lance tables.
const RESERVED: [&str; 5] = ["id", "vector", "text", "metadata", "score"];

/// Whether `name` may name a collection: 1..=128 of `A-Z a-z 0-9 _ - .`, starting with a letter or digit.
#[must_use]
pub fn valid_collection_name(name: &str) -> bool {
    name.len() <= limits::MAX_COLLECTION_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Whether `name` may name an attribute: an identifier that is not one of the engine's columns.
pub(super) fn valid_attribute_name(name: &str) -> bool {
    name.len() <= limits::MAX_ATTRIBUTE_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether `name` may name a vector column.
pub(super) fn valid_vector_name(name: &str) -> bool {
    name == DEFAULT_VECTOR || valid_attribute_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collection_names_are_plain() {
        for good in ["a", "docs", "Docs-2.v1_x", "9"] {
            assert!(valid_collection_name(good), "{good}");
        }
        for bad in ["", "-a", "_a", "a/b", "ä", "a b", &"x".repeat(129)] {
            assert!(!valid_collection_name(bad), "{bad}");
        }
    }

    #[test]
    fn attribute_names_leave_the_engine_its_columns() {
        for good in ["a", "topic", "page_no"] {
            assert!(valid_attribute_name(good), "{good}");
        }
        for bad in ["", "id", "Vector", "_commit", "1a", "a-b", "metadata"] {
            assert!(!valid_attribute_name(bad), "{bad}");
        }
    }
}
