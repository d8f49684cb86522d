//! The rules a schema and a record must pass before they may enter the log.

use std::collections::HashSet;

use super::{Record, Schema, Value, limits, names};

/// Why a schema is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct SchemaError {
    /// The field, in the form of the request (`vector.dimension`).
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {record}: {field}: {why}")]
pub struct SchemaMismatch {
    /// The record's index in the request.
    pub record: usize,
    /// The field of the record (`vector`, `attributes.topic`).
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

pub(super) fn check_schema(schema: &Schema) -> Result<(), SchemaError> {
    let refuse = |field: &str, why: String| Err(SchemaError { field: field.to_owned(), why });
    if let Some(vector) = schema.vector
        && !(1..=limits::MAX_DIMENSION).contains(&vector.dimension)
    {
        return refuse("vector.dimension", format!("must be 1 to {}", limits::MAX_DIMENSION));
    }
    if schema.attributes.len() > limits::MAX_ATTRIBUTES {
        return refuse("attributes", format!("at most {} are allowed", limits::MAX_ATTRIBUTES));
    }
    if schema.embedding_model.as_ref().is_some_and(|m| m.is_empty() || m.len() > limits::MAX_MODEL_NAME_BYTES) {
        return refuse("embedding_model", format!("must be 1 to {} bytes", limits::MAX_MODEL_NAME_BYTES));
    }
    let mut seen = HashSet::new();
    for name in schema.attributes.keys() {
        let field = format!("attributes.{name}");
        if !names::valid_attribute_name(name) {
            return refuse(
                &field,
                format!(
                    "must be a letter followed by letters, digits or _, at most {} bytes, and not id, vector, text, metadata or score",
                    limits::MAX_ATTRIBUTE_NAME_BYTES
                ),
            );
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return refuse(&field, "differs from another attribute only by case".to_owned());
        }
    }
    Ok(())
}

/// Checks one record against its collection's schema. `index` is its place in the request.
pub(crate) fn check_record(schema: &Schema, index: usize, record: &Record) -> Result<(), SchemaMismatch> {
    check_vector(schema, record.vector.as_deref())
        .and_then(|()| check_fields(schema, record))
        .map_err(|(field, why)| SchemaMismatch { record: index, field, why })
}

/// As [`check_record`], of a record whose vector may still have to be computed.
pub(super) fn check_before_embedding(schema: &Schema, index: usize, record: &Record) -> Result<(), SchemaMismatch> {
    match &record.vector {
        Some(_) => check_record(schema, index, record),
        None => check_fields(schema, record).map_err(|(field, why)| SchemaMismatch { record: index, field, why }),
    }
}

type Refusal = (String, String);

fn check_fields(schema: &Schema, record: &Record) -> Result<(), Refusal> {
    check_id(&record.id)?;
    if let Some(text) = &record.text {
        if schema.text.is_none() {
            return refuse("text", "the collection has no text column");
        }
        if text.len() > limits::MAX_TEXT_BYTES {
            return refuse("text", format!("{} bytes; at most {} are allowed", text.len(), limits::MAX_TEXT_BYTES));
        }
    }
    for (name, value) in &record.attributes {
        check_attribute(schema, name, value).map_err(|why| (format!("attributes.{name}"), why))?;
    }
    if let Some(metadata) = &record.metadata {
        let bytes = metadata.to_string().len();
        if bytes > limits::MAX_METADATA_BYTES {
            return refuse("metadata", format!("{bytes} bytes; at most {} are allowed", limits::MAX_METADATA_BYTES));
        }
    }
    Ok(())
}

/// Checks an id; also used for ids to delete.
pub(crate) fn check_id(id: &str) -> Result<(), Refusal> {
    if id.is_empty() || id.len() > limits::MAX_ID_BYTES {
        return refuse("id", format!("must be 1 to {} bytes", limits::MAX_ID_BYTES));
    }
    if id.chars().any(char::is_control) {
        return refuse("id", "must not contain control characters");
    }
    Ok(())
}

fn check_vector(schema: &Schema, vector: Option<&[f32]>) -> Result<(), Refusal> {
    match (schema.vector, vector) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse("vector", "the collection has no vector column"),
        (Some(_), None) => refuse("vector", "the collection has a vector column, so each record needs a vector"),
        (Some(spec), Some(vector)) => {
            check_numbers(vector, spec.dimension as usize).map_err(|why| ("vector".to_owned(), why))
        }
    }
}

/// Checks dimension and finiteness; also used for query vectors.
pub(crate) fn check_numbers(vector: &[f32], dimension: usize) -> Result<(), String> {
    if vector.len() != dimension {
        return Err(format!("{} numbers, but the collection's dimension is {dimension}", vector.len()));
    }
    if let Some(at) = vector.iter().position(|x| !x.is_finite()) {
        return Err(format!("number {at} is not finite"));
    }
    // Sums of squares are taken in f32; beyond this bound they would overflow to infinity.
    if let Some(at) = vector.iter().position(|x| x.abs() > 1e15) {
        return Err(format!("number {at} is larger than 1e15"));
    }
    Ok(())
}

fn check_attribute(schema: &Schema, name: &str, value: &Value) -> Result<(), String> {
    let Some(kind) = schema.attributes.get(name) else {
        return Err("the collection does not declare it".to_owned());
    };
    if value.attribute_type() != *kind {
        return Err(format!("expected {}, got {}", kind.name(), value.attribute_type().name()));
    }
    match value {
        Value::Float(f) if !f.is_finite() => Err("must be finite".to_owned()),
        Value::String(s) if s.len() > limits::MAX_STRING_BYTES => {
            Err(format!("{} bytes; at most {} are allowed", s.len(), limits::MAX_STRING_BYTES))
        }
        Value::StringList(items) if items.len() > limits::MAX_LIST_ITEMS => {
            Err(format!("{} strings; at most {} are allowed", items.len(), limits::MAX_LIST_ITEMS))
        }
        Value::StringList(items) if items.iter().map(String::len).sum::<usize>() > limits::MAX_STRING_BYTES => {
            Err(format!("more than {} bytes", limits::MAX_STRING_BYTES))
        }
        _ => Ok(()),
    }
}

fn refuse<T>(field: &str, why: impl Into<String>) -> Result<T, Refusal> {
    Err((field.to_owned(), why.into()))
}
