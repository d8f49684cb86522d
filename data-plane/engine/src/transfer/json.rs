//! A record as a line of JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::schema::{DEFAULT_VECTOR, Record, Schema, Value};

/// Bytes of one line: a record at all its limits, written wastefully.
pub(super) const MAX_LINE: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(default)]
    vector: Option<Vec<f32>>,
    #[serde(default)]
    vectors: BTreeMap<String, Vec<f32>>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Json>,
    #[serde(default)]
    metadata: Option<Json>,
}

/// The record of a line. What the schema does not allow is found by the write itself, but for the types of attributes,
/// which JSON does not tell, and for names, whose bytes are not counted.
pub(super) fn read(line: &[u8], schema: &Schema) -> Result<Record, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let mut vectors = line.vectors;
    if let Some(name) = vectors.keys().find(|name| !schema.vectors.contains_key(*name)) {
        return Err(format!("vectors.{name}: is not declared"));
    }
    if let Some(vector) = line.vector
        && vectors.insert(DEFAULT_VECTOR.to_owned(), vector).is_some()
    {
        return Err(format!("both `vector` and `vectors.{DEFAULT_VECTOR}` are given"));
    }
    let mut attributes = BTreeMap::new();
    for (name, json) in line.attributes.into_iter().filter(|(_, json)| !json.is_null()) {
        let kind = schema.attributes.get(&name).ok_or_else(|| format!("attributes.{name}: is not declared"))?;
        let value = Value::from_json(*kind, &json).map_err(|error| format!("attributes.{name}: {error}"))?;
        attributes.insert(name, value);
    }
    Ok(Record { id: line.id, vectors, text: line.text, attributes, metadata: line.metadata.filter(|m| !m.is_null()) })
}

/// Appends a record and the end of its line.
pub(crate) fn write(record: &Record, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut line = Map::new();
    line.insert("id".to_owned(), record.id.as_str().into());
    if record.vectors.keys().eq([DEFAULT_VECTOR]) {
        line.insert("vector".to_owned(), serde_json::to_value(record.vector())?);
    } else if !record.vectors.is_empty() {
        line.insert("vectors".to_owned(), serde_json::to_value(&record.vectors)?);
    }
    if let Some(text) = &record.text {
        line.insert("text".to_owned(), text.as_str().into());
    }
    if !record.attributes.is_empty() {
        let attributes = record.attributes.iter().map(|(name, value)| (name.clone(), value.to_json()));
        line.insert("attributes".to_owned(), Json::Object(attributes.collect()));
    }
    if let Some(metadata) = &record.metadata {
        line.insert("metadata".to_owned(), metadata.clone());
    }
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}
