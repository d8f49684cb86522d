//! `POST /v1/namespaces/{namespace}/collections/{collection}/query`

mod request;

use std::{collections::BTreeMap, sync::Arc};

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{DEFAULT_VECTOR, Hit, Include, Query};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use self::request::{Part, QueryRequest};
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
/// By vector, by the meaning of a text, by its words, or by both; with a filter. Sees every write
/// acknowledged before.
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
    let filter = filter::parse(request.filter.as_deref(), &request.params, &schema)?;
    let parts = Parts::of(request.include.as_deref());
    let top_k = request.top_k();
    let mut plan = request.plan(&schema)?;
    if let Some(text) = plan.to_embed() {
        let vector = embed(node, &mut call, text).await?;
        plan.embedded(vector);
    }
    let mode_name = plan.mode_name();
    let query = Query { filter, include: parts.engine, ..Query::new(plan.into_mode()?, top_k) };
    let read = call.engine_read(namespace.query(collection, query)).await?;
    let units = units::query(namespace.logical_bytes_of(collection).unwrap_or_default());
    let hits = read.value.into_iter().map(|hit| HitView::new(hit, parts)).collect();
    call.read(Hits { hits, mode: mode_name }, read.commit, units)
}

async fn embed(node: &Shared, call: &mut Call, text: String) -> Result<Vec<f32>, Problem> {
    call.admission.may_embed(&node.pipeline)?;
    let embedder = node.embedder.as_ref().ok_or_else(refusals::no_model)?;
    let answer = call.embed(embedder.embed(vec![text])).await;
    let mut embeddings = answer.map_err(|error| refusals::embedding(&error))?;
    call.embedding_tokens = embeddings.tokens.iter().map(|tokens| u64::from(*tokens)).sum();
    embeddings.vectors.pop().ok_or_else(|| Problem::internal("the model gave no vector for a text"))
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
    fn new(hit: Hit, parts: Parts) -> Self {
        let (mut record, include) = (hit.record, parts.engine);
        let attributes = record.attributes.iter().map(|(name, value)| (name.clone(), value.to_json()));
        Self {
            id: record.id,
            score: hit.score,
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
