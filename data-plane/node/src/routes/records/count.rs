//! `POST /v1/namespaces/{namespace}/collections/{collection}/count`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filter;
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
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "count_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/count",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

/// What to count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountRequest {
    /// Only records for which this expression is true; all when left out.
    #[serde(default)]
    #[schema(example = "page > $1")]
    filter: Option<String>,
    /// Values of `$1`, `$2`, … in the filter.
    #[serde(default, deserialize_with = "bounded::params")]
    #[schema(max_items = 256)]
    params: Vec<serde_json::Value>,
}

/// How many records there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    count: u64,
}

/// Count records
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/count", operation_id = "count_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = CountRequest,
    responses((status = 200, body = DataReply<Counted>), Refusals)
)]
pub(crate) async fn count_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<CountRequest>,
) -> Result<Response, Problem> {
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let (namespace, schema) = call.collection(&collection).await?;
        let filter = filter::parse(value.filter.as_deref(), &value.params, &schema)?;
        let read = call.engine_read(namespace.count(&collection, filter)).await?;
        // The answer carries no record.
        call.read(Counted { count: read.value }, read.commit, units::read(0))
    })
    .await
}
