//! What a query asks, and what the collection makes of it.

use agentdb_data_plane_engine::{Fusion, GroupBy, Mode, Schema, schema::limits::MAX_TOP_K};
use agentdb_problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::routes::{
    bounded,
    include::MAX_INCLUDE,
    records::input::{MAX_NUMBERS, check_text, check_vector},
};

const DEFAULT_TOP_K: usize = 10;

/// A query of one collection.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryRequest {
    /// As many numbers as the collection's dimension.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_NUMBERS>")]
    #[schema(max_items = 4096)]
    vector: Option<Vec<f32>>,
    /// Words or a question, at most 64 KiB.
    #[serde(default)]
    text: Option<String>,
    /// What to rank by. Left out: both where the collection can, else what is given.
    #[serde(default)]
    mode: Option<ModeName>,
    /// Hybrid alone: the weight of the vector's ranking, 0 to 1. Left out: reciprocal rank fusion.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    alpha: Option<f32>,
    /// Records wanted, 1 to 1,000.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000, default = 10)]
    top_k: Option<usize>,
    /// Records farther than this are not found by vector; by their words they still are. Distances are the metric's:
    /// 1 - cosine, minus the dot product, or the Euclidean distance.
    #[serde(default)]
    max_distance: Option<f32>,
    /// Leaves out records with a lower score.
    #[serde(default)]
    min_score: Option<f32>,
    /// An attribute to group by, of any type but `string_list`: `top_k` is then the number of groups, those with the
    /// best first record. Records without a value are a group, too.
    #[serde(default)]
    #[schema(example = "document")]
    group_by: Option<String>,
    /// Records of each group, at least 1; with `top_k` groups at most 1,000 in all.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000, default = 1)]
    group_size: Option<usize>,
    /// Looks at every record, also where an index would answer faster and nearly as well.
    #[serde(default)]
    exact: bool,
    /// Only records for which this expression is true.
    #[serde(default)]
    #[schema(example = "lang = $1")]
    pub filter: Option<String>,
    /// Values of `$1`, `$2`, … in the filter.
    #[serde(default, deserialize_with = "bounded::params")]
    #[schema(max_items = 256)]
    pub params: Vec<serde_json::Value>,
    /// Parts of the records; text, attributes and metadata when left out.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_INCLUDE>")]
    #[schema(max_items = 8)]
    pub include: Option<Vec<Part>>,
}

/// What records are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModeName {
    /// Nearness to `vector`.
    Vector,
    /// Nearness in meaning to `text`, by the collection's model.
    Semantic,
    /// The words of `text`, by BM25.
    Text,
    /// The words of `text`, and nearness to `vector` or in meaning to `text`.
    Hybrid,
}

/// A part of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The id, which is always there.
    Id,
    /// The text.
    Text,
    /// The attributes.
    Attributes,
    /// The metadata.
    Metadata,
    /// The vector.
    Vector,
    /// What the score is made of.
    ScoreParts,
}

/// What makes an answer smaller, or surer.
#[derive(Debug)]
pub(super) struct Narrowing {
    pub(super) max_distance: Option<f32>,
    pub(super) min_score: Option<f32>,
    pub(super) group_by: Option<GroupBy>,
    pub(super) exact: bool,
}

/// A query that fits its collection; its vector may still have to be computed.
#[derive(Debug)]
pub(in crate::routes::records) struct Plan {
    mode: ModeName,
    vector: Option<Vec<f32>>,
    text: Option<String>,
    alpha: Option<f32>,
}

impl QueryRequest {
    /// Checks what can be checked without the collection.
    pub(in crate::routes::records) fn check(&self) -> Result<(), Problem> {
        if !(1..=MAX_TOP_K).contains(&self.top_k()) {
            return Err(Problem::invalid("/top_k", "out_of_range", format!("1 to {MAX_TOP_K}")));
        }
        if self.alpha.is_some_and(|alpha| !(0.0..=1.0).contains(&alpha)) {
            return Err(Problem::invalid("/alpha", "out_of_range", "0 to 1"));
        }
        if self.group_size.is_some() && self.group_by.is_none() {
            return Err(Problem::invalid("/group_size", "unused", "there is no `group_by` to make groups"));
        }
        if !(1..=MAX_TOP_K).contains(&self.group_size.unwrap_or(1).saturating_mul(self.top_k())) {
            let why = format!("at least 1, and with `top_k` groups at most {MAX_TOP_K} records in all");
            return Err(Problem::invalid("/group_size", "out_of_range", why));
        }
        if let Some(text) = &self.text {
            check_text(text, "/text")?;
            if text.trim().is_empty() {
                return Err(Problem::invalid("/text", "empty", "there is nothing to look for"));
            }
        }
        Ok(())
    }

    pub(super) fn top_k(&self) -> usize {
        self.top_k.unwrap_or(DEFAULT_TOP_K)
    }

    /// The engine's form, but for the mode.
    pub(super) fn narrowing(&mut self) -> Narrowing {
        let size = self.group_size.unwrap_or(1);
        let group_by = self.group_by.take().map(|attribute| GroupBy { attribute, size });
        Narrowing { max_distance: self.max_distance, min_score: self.min_score, group_by, exact: self.exact }
    }

    /// Decides what to rank by and checks that the collection can.
    pub(super) fn plan(self, schema: &Schema) -> Result<Plan, Problem> {
        let mode = self.mode.map_or_else(|| self.default_mode(schema), Ok)?;
        let (needs_vector, needs_text) = match mode {
            ModeName::Vector => (true, false),
            ModeName::Semantic | ModeName::Text => (false, true),
            ModeName::Hybrid => (schema.embedding_model.is_none(), true),
        };
        let missing = |field: &str| {
            Problem::invalid(format!("/{field}"), "missing_field", format!("this mode needs a `{field}`"))
        };
        let unused = |field: &str| {
            Problem::invalid(format!("/{field}"), "unused", format!("this mode makes no use of `{field}`"))
        };
        if needs_vector && self.vector.is_none() {
            return Err(missing("vector"));
        }
        if needs_text && self.text.is_none() {
            return Err(missing("text"));
        }
        if self.vector.is_some() && matches!(mode, ModeName::Semantic | ModeName::Text) {
            return Err(unused("vector"));
        }
        if self.text.is_some() && mode == ModeName::Vector {
            return Err(unused("text"));
        }
        if self.alpha.is_some() && mode != ModeName::Hybrid {
            return Err(unused("alpha"));
        }
        able(mode, schema)?;
        if let (Some(vector), Some(spec)) = (&self.vector, schema.vector()) {
            check_vector(vector, spec, "/vector")?;
        }
        Ok(Plan { mode, vector: self.vector, text: self.text, alpha: self.alpha })
    }

    fn default_mode(&self, schema: &Schema) -> Result<ModeName, Problem> {
        let (model, words) = (schema.embedding_model.is_some(), schema.text.is_some());
        match (&self.vector, &self.text) {
            (Some(_), Some(_)) => Ok(ModeName::Hybrid),
            (Some(_), None) => Ok(ModeName::Vector),
            (None, Some(_)) if model && words => Ok(ModeName::Hybrid),
            (None, Some(_)) if model => Ok(ModeName::Semantic),
            (None, Some(_)) => Ok(ModeName::Text),
            (None, None) => Err(Problem::invalid("", "missing_field", "give a `vector`, a `text`, or both")),
        }
    }
}

/// Whether the collection has what the mode ranks by.
fn able(mode: ModeName, schema: &Schema) -> Result<(), Problem> {
    let by_vector = matches!(mode, ModeName::Vector | ModeName::Hybrid | ModeName::Semantic);
    let detail = if by_vector && schema.vector().is_none() {
        "the collection has no vector column"
    } else if mode == ModeName::Semantic && schema.embedding_model.is_none() {
        "the collection names no embedding model"
    } else if matches!(mode, ModeName::Text | ModeName::Hybrid) && schema.text.is_none() {
        "the collection has no text column"
    } else {
        return Ok(());
    };
    Err(Problem::invalid("/mode", "not_possible", detail))
}

impl Plan {
    /// The text whose vector is to be computed.
    pub(in crate::routes::records) fn to_embed(&self) -> Option<String> {
        let by_meaning = matches!(self.mode, ModeName::Semantic | ModeName::Hybrid);
        self.text.clone().filter(|_| by_meaning && self.vector.is_none())
    }

    pub(in crate::routes::records) fn embedded(&mut self, vector: Vec<f32>) {
        self.vector = Some(vector);
    }

    pub(super) const fn mode_name(&self) -> ModeName {
        self.mode
    }

    /// The engine's form; `Err` only if a vector that was to be computed was not.
    pub(super) fn into_mode(self) -> Result<Mode, Problem> {
        let missing = || Problem::internal("a query was run without what its mode needs");
        Ok(match self.mode {
            ModeName::Vector | ModeName::Semantic => Mode::Vector { vector: self.vector.ok_or_else(missing)? },
            ModeName::Text => Mode::Text { text: self.text.ok_or_else(missing)? },
            ModeName::Hybrid => Mode::Hybrid {
                vector: self.vector.ok_or_else(missing)?,
                text: self.text.ok_or_else(missing)?,
                fusion: self.alpha.map_or(Fusion::Rrf, Fusion::Weighted),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use agentdb_data_plane_engine::{Language, Metric, TextSpec, VectorSpec};

    use super::*;

    fn schema(vector: bool, text: bool, model: bool) -> Schema {
        Schema {
            vectors: if vector {
                VectorSpec { dimension: 2, metric: Metric::Cosine }.into()
            } else {
                Default::default()
            },
            text: text.then_some(TextSpec { language: Language::English }),
            embedding_model: model.then(|| "m".to_owned()),
            ..Schema::default()
        }
    }

    fn plan(json: &str, schema: &Schema) -> Result<(ModeName, bool), String> {
        let request: QueryRequest = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let detail = |problem: Problem| problem.detail().to_owned();
        request.check().map_err(detail)?;
        let plan = request.plan(schema).map_err(detail)?;
        Ok((plan.mode, plan.to_embed().is_some()))
    }

    #[test]
    fn the_mode_follows_from_what_is_given_and_what_the_collection_has() {
        let all = schema(true, true, true);
        assert_eq!(plan(r#"{"text":"a"}"#, &all), Ok((ModeName::Hybrid, true)));
        assert_eq!(plan(r#"{"vector":[1,0]}"#, &all), Ok((ModeName::Vector, false)));
        assert_eq!(plan(r#"{"vector":[1,0],"text":"a"}"#, &all), Ok((ModeName::Hybrid, false)));
        assert_eq!(plan(r#"{"text":"a","mode":"semantic"}"#, &all), Ok((ModeName::Semantic, true)));
        assert_eq!(plan(r#"{"text":"a"}"#, &schema(true, true, false)), Ok((ModeName::Text, false)));
        assert_eq!(plan(r#"{"text":"a"}"#, &schema(false, true, false)), Ok((ModeName::Text, false)));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let all = schema(true, true, true);
        for (json, schema, expected) in [
            ("{}", &all, "give a `vector`"),
            (r#"{"text":"a","top_k":0}"#, &all, "/top_k"),
            (r#"{"text":"a","top_k":1001}"#, &all, "/top_k"),
            (r#"{"text":"a","alpha":1.5}"#, &all, "/alpha"),
            (r#"{"text":"a","group_size":2}"#, &all, "/group_size"),
            (r#"{"text":"a","group_by":"n","group_size":0}"#, &all, "/group_size"),
            (r#"{"text":"a","group_by":"n","group_size":101}"#, &all, "/group_size"),
            (r#"{"text":"a","mode":"text","alpha":0.5}"#, &all, "/alpha"),
            (r#"{"text":"  "}"#, &all, "/text"),
            (r#"{"text":"a","mode":"vector"}"#, &all, "/vector"),
            (r#"{"vector":[1,0],"mode":"text"}"#, &all, "/text"),
            (r#"{"vector":[1,0],"text":"a","mode":"vector"}"#, &all, "/text"),
            (r#"{"vector":[1,0,0]}"#, &all, "/vector"),
            (r#"{"vector":[0,0]}"#, &all, "/vector"),
            (r#"{"text":"a","mode":"semantic"}"#, &schema(true, true, false), "/mode"),
            (r#"{"text":"a","mode":"hybrid"}"#, &schema(true, true, false), "/vector"),
            (r#"{"vector":[1,0]}"#, &schema(false, true, false), "/mode"),
            (r#"{"text":"a"}"#, &schema(true, false, false), "/mode"),
        ] {
            let detail = plan(json, schema).expect_err(json);
            assert!(detail.starts_with(expected), "{json}: {detail}");
        }
    }
}
