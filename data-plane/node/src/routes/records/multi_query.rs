//! `POST /v1/namespaces/{namespace}/collections/{collection}/multi-query`

use std::sync::Arc;

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::schema::limits::MAX_QUERIES;
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{Asked, Hits, QueryRequest, Shape, embed};
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        bounded,
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::{NodeState, Shared},
};

pub(crate) const OPERATION: Operation = Operation {
    id: "multi_query_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/multi-query",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

/// Several queries of one collection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MultiQueryRequest {
    /// 1 to 16 queries.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_QUERIES>")]
    #[schema(min_items = 1, max_items = 16)]
    queries: Vec<QueryRequest>,
}

/// The answers to several queries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answers {
    /// In the order of the queries.
    answers: Vec<Hits>,
}

/// Search a collection several times
///
/// Up to 16 queries of one state of the collection: no write comes between them. Each is counted as a query.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/multi-query",
    operation_id = "multi_query_records", tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = MultiQueryRequest,
    responses((status = 200, body = DataReply<Answers>), Refusals)
)]
pub(crate) async fn multi_query_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<MultiQueryRequest>,
) -> Result<Response, Problem> {
    if value.queries.is_empty() {
        return Err(Problem::invalid("/queries", "out_of_range", format!("1 to {MAX_QUERIES}")));
    }
    for (at, query) in value.queries.iter().enumerate() {
        query.check().map_err(|problem| of_query(at, problem))?;
    }
    let call = Call::new(admission);
    let shared = Arc::clone(&node);
    to_the_end(&node, async move { queries(&shared, call, &collection, value.queries).await }).await
}

async fn queries(
    node: &Shared,
    mut call: Call,
    collection: &str,
    requests: Vec<QueryRequest>,
) -> Result<Response, Problem> {
    let (namespace, schema) = call.collection(collection).await?;
    let asked = requests.into_iter().enumerate();
    let asked = asked.map(|(at, request)| Asked::new(request, &schema).map_err(|problem| of_query(at, problem)));
    let mut asked = asked.collect::<Result<Vec<_>, _>>()?;
    let one = units::query(namespace.logical_bytes_of(collection).unwrap_or_default());
    call.admission.may_cost(one.saturating_mul(asked.len() as u64))?;
    let texts: Vec<String> = asked.iter().filter_map(|asked| asked.plan.to_embed()).collect();
    if !texts.is_empty() {
        let vectors = embed(node, &mut call, texts).await?;
        let open = asked.iter_mut().filter(|asked| asked.plan.to_embed().is_some());
        open.zip(vectors).for_each(|(asked, vector)| asked.plan.embedded(vector));
    }
    let (queries, shapes): (Vec<_>, Vec<Shape>) =
        asked.into_iter().map(Asked::into_query).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let read = call.engine_read(namespace.multi_query(collection, queries)).await?;
    let one = units::query(namespace.logical_bytes_of(collection).unwrap_or_default());
    let units = one.saturating_mul(shapes.len() as u64);
    call.carries(read.value.iter().flatten().map(|hit| &hit.record));
    let answers = shapes.into_iter().zip(read.value).map(|(shape, hits)| shape.hits(hits)).collect();
    call.read(Answers { answers }, read.commit, units)
}

fn of_query(at: usize, problem: Problem) -> Problem {
    problem.under(&format!("/queries/{at}"))
}
