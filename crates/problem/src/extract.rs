//! Extractors that refuse with a problem that names the field.

mod body;
mod json;
mod path;
mod query;

pub use json::{Json, JsonBytes};
pub use path::Path;
pub use query::Query;

/// `$.records[3].id` of a deserialiser's path as the JSON Pointer `/records/3/id`.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    path.iter().fold(String::new(), |mut text, segment| {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        text
    })
}

/// The field that serde missed; the path ends at what should hold it.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split_once('`').map(|(name, _)| name)
}

/// Unknown fields have a reason of their own, since clients handle them differently.
fn reason(message: &str) -> &'static str {
    if message.starts_with("unknown field") {
        "unknown_field"
    } else if message.starts_with("missing field") {
        "missing_field"
    } else if message.starts_with("unknown variant") {
        "unknown_value"
    } else if message.starts_with("number out of range") {
        "out_of_range"
    } else {
        "invalid_value"
    }
}

/// Serde's message without the position, which the pointer tells better.
fn plain(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |end| &message[..end])
}
