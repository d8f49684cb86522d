//! A change of parts of a record, checked, and how it makes the new row of the old one.

use serde_json::Value as Json;

use super::operation::{Edit, Patch};
use crate::memtable::{MemRow, Row};
use crate::schema::{Record, Schema, SchemaMismatch, Value, limits};
use crate::search::{Terms, analyze};

/// A patch by columns, its text analysed.
#[derive(Debug)]
pub(super) struct RowPatch {
    vectors: Vec<(usize, Option<Box<[f32]>>)>,
    text: Edit<(Box<str>, Option<Terms>)>,
    attributes: Vec<(usize, Option<Value>)>,
    metadata: Option<Json>,
    /// About what it adds to a row at most.
    pub(super) bytes: usize,
}

/// The field and what is wrong with it.
type Refusal = (String, String);

impl RowPatch {
    /// Checks a patch against its collection. `index` is its place in the request.
    pub(super) fn new(patch: Patch, schema: &Schema, index: usize) -> Result<Self, SchemaMismatch> {
        let refuse = |(field, why): Refusal| SchemaMismatch { record: index, field, why };
        let whole = Record {
            id: "-".to_owned(),
            vectors: patch.vectors.iter().filter_map(|(name, v)| v.clone().map(|v| (name.clone(), v))).collect(),
            text: match &patch.text {
                Edit::Set(text) => Some(text.clone()),
                Edit::Keep | Edit::Remove => None,
            },
            attributes: patch.attributes.iter().filter_map(|(n, v)| v.clone().map(|v| (n.clone(), v))).collect(),
            metadata: patch.metadata.clone(),
        };
        schema.check_before_embedding(index, &whole)?;
        let vectors = patch.vectors.into_iter().map(|(name, vector)| match schema.vector_column(&name) {
            Some((column, _)) => Ok((column, vector.map(Into::into))),
            None => Err(refuse((format!("vectors.{name}"), "the collection does not declare it".to_owned()))),
        });
        let attributes = patch.attributes.into_iter().map(|(name, value)| {
            let column = schema.attributes.keys().position(|declared| *declared == name);
            let field = || (format!("attributes.{name}"), "the collection does not declare it".to_owned());
            column.map(|column| (column, value)).ok_or_else(|| refuse(field()))
        });
        let terms = |text: &str| schema.text.map(|spec| analyze(text, spec.language));
        Ok(Self {
            vectors: vectors.collect::<Result<_, _>>()?,
            attributes: attributes.collect::<Result<_, _>>()?,
            text: match patch.text {
                Edit::Keep => Edit::Keep,
                Edit::Remove => Edit::Remove,
                Edit::Set(text) => Edit::Set((text.as_str().into(), terms(&text))),
            },
            metadata: patch.metadata,
            bytes: usize::try_from(whole.logical_bytes()).unwrap_or(usize::MAX),
        })
    }

    /// Whether it would change nothing of any record.
    pub(super) fn is_empty(&self) -> bool {
        self.vectors.is_empty() && self.text == Edit::Keep && self.attributes.is_empty() && self.metadata.is_none()
    }

    /// The row that becomes of `old`.
    pub(super) fn apply(&self, old: &MemRow) -> Result<MemRow, Refusal> {
        let mut row: Row = old.row.clone();
        for (column, vector) in &self.vectors {
            row.vectors[*column].clone_from(vector);
        }
        if !row.vectors.is_empty() && row.vectors.iter().all(Option::is_none) {
            return Err(("vectors".to_owned(), "the record would be left without any vector".to_owned()));
        }
        for (column, value) in &self.attributes {
            row.attributes[*column].clone_from(value);
        }
        let terms = match &self.text {
            Edit::Keep => old.terms.clone(),
            Edit::Remove => {
                row.text = None;
                None
            }
            Edit::Set((text, terms)) => {
                row.text = Some(text.clone());
                terms.clone()
            }
        };
        if let Some(patch) = &self.metadata {
            row.metadata = merged(row.metadata.as_deref(), patch)?;
        }
        Ok(MemRow::with_terms(row, terms))
    }
}

fn merged(old: Option<&str>, patch: &Json) -> Result<Option<Box<str>>, Refusal> {
    let refuse = |why| ("metadata".to_owned(), why);
    let mut metadata = match old {
        Some(text) => serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?,
        None => Json::Null,
    };
    merge(&mut metadata, patch);
    if metadata.is_null() {
        return Ok(None);
    }
    let text = metadata.to_string();
    if text.len() > limits::MAX_METADATA_BYTES {
        let why = format!("{} bytes after the patch; at most {} are allowed", text.len(), limits::MAX_METADATA_BYTES);
        return Err(refuse(why));
    }
    Ok(Some(text.into()))
}

/// RFC 7396, section 2.
fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(members) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    let Json::Object(object) = target else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.as_str()).or_insert(Json::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn the_examples_of_rfc_7396() {
        for (original, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut target = original;
            merge(&mut target, &patch);
            assert_eq!(target, result);
        }
    }
}
