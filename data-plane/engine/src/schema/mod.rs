//! What a collection may hold: its schema, its records, and the rules that a record must pass.

pub mod limits;
mod names;
mod record;
mod validate;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use names::valid_collection_name;
pub use record::{Record, default_vector};
pub use validate::{SchemaError, SchemaMismatch};
pub(crate) use validate::{check_id, check_numbers, check_record, no_vector_column};
pub use value::{AttributeType, Value, ValueError};

/// How far two vectors are apart. Smaller distances are nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// `1 - cos(a, b)`, in 0..=2; a zero vector is at distance 1 from everything.
    Cosine,
    /// `-(a . b)`.
    Dot,
    /// The Euclidean length of `a - b` (not squared).
    Euclidean,
}

/// The name of the vector column of a collection that has one, and of queries that name none.
pub const DEFAULT_VECTOR: &str = "vector";

/// One vector column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorSpec {
    /// Numbers a vector, 1..=4096.
    pub dimension: u32,
    /// The distance of this column.
    pub metric: Metric,
}

/// How text is cut into terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Words are lowercased and stemmed as English; CJK runs become characters and pairs.
    #[serde(rename = "en")]
    English,
    /// Words are lowercased and not stemmed; CJK runs become characters and pairs.
    #[serde(rename = "none")]
    Unstemmed,
}

/// The text column of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSpec {
    /// The analysis of text and queries.
    pub language: Language,
}

/// The declared shape of a collection. Two schemas are the same when they are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// Vector columns by name, at most 8. Named as attributes are, or [`DEFAULT_VECTOR`]; unique among both without
    /// regard to case.
    pub vectors: BTreeMap<String, VectorSpec>,
    /// The text column, if there is one.
    pub text: Option<TextSpec>,
    /// Typed attributes by name. Names are unique without regard to case.
    pub attributes: BTreeMap<String, AttributeType>,
    /// The name of the model the caller embeds with; the engine only keeps it.
    pub embedding_model: Option<String>,
}

impl From<VectorSpec> for BTreeMap<String, VectorSpec> {
    /// The one column of the default name.
    fn from(spec: VectorSpec) -> Self {
        Self::from([(DEFAULT_VECTOR.to_owned(), spec)])
    }
}

impl Schema {
    /// The vector column of the default name.
    #[must_use]
    pub fn vector(&self) -> Option<VectorSpec> {
        self.vectors.get(DEFAULT_VECTOR).copied()
    }

    /// A vector column's place among all, in the order of their names, and what it holds.
    pub(crate) fn vector_column(&self, name: &str) -> Option<(usize, VectorSpec)> {
        let mut columns = self.vectors.iter().enumerate();
        columns.find(|(_, (column, _))| *column == name).map(|(at, (_, spec))| (at, *spec))
    }

    /// Checks bounds and names.
    ///
    /// # Errors
    /// The first rule broken, with the field that broke it.
    pub fn validate(&self) -> Result<(), SchemaError> {
        validate::check_schema(self)
    }

    /// Checks a record as a write does, except that vectors may still have to be computed: before the work of
    /// computing them. `index` is the record's place in the request.
    ///
    /// # Errors
    /// The first rule broken, with the field that broke it.
    pub fn check_before_embedding(&self, index: usize, record: &Record) -> Result<(), SchemaMismatch> {
        validate::check_before_embedding(self, index, record)
    }
}
