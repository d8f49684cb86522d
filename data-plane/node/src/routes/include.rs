//! Which parts of a record an answer carries.

use std::collections::BTreeMap;

use agentdb_data_plane_engine as engine;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Parts that a request may name; there are fewer different ones.
pub(crate) const MAX_INCLUDE: usize = 8;

/// A part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The text.
    Text,
    /// The attributes.
    Attributes,
    /// The metadata.
    Metadata,
    /// The vector.
    Vector,
}

/// The parts asked for; text, attributes and metadata when nothing is said.
pub(crate) fn parts(include: Option<&[Part]>) -> engine::Include {
    let Some(include) = include else { return engine::Include::default() };
    engine::Include {
        vector: include.contains(&Part::Vector),
        text: include.contains(&Part::Text),
        attributes: include.contains(&Part::Attributes),
        metadata: include.contains(&Part::Metadata),
    }
}

/// A record as it is answered: its id, and of the rest what was asked for and is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordView {
    /// The record's id.
    id: String,
    /// The vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<Vec<f32>>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The attributes by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<BTreeMap<String, serde_json::Value>>,
    /// The metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<serde_json::Value>,
    /// The commit of its last write, in a fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<engine::Commit>,
}

impl RecordView {
    pub(crate) fn new(mut record: engine::Record, include: engine::Include) -> Self {
        let attributes = record.attributes.iter().map(|(name, value)| (name.clone(), value.to_json()));
        Self {
            id: record.id,
            vector: record.vectors.remove(engine::DEFAULT_VECTOR).filter(|_| include.vector),
            text: record.text.filter(|_| include.text),
            attributes: include.attributes.then(|| attributes.collect()),
            metadata: record.metadata.filter(|_| include.metadata),
            commit: None,
        }
    }

    /// With the commit of its last write.
    pub(crate) fn at(self, commit: engine::Commit) -> Self {
        Self { commit: Some(commit), ..self }
    }
}
