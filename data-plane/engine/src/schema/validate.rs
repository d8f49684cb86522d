//! The rules a schema and a record must pass before they may enter the log.

use std::collections::HashSet;

use super::{DEFAULT_VECTOR, Metric, Record, Schema, Value, limits, names};

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
    if schema.vectors.len() > limits::MAX_VECTOR_COLUMNS {
        return refuse("vectors", format!("at most {} are allowed", limits::MAX_VECTOR_COLUMNS));
    }
    for (name, vector) in &schema.vectors {
        if !(1..=limits::MAX_DIMENSION).contains(&vector.dimension) {
            let why = format!("must be 1 to {}", limits::MAX_DIMENSION);
            return refuse(&format!("{}.dimension", vector_field(name)), why);
        }
    }
    if schema.attributes.len() > limits::MAX_ATTRIBUTES {
        return refuse("attributes", format!("at most {} are allowed", limits::MAX_ATTRIBUTES));
    }
    if schema.embedding_model.as_ref().is_some_and(|m| m.is_empty() || m.len() > limits::MAX_MODEL_NAME_BYTES) {
        return refuse("embedding_model", format!("must be 1 to {} bytes", limits::MAX_MODEL_NAME_BYTES));
    }
    check_names(schema).map_err(|(field, why)| SchemaError { field, why })
}

/// Attributes and vectors are columns of one table, whose names must differ by more than case.
fn check_names(schema: &Schema) -> Result<(), Refusal> {
    let vectors = schema.vectors.keys().map(|name| (name, vector_field(name), names::valid_vector_name(name)));
    let attributes =
        schema.attributes.keys().map(|name| (name, format!("attributes.{name}"), names::valid_attribute_name(name)));
    let mut seen = HashSet::new();
    for (name, field, valid) in vectors.chain(attributes) {
        if !valid {
            let why = format!(
                "must be a letter followed by letters, digits or _, at most {} bytes, and not id, vector, text, metadata or score",
                limits::MAX_ATTRIBUTE_NAME_BYTES
            );
            return Err((field, why));
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return refuse(&field, "is another attribute or vector, or differs from one only by case");
        }
    }
    Ok(())
}

/// The field of a vector column in a schema or record.
fn vector_field(name: &str) -> String {
    if name == DEFAULT_VECTOR { name.to_owned() } else { format!("vectors.{name}") }
}

/// Checks one record against its collection's schema. `index` is its place in the request.
pub(crate) fn check_record(schema: &Schema, index: usize, record: &Record) -> Result<(), SchemaMismatch> {
    check_vectors(schema, record)
        .and_then(|()| check_vector_is_there(schema, record))
        .and_then(|()| check_fields(schema, record))
        .map_err(|(field, why)| SchemaMismatch { record: index, field, why })
}

/// As [`check_record`], of a record whose vectors may still have to be computed.
pub(super) fn check_before_embedding(schema: &Schema, index: usize, record: &Record) -> Result<(), SchemaMismatch> {
    check_vectors(schema, record).and_then(|()| check_fields(schema, record)).map_err(|(field, why)| SchemaMismatch {
        record: index,
        field,
        why,
    })
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

fn check_vectors(schema: &Schema, record: &Record) -> Result<(), Refusal> {
    for (name, vector) in &record.vectors {
        check_vector(schema, name, vector)?;
    }
    Ok(())
}

/// Checks a vector for the column `name`.
fn check_vector(schema: &Schema, name: &str, vector: &[f32]) -> Result<(), Refusal> {
    let Some(spec) = schema.vectors.get(name) else {
        return refuse(&vector_field(name), no_vector_column(schema, name));
    };
    check_numbers(vector, spec.dimension as usize).map_err(|why| (vector_field(name), why))?;
    // An index of the table leaves such a row out, since it can not be brought to length 1.
    if spec.metric == Metric::Cosine && vector.iter().all(|x| x * x == 0.0) {
        return refuse(&vector_field(name), "of length 0 has no direction, and the metric is cosine");
    }
    Ok(())
}

/// Why a column that was named is none.
pub(crate) fn no_vector_column(schema: &Schema, name: &str) -> String {
    let columns: Vec<&str> = schema.vectors.keys().map(String::as_str).collect();
    match columns.as_slice() {
        [] => "the collection has no vector column".to_owned(),
        columns => format!("the collection has no vector column `{name}`; it has {}", columns.join(", ")),
    }
}

fn check_vector_is_there(schema: &Schema, record: &Record) -> Result<(), Refusal> {
    if record.vectors.is_empty() && !schema.vectors.is_empty() {
        return refuse("vector", "the collection has vector columns, so each record needs at least one vector");
    }
    Ok(())
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
        Value::Timestamp(t) if !super::value::MOMENTS.contains(t) => Err("must be from 0000 to 9999 in UTC".to_owned()),
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
