//! A record in the form of the log and the memtable.

use serde::{Deserialize, Serialize};

use crate::filter::{RowView, ValueRef};
use crate::schema::{Record, Schema, Value};
use crate::search::{Include, Terms, analyze};

/// A record with its vectors and attributes by column: the order of the schema's sorted names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: Box<str>,
    pub(crate) vectors: Box<[Option<Box<[f32]>>]>,
    pub(crate) text: Option<Box<str>>,
    pub(crate) attributes: Box<[Option<Value>]>,
    /// Compact JSON.
    pub(crate) metadata: Option<Box<str>>,
}

impl Row {
    /// Takes a record that [`crate::schema::check_record`] has passed.
    pub(crate) fn from_record(record: Record, schema: &Schema) -> Self {
        let (mut vectors, mut attributes) = (record.vectors, record.attributes);
        Self {
            id: record.id.into(),
            vectors: schema.vectors.keys().map(|name| vectors.remove(name).map(Into::into)).collect(),
            text: record.text.map(Into::into),
            attributes: schema.attributes.keys().map(|name| attributes.remove(name)).collect(),
            metadata: record.metadata.map(|m| m.to_string().into()),
        }
    }

    pub(crate) fn to_record(&self, schema: &Schema, include: Include) -> Record {
        let attributes = || {
            let pairs = schema.attributes.keys().zip(&self.attributes);
            pairs.filter_map(|(name, value)| value.clone().map(|v| (name.clone(), v))).collect()
        };
        let vectors = || {
            let pairs = schema.vectors.keys().zip(&self.vectors);
            pairs.filter_map(|(name, vector)| vector.as_ref().map(|v| (name.clone(), v.to_vec()))).collect()
        };
        Record {
            id: self.id.to_string(),
            vectors: if include.vector { vectors() } else { Default::default() },
            text: self.text.as_ref().filter(|_| include.text).map(ToString::to_string),
            attributes: if include.attributes { attributes() } else { Default::default() },
            metadata: self.metadata.as_ref().filter(|_| include.metadata).and_then(|m| serde_json::from_str(m).ok()),
        }
    }

    /// Logical bytes of the columns that an answer carries.
    pub(crate) fn bytes_of(&self, include: Include) -> usize {
        let vectors: usize = if include.vector { self.vectors.iter().flatten().map(|v| v.len() * 4).sum() } else { 0 };
        let text = self.text.as_ref().filter(|_| include.text).map_or(0, |t| t.len());
        let metadata = self.metadata.as_ref().filter(|_| include.metadata).map_or(0, |m| m.len());
        let attributes: u64 =
            if include.attributes { self.attributes.iter().flatten().map(Value::logical_bytes).sum() } else { 0 };
        self.id.len() + vectors + text + metadata + usize::try_from(attributes).unwrap_or(usize::MAX)
    }

    /// The vector of a column.
    pub(crate) fn vector(&self, column: usize) -> Option<&[f32]> {
        self.vectors.get(column)?.as_deref()
    }

    /// As [`Record::logical_bytes`].
    pub(crate) fn logical_bytes(&self) -> u32 {
        // The limits on a record keep this far below 4 GiB.
        u32::try_from(self.bytes_of(Include::ALL)).unwrap_or(u32::MAX)
    }
}

/// A row and what is derived from it once.
#[derive(Debug)]
pub(crate) struct MemRow {
    pub(crate) row: Row,
    /// The terms of the text, when there is one.
    pub(crate) terms: Option<Terms>,
    /// Logical bytes.
    pub(crate) bytes: u32,
}

impl MemRow {
    pub(crate) fn new(row: Row, schema: &Schema) -> Self {
        let terms = match (&row.text, schema.text) {
            (Some(text), Some(spec)) => Some(analyze(text, spec.language)),
            _ => None,
        };
        Self::with_terms(row, terms)
    }

    /// Takes a row whose text is analysed.
    pub(crate) fn with_terms(row: Row, terms: Option<Terms>) -> Self {
        Self { bytes: row.logical_bytes(), terms, row }
    }

    /// Memory taken, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let terms = self.terms.as_ref().map_or(0, |t| t.counts.len() * size_of::<(u64, u32)>());
        let items = self.row.attributes.iter().flatten().map(|value| match value {
            Value::StringList(items) => items.len(),
            _ => 0,
        });
        // A string of a list is three words and an allocation of its own.
        let lists = items.sum::<usize>() * (size_of::<String>() + 16);
        let attributes = self.row.attributes.len() * size_of::<Option<Value>>();
        self.bytes as usize + terms + attributes + lists + 2 * self.row.id.len() + 200
    }
}

impl RowView for MemRow {
    fn id(&self) -> &str {
        &self.row.id
    }

    fn attribute(&self, column: usize) -> Option<ValueRef<'_>> {
        self.row.attributes.get(column)?.as_ref().map(ValueRef::from)
    }

    fn metadata(&self) -> Option<&str> {
        self.row.metadata.as_deref()
    }
}
