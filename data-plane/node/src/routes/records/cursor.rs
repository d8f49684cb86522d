//! Where a scan goes on.

use agentdb_problem::Problem;

/// So that the form can change without old cursors being misread.
const VERSION: &str = "c1";

/// The cursor after the record `id`: opaque to callers, safe in URLs.
pub(crate) fn after(id: &str) -> String {
    id.bytes().fold(VERSION.to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// The id that a cursor was made of.
pub(crate) fn id(cursor: &str) -> Result<String, Problem> {
    decode(cursor)
        .ok_or_else(|| Problem::invalid("/cursor", "invalid_cursor", "it is not a `next_cursor` of an earlier answer"))
}

fn decode(cursor: &str) -> Option<String> {
    let hex = cursor.strip_prefix(VERSION)?;
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for text in ["a", "ä/ö?", "z".repeat(256).as_str()] {
            assert_eq!(decode(&after(text)).as_deref(), Some(text));
        }
        for wrong in ["", "c1", "c1f", "c1zz", "c2aa", "c1ff", "c1é"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
