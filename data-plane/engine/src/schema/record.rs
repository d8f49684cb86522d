//! One record as callers write and read it.

use std::collections::BTreeMap;

use super::{DEFAULT_VECTOR, Value};

/// A record. An upsert replaces the whole record of that id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The key, unique in its collection.
    pub id: String,
    /// Vectors by column, at least one when the collection has vector columns. A record without one of a column is never
    /// a hit of that column.
    pub vectors: BTreeMap<String, Vec<f32>>,
    /// The text, when the collection has a text column.
    pub text: Option<String>,
    /// Attributes by declared name; an absent one is null.
    pub attributes: BTreeMap<String, Value>,
    /// Any JSON object or value; not typed.
    pub metadata: Option<serde_json::Value>,
}

/// A record's vectors when it has one, in the column of the default name.
#[must_use]
pub fn default_vector(numbers: Vec<f32>) -> BTreeMap<String, Vec<f32>> {
    BTreeMap::from([(DEFAULT_VECTOR.to_owned(), numbers)])
}

impl Record {
    /// The vector of the column of the default name.
    #[must_use]
    pub fn vector(&self) -> Option<&[f32]> {
        self.vectors.get(DEFAULT_VECTOR).map(Vec::as_slice)
    }

    /// Bytes that this record counts for: id, 4 a vector number, text, attributes, metadata as compact JSON.
    #[must_use]
    pub fn logical_bytes(&self) -> u64 {
        let metadata = self.metadata.as_ref().map_or(0, |m| m.to_string().len());
        self.logical_bytes_without_metadata() + metadata as u64
    }

    /// [`Record::logical_bytes`] for a caller that has the metadata as text already.
    pub(crate) fn logical_bytes_without_metadata(&self) -> u64 {
        let vectors: usize = self.vectors.values().map(|v| v.len() * 4).sum();
        let text = self.text.as_ref().map_or(0, String::len);
        let attributes: u64 = self.attributes.values().map(Value::logical_bytes).sum();
        (self.id.len() + vectors + text) as u64 + attributes
    }
}
