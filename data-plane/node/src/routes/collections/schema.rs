//! A collection's schema as callers write and read it.

use std::collections::BTreeMap;

use agentdb_data_plane_embedding::MODEL;
use agentdb_data_plane_engine::{self as engine, schema::limits::MAX_ATTRIBUTES};
use agentdb_problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::routes::bounded;

/// The shape of a collection. It does not change after the collection is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionSchema {
    /// The vector column. Left out with an embedding model, which implies it.
    #[serde(default)]
    vector: Option<VectorColumn>,
    /// The text column with full-text search. Left out with an embedding model, which implies it.
    #[serde(default)]
    text: Option<TextColumn>,
    /// The model that turns texts into vectors where none are given.
    #[serde(default)]
    #[schema(example = "all-MiniLM-L6-v2")]
    embedding_model: Option<String>,
    /// Typed attributes by name: letters, digits and `_`, starting with a letter. At most 128.
    #[serde(default, deserialize_with = "bounded::map::<_, _, MAX_ATTRIBUTES>")]
    attributes: BTreeMap<String, AttributeKind>,
}

/// A vector column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VectorColumn {
    /// Numbers a vector, 1 to 4,096.
    #[schema(minimum = 1, maximum = 4096)]
    dimension: u32,
    /// How far vectors are apart.
    #[serde(default)]
    metric: MetricName,
}

/// How far vectors are apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricName {
    /// The angle between them.
    #[default]
    Cosine,
    /// Their dot product.
    Dot,
    /// The length of their difference.
    Euclidean,
}

/// A text column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextColumn {
    /// How words are reduced to terms.
    #[serde(default)]
    language: LanguageName,
}

/// How words are reduced to terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LanguageName {
    /// Lower case and stemmed as English.
    #[default]
    En,
    /// Lower case alone.
    None,
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttributeKind {
    /// Text.
    String,
    /// A signed 64-bit integer.
    Int,
    /// A finite 64-bit float.
    Float,
    /// True or false.
    Bool,
    /// A time in RFC 3339.
    Timestamp,
    /// A list of strings.
    StringList,
}

/// A collection as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionView {
    /// Its name.
    name: String,
    /// The vector column.
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<VectorColumn>,
    /// The text column with full-text search.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextColumn>,
    /// The model that turns texts into vectors where none are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_model: Option<String>,
    /// Typed attributes by name.
    attributes: BTreeMap<String, AttributeKind>,
    /// The commit that made it.
    created_commit: u64,
    /// Records in it.
    rows: u64,
    /// Bytes of ids, vectors, text, attributes and metadata of its records.
    logical_bytes: u64,
}

impl CollectionSchema {
    pub(crate) const fn names_model(&self) -> bool {
        self.embedding_model.is_some()
    }

    /// The engine's form, with what an embedding model implies.
    pub(crate) fn for_engine(&self) -> Result<engine::Schema, Problem> {
        let (mut vector, mut text) = (self.vector, self.text);
        if let Some(model) = &self.embedding_model {
            if model != MODEL.name {
                let detail = format!("there is no model `{model}`; there is `{}`", MODEL.name);
                return Err(Problem::invalid("/embedding_model", "unknown_model", detail));
            }
            let implied = VectorColumn { dimension: MODEL.dimension as u32, metric: MetricName::Cosine };
            if vector.is_some_and(|given| given != implied) {
                let detail = format!("the model `{model}` makes vectors of {} numbers, cosine", MODEL.dimension);
                return Err(Problem::invalid("/vector/dimension", "wrong_dimension", detail));
            }
            vector = Some(implied);
            text = Some(text.unwrap_or_default());
        }
        let schema = engine::Schema {
            vectors: vector.map_or_else(BTreeMap::new, |vector| vector.for_engine().into()),
            text: text.map(TextColumn::for_engine),
            attributes: self.attributes.iter().map(|(name, kind)| (name.clone(), kind.for_engine())).collect(),
            embedding_model: self.embedding_model.clone(),
        };
        schema.validate().map_err(|error| {
            Problem::invalid(crate::routes::refusals::pointer(&error.field), "invalid_value", error.why)
        })?;
        Ok(schema)
    }
}

impl VectorColumn {
    fn for_engine(self) -> engine::VectorSpec {
        let metric = match self.metric {
            MetricName::Cosine => engine::Metric::Cosine,
            MetricName::Dot => engine::Metric::Dot,
            MetricName::Euclidean => engine::Metric::Euclidean,
        };
        engine::VectorSpec { dimension: self.dimension, metric }
    }

    fn of(spec: engine::VectorSpec) -> Self {
        let metric = match spec.metric {
            engine::Metric::Cosine => MetricName::Cosine,
            engine::Metric::Dot => MetricName::Dot,
            engine::Metric::Euclidean => MetricName::Euclidean,
        };
        Self { dimension: spec.dimension, metric }
    }
}

impl TextColumn {
    fn for_engine(self) -> engine::TextSpec {
        let language = match self.language {
            LanguageName::En => engine::Language::English,
            LanguageName::None => engine::Language::Unstemmed,
        };
        engine::TextSpec { language }
    }

    fn of(spec: engine::TextSpec) -> Self {
        let language = match spec.language {
            engine::Language::English => LanguageName::En,
            engine::Language::Unstemmed => LanguageName::None,
        };
        Self { language }
    }
}

impl AttributeKind {
    const fn for_engine(self) -> engine::AttributeType {
        match self {
            Self::String => engine::AttributeType::String,
            Self::Int => engine::AttributeType::Int,
            Self::Float => engine::AttributeType::Float,
            Self::Bool => engine::AttributeType::Bool,
            Self::Timestamp => engine::AttributeType::Timestamp,
            Self::StringList => engine::AttributeType::StringList,
        }
    }

    const fn of(kind: engine::AttributeType) -> Self {
        match kind {
            engine::AttributeType::String => Self::String,
            engine::AttributeType::Int => Self::Int,
            engine::AttributeType::Float => Self::Float,
            engine::AttributeType::Bool => Self::Bool,
            engine::AttributeType::Timestamp => Self::Timestamp,
            engine::AttributeType::StringList => Self::StringList,
        }
    }
}

impl CollectionView {
    /// An empty collection that is about to be made.
    pub(crate) fn new(name: &str, schema: engine::Schema) -> Self {
        Self {
            name: name.to_owned(),
            vector: schema.vector().map(VectorColumn::of),
            text: schema.text.map(TextColumn::of),
            embedding_model: schema.embedding_model,
            attributes: schema.attributes.into_iter().map(|(name, kind)| (name, AttributeKind::of(kind))).collect(),
            created_commit: 0,
            rows: 0,
            logical_bytes: 0,
        }
    }
}

impl From<engine::CollectionInfo> for CollectionView {
    fn from(info: engine::CollectionInfo) -> Self {
        Self {
            created_commit: info.created_commit,
            rows: info.rows,
            logical_bytes: info.logical_bytes,
            ..Self::new(&info.name, info.schema)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(json: &str) -> Result<engine::Schema, Problem> {
        serde_json::from_str::<CollectionSchema>(json).expect("JSON").for_engine()
    }

    #[test]
    fn a_model_implies_its_vectors_and_a_text_column() {
        let schema = schema(r#"{"embedding_model":"all-MiniLM-L6-v2"}"#).expect("valid");
        assert_eq!(schema.vector(), Some(engine::VectorSpec { dimension: 384, metric: engine::Metric::Cosine }));
        assert_eq!(schema.text, Some(engine::TextSpec { language: engine::Language::English }));
        let back = CollectionView::new("c", schema);
        assert_eq!(back.embedding_model.as_deref(), Some("all-MiniLM-L6-v2"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (json, pointer) in [
            (r#"{"embedding_model":"gpt"}"#, "/embedding_model"),
            (r#"{"embedding_model":"all-MiniLM-L6-v2","vector":{"dimension":3}}"#, "/vector/dimension"),
            (r#"{"vector":{"dimension":0}}"#, "/vector/dimension"),
            (r#"{"attributes":{"1x":"int"}}"#, "/attributes/1x"),
        ] {
            let problem = schema(json).expect_err(json);
            assert!(problem.detail().starts_with(pointer), "{}", problem.detail());
        }
    }
}
