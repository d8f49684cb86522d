//! Which literal and operator fits which field.

use std::cmp::Ordering;

use super::FilterError;
use super::ast::Field;
use crate::schema::{AttributeType, Schema, Value};

/// Characters of a LIKE pattern.
const MAX_PATTERN: usize = 256;

/// A value as written or given as a parameter.
pub(super) struct Literal {
    pub(super) json: serde_json::Value,
    pub(super) at: usize,
    pub(super) param: Option<usize>,
}

impl Literal {
    fn refuse(&self, why: impl Into<String>) -> FilterError {
        match self.param {
            Some(index) => FilterError::param(index, why),
            None => FilterError::at(self.at, why),
        }
    }

    /// A list given as one parameter, item by item.
    pub(super) fn spread(self) -> Vec<Self> {
        match self.json {
            serde_json::Value::Array(items) if self.param.is_some() => {
                items.into_iter().map(|json| Self { json, at: self.at, param: self.param }).collect()
            }
            json => vec![Self { json, ..self }],
        }
    }
}

/// The order in which a list of values is searched: values of one type are together, and texts go by length first,
/// so that few of them are compared byte by byte.
pub(super) fn search_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => text_order(a, b),
        (Value::Int(a), Value::Int(b)) | (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => float_order(*a, *b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => (a.attribute_type() as u8).cmp(&(b.attribute_type() as u8)),
    }
}

/// As [`search_order`].
pub(super) fn text_order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes()))
}

/// As [`search_order`]; both zeros are one number, as in comparisons.
pub(super) fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b))
}

fn attribute_type(schema: &Schema, column: usize) -> Option<AttributeType> {
    schema.attributes.values().nth(column).copied()
}

/// The type literals of `field` need; `None` for metadata, which takes any scalar.
fn kind_of(schema: &Schema, field: &Field) -> Option<AttributeType> {
    match field {
        Field::Id => Some(AttributeType::String),
        Field::Attribute(column) => attribute_type(schema, *column),
        Field::Metadata { .. } => None,
    }
}

/// The literal as a value of the field's type.
pub(super) fn value(schema: &Schema, field: &Field, literal: &Literal) -> Result<Value, FilterError> {
    if let Some(kind) = kind_of(schema, field) {
        return Value::from_json(kind, &literal.json).map_err(|e| literal.refuse(e.to_string()));
    }
    use serde_json::Value as Json;
    match &literal.json {
        Json::String(text) => Ok(Value::String(text.clone())),
        Json::Bool(b) => Ok(Value::Bool(*b)),
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(i), _) => Ok(Value::Int(i)),
            (None, Some(f)) if f.is_finite() => Ok(Value::Float(f)),
            _ => Err(literal.refuse("the number is out of range")),
        },
        _ => Err(literal.refuse("expected a string, a number, true or false")),
    }
}

/// Refuses fields that have no order.
pub(super) fn ordered(schema: &Schema, field: &Field, at: usize) -> Result<(), FilterError> {
    match kind_of(schema, field) {
        Some(AttributeType::Bool) => Err(FilterError::at(at, "a bool has no order; use = or !=")),
        _ => comparable(schema, field, at),
    }
}

/// Refuses fields that have no equality.
pub(super) fn comparable(schema: &Schema, field: &Field, at: usize) -> Result<(), FilterError> {
    match kind_of(schema, field) {
        Some(AttributeType::StringList) => Err(FilterError::at(at, "a string_list is asked with HAS")),
        _ => Ok(()),
    }
}

/// Whether the field alone is a condition.
pub(super) fn is_bool(schema: &Schema, field: &Field) -> bool {
    kind_of(schema, field) == Some(AttributeType::Bool)
}

/// The text of a LIKE pattern.
pub(super) fn pattern(schema: &Schema, field: &Field, literal: &Literal) -> Result<String, FilterError> {
    if !matches!(kind_of(schema, field), None | Some(AttributeType::String)) {
        return Err(FilterError::at(literal.at, "LIKE works on strings"));
    }
    let Some(text) = literal.json.as_str() else { return Err(literal.refuse("expected a string")) };
    if text.chars().count() > MAX_PATTERN {
        return Err(literal.refuse(format!("a pattern has at most {MAX_PATTERN} characters")));
    }
    Ok(text.to_owned())
}

pub(super) fn member(schema: &Schema, field: &Field, literal: &Literal) -> Result<String, FilterError> {
    if !matches!(kind_of(schema, field), None | Some(AttributeType::StringList)) {
        return Err(FilterError::at(literal.at, "HAS works on a string_list"));
    }
    match literal.json.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(literal.refuse("expected a string")),
    }
}
