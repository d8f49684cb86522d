//! `POST /v1/namespaces/{namespace}/collections/{collection}/delete`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::schema::limits::MAX_BATCH;
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::check_batch;
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        bounded,
        idempotency::{Repeatable, Stored},
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "delete_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/delete",
    scope: Scope::Write,
    meter: Some(Meter::Write),
};

/// Records to be removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    /// 1 to 1,000 different ids. One that is not there is no error.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
}

/// Records that were removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// How many were there.
    deleted: u64,
}

/// Remove records
///
/// By id. Durable, and visible to every later read, when the reply comes.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/delete", operation_id = "delete_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = DeleteRequest,
    responses((status = 200, body = DataReply<Deleted>), Refusals)
)]
pub(crate) async fn delete_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    headers: HeaderMap,
    Body { value, digest }: Body<DeleteRequest>,
) -> Result<Response, Problem> {
    check_batch(value.ids.iter().map(String::as_str), "/ids", "")?;
    let repeatable = Repeatable::of(&admission, &headers, &collection, &digest)?;
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.admission.namespace().await?;
        if let Some(done) = call.done_before(&namespace, repeatable.as_ref())? {
            return call.replayed(&done);
        }
        let units = units::delete(value.ids.len() as u64);
        // How many were there is known after the commit.
        let result = serde_json::json!({ "deleted": null });
        let answer = Stored { status: StatusCode::OK.as_u16(), result };
        let meta = call.meta(&[(Meter::Write, units)], repeatable.as_ref(), &answer)?;
        let committed = call.engine_write(namespace.delete(&collection, value.ids, meta)).await?;
        call.wrote(StatusCode::OK, Deleted { deleted: committed.deleted }, &committed, units)
    })
    .await
}
