//! Where a scan goes on.

use agentdb_data_plane_engine::{Position, Value};
use agentdb_problem::Problem;

/// So that the form can change without old cursors being misread.
const VERSION: &str = "c1";
/// Of a scan in the order of an attribute.
const ORDERED: &str = "o1";

/// The cursor after the record `id`: opaque to callers, safe in URLs.
pub(crate) fn after(id: &str) -> String {
    encode(VERSION, id)
}

/// The id that a cursor was made of.
pub(crate) fn id(cursor: &str) -> Result<String, Problem> {
    decode(VERSION, cursor).ok_or_else(foreign)
}

/// The cursor after a place in the order of an attribute.
pub(crate) fn after_position(position: &Position) -> String {
    let value = match &position.value {
        None => String::new(),
        Some(Value::String(text)) => format!("s{text}"),
        Some(Value::Int(n)) => format!("i{n}"),
        Some(Value::Timestamp(n)) => format!("t{n}"),
        // The bits, so that not the least is lost.
        Some(Value::Float(f)) => format!("f{}", f.to_bits()),
        Some(Value::Bool(b)) => format!("b{b}"),
        Some(Value::StringList(_)) => String::new(),
    };
    // No id holds a control character.
    encode(ORDERED, &format!("{}\0{value}", position.id))
}

/// The place that a cursor was made of.
pub(crate) fn position(cursor: &str) -> Result<Position, Problem> {
    decode(ORDERED, cursor).and_then(|text| read_position(&text)).ok_or_else(foreign)
}

fn read_position(text: &str) -> Option<Position> {
    let (id, value) = text.split_once('\0')?;
    let value = match value.split_at_checked(1) {
        None => None,
        Some(("s", text)) => Some(Value::String(text.to_owned())),
        Some(("i", n)) => Some(Value::Int(n.parse().ok()?)),
        Some(("t", n)) => Some(Value::Timestamp(n.parse().ok()?)),
        Some(("f", bits)) => Some(Value::Float(f64::from_bits(bits.parse().ok()?))),
        Some(("b", b)) => Some(Value::Bool(b.parse().ok()?)),
        Some(_) => return None,
    };
    Some(Position { value, id: id.to_owned() })
}

fn foreign() -> Problem {
    Problem::invalid("/cursor", "invalid_cursor", "it is not a `next_cursor` of an earlier answer to this request")
}

fn encode(version: &str, text: &str) -> String {
    text.bytes().fold(version.to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn decode(version: &str, cursor: &str) -> Option<String> {
    let hex = cursor.strip_prefix(version)?;
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
            assert_eq!(decode(VERSION, &after(text)).as_deref(), Some(text));
        }
        for wrong in ["", "c1", "c1f", "c1zz", "c2aa", "c1ff", "c1é"] {
            assert_eq!(decode(VERSION, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_place_in_an_order_reads_back() {
        let values = [
            None,
            Some(Value::String("ä\0b".to_owned())),
            Some(Value::String(String::new())),
            Some(Value::Int(i64::MIN)),
            Some(Value::Timestamp(-1)),
            Some(Value::Float(0.1 + 0.2)),
            Some(Value::Bool(true)),
        ];
        for value in values {
            let place = Position { value, id: "a/ö".to_owned() };
            assert_eq!(position(&after_position(&place)).expect("a place"), place);
        }
        for wrong in [after("a"), encode(ORDERED, "a"), encode(ORDERED, "a\0x1"), encode(ORDERED, "a\0i")] {
            assert!(position(&wrong).is_err(), "{wrong}");
        }
        assert!(id(&after_position(&Position { value: None, id: "a".to_owned() })).is_err());
    }
}
