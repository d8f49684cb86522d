//! Typed attribute values and their JSON form.

use std::ops::RangeInclusive;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    /// UTF-8 text.
    String,
    /// A signed 64-bit integer.
    Int,
    /// A finite 64-bit float.
    Float,
    /// True or false.
    Bool,
    /// A moment, microseconds, UTC; RFC 3339 in JSON.
    Timestamp,
    /// A list of strings.
    StringList,
}

impl AttributeType {
    /// The name used in JSON and in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Timestamp => "timestamp",
            Self::StringList => "string_list",
        }
    }
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// UTF-8 text.
    String(String),
    /// A signed 64-bit integer.
    Int(i64),
    /// A finite 64-bit float.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Microseconds since the Unix epoch, UTC.
    Timestamp(i64),
    /// A list of strings.
    StringList(Vec<String>),
}

/// Why JSON is not a value of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {got}")]
pub struct ValueError {
    /// What the schema wants.
    pub expected: &'static str,
    /// What was given, in a word.
    pub got: String,
}

impl Value {
    /// The type of this value.
    #[must_use]
    pub fn attribute_type(&self) -> AttributeType {
        match self {
            Self::String(_) => AttributeType::String,
            Self::Int(_) => AttributeType::Int,
            Self::Float(_) => AttributeType::Float,
            Self::Bool(_) => AttributeType::Bool,
            Self::Timestamp(_) => AttributeType::Timestamp,
            Self::StringList(_) => AttributeType::StringList,
        }
    }

    /// Reads a value of `kind` from JSON. An integer is taken as a float where a float is wanted;
    /// nothing else is converted.
    ///
    /// # Errors
    /// When the JSON is of another type, out of range, or a time that is not RFC 3339.
    pub fn from_json(kind: AttributeType, json: &serde_json::Value) -> Result<Self, ValueError> {
        let wrong = || ValueError { expected: expectation(kind), got: describe(json) };
        match kind {
            AttributeType::String => json.as_str().map(|s| Self::String(s.to_owned())),
            AttributeType::Int => json.as_i64().map(Self::Int),
            AttributeType::Float => json.as_f64().filter(|f| f.is_finite()).map(Self::Float),
            AttributeType::Bool => json.as_bool().map(Self::Bool),
            AttributeType::Timestamp => json.as_str().and_then(parse_timestamp).map(Self::Timestamp),
            AttributeType::StringList => json.as_array().and_then(|items| {
                items.iter().map(|i| i.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().map(Self::StringList)
            }),
        }
        .ok_or_else(wrong)
    }

    /// The JSON form; the inverse of [`Value::from_json`].
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::String(s) => s.as_str().into(),
            Self::Int(i) => (*i).into(),
            Self::Float(f) => (*f).into(),
            Self::Bool(b) => (*b).into(),
            Self::Timestamp(us) => format_timestamp(*us).into(),
            Self::StringList(items) => items.iter().map(String::as_str).collect(),
        }
    }

    /// Bytes this value counts for: the text of strings, 8 for numbers and moments, 1 for a bool; a list its strings and
    /// 4 for each.
    #[must_use]
    pub fn logical_bytes(&self) -> u64 {
        let bytes = match self {
            Self::String(s) => s.len(),
            Self::Int(_) | Self::Float(_) | Self::Timestamp(_) => 8,
            Self::Bool(_) => 1,
            Self::StringList(items) => items.iter().map(|item| item.len() + 4).sum(),
        };
        bytes as u64
    }
}

/// Moments that RFC 3339 can write in UTC: the years 0000 to 9999.
pub(super) const MOMENTS: RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

/// Microseconds since the epoch of an RFC 3339 text.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.with_timezone(&Utc).timestamp_micros()).filter(|micros| MOMENTS.contains(micros))
}

fn format_timestamp(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |t| t.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn expectation(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::String => "a string",
        AttributeType::Int => "an integer (64 bits, signed)",
        AttributeType::Float => "a finite number",
        AttributeType::Bool => "true or false",
        AttributeType::Timestamp => "a time in RFC 3339, from 0000 to 9999 in UTC",
        AttributeType::StringList => "a list of strings",
    }
}

fn describe(json: &serde_json::Value) -> String {
    use serde_json::Value as Json;
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(_) => "a boolean".to_owned(),
        Json::Number(n) => format!("the number {n}"),
        Json::String(_) => "a string".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_forms_round_trip() {
        for (kind, form) in [
            (AttributeType::String, json!("x")),
            (AttributeType::Int, json!(-7)),
            (AttributeType::Float, json!(1.5)),
            (AttributeType::Bool, json!(true)),
            (AttributeType::Timestamp, json!("2026-01-02T03:04:05.000006Z")),
            (AttributeType::StringList, json!(["a", "b"])),
        ] {
            let value = Value::from_json(kind, &form).expect("valid");
            assert_eq!(value.to_json(), form);
        }
    }

    #[test]
    fn other_types_are_refused() {
        assert!(Value::from_json(AttributeType::Int, &json!(1.5)).is_err());
        assert!(Value::from_json(AttributeType::Int, &json!("1")).is_err());
        assert!(Value::from_json(AttributeType::Timestamp, &json!("yesterday")).is_err());
        assert!(Value::from_json(AttributeType::StringList, &json!(["a", 1])).is_err());
    }

    #[test]
    fn a_time_that_is_taken_can_be_written_and_read_again() {
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
            let value = Value::from_json(AttributeType::Timestamp, &json!(text)).expect("valid");
            assert_eq!(value.to_json(), json!(text));
        }
        for text in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z"] {
            let refused = Value::from_json(AttributeType::Timestamp, &json!(text)).expect_err(text);
            assert!(refused.to_string().contains("0000 to 9999"), "{refused}");
        }
    }
}
