//! `POST /v1/namespaces/{namespace}/collections/{collection}/query`

mod request;

use std::{collections::BTreeMap, sync::Arc};

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{DEFAULT_VECTOR, Filter, Hit, Include, Query, Schema, Value};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use self::request::QueryRequest;
use self::request::{Narrowing, Part, Plan};
use super::filter;
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::{NodeState, Shared},
};

pub(crate) const OPERATION: Operation = Operation {
    id: "query_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/query",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

/// The best records, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hits {
    hits: Vec<HitView>,
    /// How the records were ranked, when the request left it open.
    mode: request::ModeName,
}

/// A record that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitView {
    /// Its id.
    id: String,
    /// Higher is better; comparable within one answer. Vector: cosine similarity, dot product, or
    /// 1 / (1 + distance) for Euclidean. Text: BM25. Hybrid: the fused score.
    score: f32,
    /// What the record's group has in common, when the query is grouped; null for records without a value. Groups
    /// stand in the order of their first records, and the records of a group together.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<serde_json::Value>,
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
    /// What the score is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    score_parts: Option<ScoreParts>,
}

/// What a score is made of. What took no part is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoreParts {
    /// By the collection's metric; smaller is nearer.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<f32>,
    /// The full-text score.
    #[serde(skip_serializing_if = "Option::is_none")]
    bm25: Option<f32>,
    /// The rank among the candidates by vector of a hybrid query, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    vector_rank: Option<u32>,
    /// The rank among the candidates by text of a hybrid query, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    text_rank: Option<u32>,
}

/// Search a collection
///
/// By vector, by the meaning of a text, by its words, or by both; with a filter, a bound, or by group. Sees every
/// write acknowledged before.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/query", operation_id = "query_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = QueryRequest,
    responses((status = 200, body = DataReply<Hits>), Refusals)
)]
pub(crate) async fn query_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<QueryRequest>,
) -> Result<Response, Problem> {
    value.check()?;
    let call = Call::new(admission);
    let shared = Arc::clone(&node);
    to_the_end(&node, async move { query(&shared, call, &collection, value).await }).await
}

async fn query(node: &Shared, mut call: Call, collection: &str, request: QueryRequest) -> Result<Response, Problem> {
    let (namespace, schema) = call.collection(collection).await?;
    let mut asked = Asked::new(request, &schema)?;
    call.admission.may_cost(units::query(namespace.logical_bytes_of(collection).unwrap_or_default()))?;
    if let Some(text) = asked.plan.to_embed() {
        let vectors = embed(node, &mut call, vec![text]).await?;
        vectors.into_iter().for_each(|vector| asked.plan.embedded(vector));
    }
    let (query, shape) = asked.into_query()?;
    let read = call.engine_read(namespace.query(collection, query)).await?;
    let units = units::query(namespace.logical_bytes_of(collection).unwrap_or_default());
    call.carries(read.value.iter().map(|hit| &hit.record));
    call.read(shape.hits(read.value), read.commit, units)
}

/// The vectors of texts, in their order.
pub(super) async fn embed(node: &Shared, call: &mut Call, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Problem> {
    call.admission.may_embed(&node.pipeline)?;
    let embedder = node.embedder.as_ref().ok_or_else(refusals::no_model)?;
    let wanted = texts.len();
    let answer = call.embed(embedder.embed(texts)).await;
    let embeddings = answer.map_err(|error| refusals::embedding(&error))?;
    call.embedding_tokens = embeddings.tokens.iter().map(|tokens| u64::from(*tokens)).sum();
    if embeddings.vectors.len() != wanted {
        return Err(Problem::internal("the model gave no vector for a text"));
    }
    Ok(embeddings.vectors)
}

/// A query that fits its collection, on its way into the engine.
pub(super) struct Asked {
    pub(super) plan: Plan,
    filter: Option<Filter>,
    top_k: usize,
    narrowing: Narrowing,
    parts: Parts,
}

impl Asked {
    pub(super) fn new(mut request: QueryRequest, schema: &Schema) -> Result<Self, Problem> {
        let filter = filter::parse(request.filter.as_deref(), &request.params, schema)?;
        let (parts, top_k) = (Parts::of(request.include.as_deref()), request.top_k());
        let narrowing = request.narrowing();
        Ok(Self { plan: request.plan(schema)?, filter, top_k, narrowing, parts })
    }

    /// The engine's form, and that of the answer.
    pub(super) fn into_query(self) -> Result<(Query, Shape), Problem> {
        let Narrowing { max_distance, min_score, group_by, exact } = self.narrowing;
        let shape = Shape { mode: self.plan.mode_name(), parts: self.parts, grouped: group_by.is_some() };
        let query = Query::new(self.plan.into_mode()?, self.top_k);
        let filter = self.filter;
        Ok((Query { filter, max_distance, min_score, group_by, exact, include: self.parts.engine, ..query }, shape))
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    mode: request::ModeName,
    parts: Parts,
    grouped: bool,
}

impl Shape {
    pub(super) fn hits(self, hits: Vec<Hit>) -> Hits {
        Hits { hits: hits.into_iter().map(|hit| HitView::new(hit, self)).collect(), mode: self.mode }
    }
}

/// Which parts of the hits are asked for.
#[derive(Debug, Clone, Copy)]
struct Parts {
    engine: Include,
    score_parts: bool,
}

impl Parts {
    fn of(include: Option<&[Part]>) -> Self {
        let Some(include) = include else { return Self { engine: Include::default(), score_parts: false } };
        let has = |part| include.contains(&part);
        Self {
            engine: Include {
                vector: has(Part::Vector),
                text: has(Part::Text),
                attributes: has(Part::Attributes),
                metadata: has(Part::Metadata),
            },
            score_parts: has(Part::ScoreParts),
        }
    }
}

impl HitView {
    fn new(hit: Hit, Shape { parts, grouped, .. }: Shape) -> Self {
        let (mut record, include) = (hit.record, parts.engine);
        let group = hit.group.as_ref().map_or(serde_json::Value::Null, Value::to_json);
        let attributes = record.attributes.iter().map(|(name, value)| (name.clone(), value.to_json()));
        Self {
            id: record.id,
            score: hit.score,
            group: grouped.then_some(group),
            vector: record.vectors.remove(DEFAULT_VECTOR).filter(|_| include.vector),
            text: record.text.filter(|_| include.text),
            attributes: include.attributes.then(|| attributes.collect()),
            metadata: record.metadata.filter(|_| include.metadata),
            score_parts: parts.score_parts.then_some(ScoreParts {
                distance: hit.distance,
                bm25: hit.bm25,
                vector_rank: hit.vector_rank,
                text_rank: hit.text_rank,
            }),
        }
    }
}
