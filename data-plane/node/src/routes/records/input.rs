//! Records as callers write them, checked against the collection.

use std::collections::BTreeMap;

use agentdb_data_plane_engine::{
    DEFAULT_VECTOR, Edit, Metric, Patch, Record, Schema, Value, VectorSpec, default_vector,
    schema::limits::{MAX_ATTRIBUTES, MAX_DIMENSION, MAX_METADATA_BYTES},
};
use agentdb_problem::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::routes::{bounded, refusals};

/// Bytes of a record's text.
pub(super) const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Numbers of a vector, whatever the collection.
pub(super) const MAX_NUMBERS: usize = MAX_DIMENSION as usize;
/// Nesting of a record's metadata.
const MAX_METADATA_DEPTH: usize = 16;
/// Values in the metadata of all records of a request: each takes far more memory than its text.
const MAX_METADATA_VALUES: usize = 500_000;
/// Bytes of an attribute or of metadata as it was written, white space and escapes and all.
const MAX_WRITTEN_BYTES: usize = 512 * 1024;

/// A record to be written. It replaces the whole record of its id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordInput {
    /// 1 to 256 characters, unique in the collection.
    pub id: String,
    /// As many numbers as the collection's dimension. Computed from `text` where the collection names a model.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_NUMBERS>")]
    #[schema(max_items = 4096)]
    vector: Option<Vec<f32>>,
    /// At most 64 KiB.
    #[serde(default)]
    text: Option<String>,
    /// Values of declared attributes by name; null is the same as leaving it out.
    #[serde(default, deserialize_with = "bounded::map::<_, _, MAX_ATTRIBUTES>")]
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Box<RawValue>>,
    /// Any JSON: at most 256 KiB in its compact form, nested at most 16 levels deep.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    metadata: Option<Box<RawValue>>,
}

/// A change of parts of a record; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchInput {
    /// The id of the record.
    pub id: String,
    /// As many numbers as the collection's dimension. Computed from `text`, if that changes, where the collection names a
    /// model.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_NUMBERS>")]
    #[schema(max_items = 4096)]
    vector: Option<Vec<f32>>,
    /// At most 64 KiB; null removes it.
    #[serde(default, deserialize_with = "bounded::given")]
    #[schema(value_type = Option<String>)]
    text: Option<Option<String>>,
    /// Values of declared attributes by name; null removes one.
    #[serde(default, deserialize_with = "bounded::map::<_, _, MAX_ATTRIBUTES>")]
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Box<RawValue>>,
    /// A JSON merge patch (RFC 7396) of the metadata: members are replaced one by one, null removes one.
    #[serde(default, deserialize_with = "bounded::given")]
    #[schema(value_type = Option<serde_json::Value>)]
    metadata: Option<Box<RawValue>>,
}

impl PatchInput {
    /// The engine's patch of a record.
    pub(super) fn check(self, at: usize, schema: &Schema, room: &mut MetadataRoom) -> Result<(String, Patch), Problem> {
        let base = format!("/patches/{at}");
        if let Some(vector) = &self.vector {
            check_given_vector(vector, schema, &base)?;
        }
        let text = match self.text {
            None => Edit::Keep,
            Some(None) => Edit::Remove,
            Some(Some(text)) => {
                check_given_text(&text, schema, &base)?;
                Edit::Set(text)
            }
        };
        let metadata = self.metadata.map(|metadata| room.read(&metadata, &format!("{base}/metadata"))).transpose()?;
        let patch = Patch {
            vectors: self.vector.map(|vector| (DEFAULT_VECTOR.to_owned(), Some(vector))).into_iter().collect(),
            text,
            attributes: attributes(&self.attributes, schema, &base)?,
            metadata,
        };
        Ok((self.id, patch))
    }
}

/// What the metadata of a request's records may still hold, all together.
#[derive(Debug)]
pub(super) struct MetadataRoom(usize);

impl Default for MetadataRoom {
    fn default() -> Self {
        Self(MAX_METADATA_VALUES)
    }
}

impl RecordInput {
    /// The engine's record. Its vector is missing where it is to be computed from the text.
    pub(super) fn check(self, at: usize, schema: &Schema, room: &mut MetadataRoom) -> Result<Record, Problem> {
        let base = format!("/records/{at}");
        if let Some(vector) = &self.vector {
            check_given_vector(vector, schema, &base)?;
        }
        if let Some(text) = &self.text {
            check_given_text(text, schema, &base)?;
        }
        if self.vector.is_none() && schema.vector().is_some() {
            let (code, detail) = match (&schema.embedding_model, &self.text) {
                (Some(_), Some(text)) if !text.trim().is_empty() => ("", ""),
                (Some(_), _) => ("missing_field", "give a `text` to compute the vector from, or a `vector`"),
                (None, _) => {
                    ("missing_field", "the collection has a vector column and names no model: give a `vector`")
                }
            };
            if !code.is_empty() {
                return Err(Problem::invalid(format!("{base}/vector"), code, detail));
            }
        }
        let metadata = self.metadata.map(|metadata| room.read(&metadata, &format!("{base}/metadata"))).transpose()?;
        let attributes = attributes(&self.attributes, schema, &base)?;
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let vectors = self.vector.map(default_vector).unwrap_or_default();
        let record = Record { id: self.id, vectors, text: self.text, attributes, metadata };
        // Whatever the engine would refuse is refused before a model works on it.
        schema.check_before_embedding(at, &record).map_err(refusals::mismatch)?;
        Ok(record)
    }
}

fn check_given_vector(vector: &[f32], schema: &Schema, base: &str) -> Result<(), Problem> {
    let pointer = format!("{base}/vector");
    match schema.vector() {
        Some(spec) => check_vector(vector, spec, &pointer),
        None => Err(Problem::invalid(pointer, "no_vector_column", "the collection has no vector column")),
    }
}

fn check_given_text(text: &str, schema: &Schema, base: &str) -> Result<(), Problem> {
    let pointer = format!("{base}/text");
    if schema.text.is_none() {
        return Err(Problem::invalid(pointer, "no_text_column", "the collection has no text column"));
    }
    check_text(text, &pointer)
}

/// Checks a vector of a record or a query; `pointer` is where it stands.
pub(super) fn check_vector(vector: &[f32], spec: VectorSpec, pointer: &str) -> Result<(), Problem> {
    if vector.len() != spec.dimension as usize {
        let detail = format!("{} numbers, and the collection's dimension is {}", vector.len(), spec.dimension);
        return Err(Problem::invalid(pointer, "wrong_dimension", detail));
    }
    if let Some(at) = vector.iter().position(|x| !x.is_finite()) {
        let detail = "the number is too large for 32-bit floating point";
        return Err(Problem::invalid(format!("{pointer}/{at}"), "not_finite", detail));
    }
    if spec.metric == Metric::Cosine && vector.iter().all(|x| x * x == 0.0) {
        let detail = "a vector of zeros has no direction, and the collection's metric is cosine";
        return Err(Problem::invalid(pointer, "zero_vector", detail));
    }
    Ok(())
}

/// Checks a text of a record or a query; `pointer` is where it stands.
pub(super) fn check_text(text: &str, pointer: &str) -> Result<(), Problem> {
    if text.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let detail = format!("{} bytes, and a text has at most {MAX_TEXT_BYTES}", text.len());
    Err(Problem::invalid(pointer, "too_long", detail))
}

impl MetadataRoom {
    /// The metadata, checked.
    fn read(&mut self, written: &RawValue, pointer: &str) -> Result<serde_json::Value, Problem> {
        let metadata = parse(written, pointer)?;
        if depth(&metadata) > MAX_METADATA_DEPTH {
            let detail = format!("nested deeper than {MAX_METADATA_DEPTH} levels");
            return Err(Problem::invalid(pointer, "too_deep", detail));
        }
        let bytes = metadata.to_string().len();
        if bytes > MAX_METADATA_BYTES {
            let detail = format!("{bytes} bytes as compact JSON, and at most {MAX_METADATA_BYTES} are taken");
            return Err(Problem::invalid(pointer, "too_long", detail));
        }
        self.0 = self.0.checked_sub(values(&metadata)).ok_or_else(|| {
            let detail = format!("the metadata of one request's records hold at most {MAX_METADATA_VALUES} values");
            Problem::invalid(pointer, "too_many_values", detail)
        })?;
        Ok(metadata)
    }
}

/// Reads JSON that was kept as it was written until its length was known.
fn parse(written: &RawValue, pointer: &str) -> Result<serde_json::Value, Problem> {
    let bytes = written.get().len();
    if bytes > MAX_WRITTEN_BYTES {
        let detail = format!("{bytes} bytes as it is written, and at most {MAX_WRITTEN_BYTES} are taken");
        return Err(Problem::invalid(pointer, "too_long", detail));
    }
    serde_json::from_str(written.get()).map_err(|error| {
        let why = error.to_string();
        let code = if why.starts_with("recursion limit") { "too_deep" } else { "invalid_value" };
        Problem::invalid(pointer, code, why)
    })
}

/// The parser refuses more than 128 levels, so the recursion is bounded.
fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// How many values it consists of, itself among them.
fn values(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        serde_json::Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

/// Values by name, `None` where null is given.
fn attributes(
    given: &BTreeMap<String, Box<RawValue>>,
    schema: &Schema,
    base: &str,
) -> Result<BTreeMap<String, Option<Value>>, Problem> {
    let mut attributes = BTreeMap::new();
    for (name, written) in given {
        let pointer = format!("{base}/attributes/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(kind) = schema.attributes.get(name) else {
            let detail = format!("the collection declares no attribute `{name}`");
            return Err(Problem::invalid(pointer, "unknown_attribute", detail));
        };
        let json = parse(written, &pointer)?;
        let value = if json.is_null() { None } else { Some(Value::from_json(*kind, &json)) };
        let value = value.transpose().map_err(|error| Problem::invalid(pointer, "wrong_type", error.to_string()))?;
        attributes.insert(name.clone(), value);
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use agentdb_data_plane_engine::{AttributeType, Language, TextSpec};
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema {
            vectors: VectorSpec { dimension: 2, metric: Metric::Cosine }.into(),
            text: Some(TextSpec { language: Language::English }),
            attributes: BTreeMap::from([("page".to_owned(), AttributeType::Int)]),
            embedding_model: None,
        }
    }

    fn check(json: &serde_json::Value, schema: &Schema) -> Result<Record, String> {
        let input: RecordInput = serde_json::from_str(&json.to_string()).map_err(|error| error.to_string())?;
        input.check(3, schema, &mut MetadataRoom::default()).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn a_good_record_passes() {
        let record = check(&json!({"id": "a", "vector": [1, 0], "text": "t", "attributes": {"page": 4}}), &schema());
        let record = record.expect("good");
        assert_eq!(record.attributes["page"], Value::Int(4));
    }

    #[test]
    fn a_bad_record_names_the_field() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        for (record, expected) in [
            (json!({"id": "a", "vector": [1]}), "/records/3/vector: 1 numbers"),
            (json!({"id": "a", "vector": [0, 0.0]}), "/records/3/vector: a vector of zeros"),
            (json!({"id": "a"}), "/records/3/vector: "),
            (
                json!({"id": "a", "vector": [1, 0], "attributes": {"page": "4"}}),
                "/records/3/attributes/page: expected an integer",
            ),
            (json!({"id": "a", "vector": [1, 0], "attributes": {"x/y": 4}}), "/records/3/attributes/x~1y: "),
            (json!({"id": "a", "vector": [1, 0], "metadata": nested(17)}), "/records/3/metadata: nested"),
            (json!({"id": "a", "vector": [1, 0], "metadata": nested(200)}), "/records/3/metadata: recursion limit"),
            (
                json!({"id": "a", "vector": [1, 0], "metadata": "x".repeat(600_000)}),
                "/records/3/metadata: 600002 bytes as it is written",
            ),
            (json!({"id": "a", "vector": [1, 2e15]}), "/records/3/vector: number 1 is larger"),
            (json!({"id": "a", "vector": [1, 0], "text": "x".repeat(65_537)}), "/records/3/text: 65537 bytes"),
            (
                json!({"id": "a", "vector": [1, 0], "metadata": "x".repeat(300_000)}),
                "/records/3/metadata: 300002 bytes",
            ),
        ] {
            let detail = check(&record, &schema()).expect_err(expected);
            assert!(detail.starts_with(expected), "{detail} does not start with {expected}");
        }
        let plain = Schema::default();
        assert!(check(&json!({"id": "a", "vector": [1]}), &plain).is_err_and(|d| d.contains("no vector column")));
        assert!(check(&json!({"id": "a", "text": "x"}), &plain).is_err_and(|d| d.contains("no text column")));
    }

    #[test]
    fn with_a_model_the_text_stands_for_the_vector() {
        let schema = Schema { embedding_model: Some("m".to_owned()), ..schema() };
        assert_eq!(check(&json!({"id": "a", "text": "t"}), &schema).map(|r| r.vectors.len()), Ok(0));
        assert!(check(&json!({"id": "a", "text": "  "}), &schema).is_err());
        assert!(check(&json!({"id": "a"}), &schema).is_err());
    }

    #[test]
    fn what_the_engine_refuses_is_refused_before_a_model_is_asked() {
        let mut schema = Schema { embedding_model: Some("m".to_owned()), ..schema() };
        schema.attributes.insert("tags".to_owned(), AttributeType::StringList);
        let tags: Vec<_> = (0..1_025).map(|n| n.to_string()).collect();
        let refused = check(&json!({"id": "a", "text": "t", "attributes": {"tags": tags}}), &schema);
        assert!(refused.is_err_and(|detail| detail.starts_with("/records/3/attributes/tags: 1025 strings")));
        let refused = check(&json!({"id": "a\u{0}", "text": "t"}), &schema);
        assert!(refused.is_err_and(|detail| detail.starts_with("/records/3/id: ")));
    }

    #[test]
    fn the_metadata_of_a_request_are_bounded_together() {
        let metadata = format!("[{}]", vec!["1"; 100_000].join(","));
        let written = RawValue::from_string(metadata).expect("JSON");
        let mut room = MetadataRoom::default();
        for _ in 0..4 {
            room.read(&written, "/records/0/metadata").expect("there is room");
        }
        let refused = room.read(&written, "/records/4/metadata").expect_err("too many");
        assert!(refused.detail().starts_with("/records/4/metadata: "), "{}", refused.detail());
    }
}
