//! `POST /v1/namespaces/{namespace}/collections/{collection}/recall`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::DEFAULT_VECTOR;
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "probe_recall",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/recall",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

const DEFAULT_SAMPLES: usize = 20;
const DEFAULT_TOP_K: usize = 10;
const MAX_SAMPLES: usize = 100;

/// What to compare.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecallRequest {
    /// Records whose own vectors are asked for, 1 to 100; 20 when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    samples: Option<usize>,
    /// Hits of each query, 1 to 100; 10 when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100, default = 10)]
    top_k: Option<usize>,
}

/// How good the answers of the index are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecallView {
    /// The mean share of the nearest records that a query by vector finds, 0 to 1.
    recall: f64,
    /// Records that were asked for; none when there is no index to compare.
    samples: usize,
    /// Whether queries by vector use an index; without one they look at every record.
    indexed: bool,
}

/// Measure how exact answers are
///
/// Asks for the records nearest to some of the collection's own, those left out, with the index and without, and
/// compares the answers. Counted as two queries for each sample.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/recall", operation_id = "probe_recall",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = RecallRequest,
    responses((status = 200, body = DataReply<RecallView>), Refusals)
)]
pub(crate) async fn probe_recall(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<RecallRequest>,
) -> Result<Response, Problem> {
    let (samples, top_k) = (value.samples.unwrap_or(DEFAULT_SAMPLES), value.top_k.unwrap_or(DEFAULT_TOP_K));
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let (namespace, _) = call.collection(&collection).await?;
        let one = units::query(namespace.logical_bytes_of(&collection).unwrap_or_default());
        call.admission.may_cost(one.saturating_mul(2 * samples.clamp(1, MAX_SAMPLES) as u64))?;
        let read = call.engine_read(namespace.recall(&collection, DEFAULT_VECTOR, samples, top_k)).await?;
        let one = units::query(namespace.logical_bytes_of(&collection).unwrap_or_default());
        let units = one.saturating_mul(2 * read.value.samples.max(1) as u64);
        let view = RecallView { recall: read.value.recall, samples: read.value.samples, indexed: read.value.indexed };
        call.read(view, read.commit, units)
    })
    .await
}
