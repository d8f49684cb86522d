//! `POST /v1/namespaces/{namespace}/collections/{collection}/fetch`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::schema::limits::MAX_BATCH;
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::check_batch;
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        bounded,
        include::{MAX_INCLUDE, Part, RecordView, parts},
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "fetch_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/fetch",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

/// Records to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchRequest {
    /// 1 to 1,000 different ids.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
    /// Parts of the records; text, attributes and metadata when left out.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_INCLUDE>")]
    #[schema(max_items = 8)]
    include: Option<Vec<Part>>,
}

/// Records that are there, in the order asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Fetched {
    records: Vec<RecordView>,
    /// Ids that are not there.
    missing: Vec<String>,
}

/// Read records
///
/// By id. Sees every write acknowledged before.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/fetch", operation_id = "fetch_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = FetchRequest,
    responses((status = 200, body = DataReply<Fetched>), Refusals)
)]
pub(crate) async fn fetch_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<FetchRequest>,
) -> Result<Response, Problem> {
    check_batch(value.ids.iter().map(String::as_str), "/ids", "")?;
    let include = parts(value.include.as_deref());
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.namespace().await?;
        let read = call.engine_read(namespace.fetch_stored(&collection, &value.ids, include)).await?;
        call.carries(read.value.iter().flatten().map(|stored| &stored.record));
        let mut fetched = Fetched { records: Vec::with_capacity(value.ids.len()), missing: Vec::new() };
        for (id, stored) in value.ids.into_iter().zip(read.value) {
            match stored {
                Some(stored) => fetched.records.push(RecordView::new(stored.record, include).at(stored.commit)),
                None => fetched.missing.push(id),
            }
        }
        let units = units::read(fetched.records.len() as u64);
        call.read(fetched, read.commit, units)
    })
    .await
}
