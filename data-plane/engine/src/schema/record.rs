//! One record as callers write and read it.

use std::collections::BTreeMap;

use super::Value;

/// A record. An upsert replaces the whole record of that id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The key, unique in its collection.
    pub id: String,
    /// The vector, when the collection has a vector column.
    pub vector: Option<Vec<f32>>,
    /// The text, when the collection has a text column.
    pub text: Option<String>,
    /// Attributes by declared name; an absent one is null.
    pub attributes: BTreeMap<String, Value>,
    /// Any JSON object or value; not typed.
    pub metadata: Option<serde_json::Value>,
}

impl Record {
    /// Bytes that this record counts for: id, 4 a vector number, text, attributes, metadata as compact JSON.
    #[must_use]
    pub fn logical_bytes(&self) -> u64 {
        let metadata = self.metadata.as_ref().map_or(0, |m| m.to_string().len());
        self.logical_bytes_without_metadata() + metadata as u64
    }

    /// [`Record::logical_bytes`] for a caller that has the metadata as text already.
    pub(crate) fn logical_bytes_without_metadata(&self) -> u64 {
        let vector = self.vector.as_ref().map_or(0, |v| v.len() * 4);
        let text = self.text.as_ref().map_or(0, String::len);
        let attributes: u64 = self.attributes.values().map(Value::logical_bytes).sum();
        (self.id.len() + vector + text) as u64 + attributes
    }
}
