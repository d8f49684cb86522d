//! Paths into a record's metadata.

use serde_json::Value as Json;

/// The JSON at `path`, or `None` when there is nothing or null.
pub(super) fn at_path(metadata: &str, path: &[String]) -> Option<Json> {
    // Only text that the engine itself wrote comes here.
    let mut node: Json = serde_json::from_str(metadata).ok()?;
    for part in path {
        node = node.as_object_mut()?.remove(part)?;
    }
    (!node.is_null()).then_some(node)
}
