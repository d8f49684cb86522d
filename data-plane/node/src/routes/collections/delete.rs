//! `DELETE /v1/namespaces/{namespace}/collections/{collection}`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::ONE;
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        idempotency::{Repeatable, Stored},
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "delete_collection",
    method: Method::DELETE,
    path: ONE,
    scope: Scope::Write,
    meter: Some(Meter::Write),
};

/// A collection that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionDeleted {
    /// Its name.
    name: String,
}

/// Remove a collection
///
/// With all its records. 404 when it is not there.
#[utoipa::path(
    delete, path = "/v1/namespaces/{namespace}/collections/{collection}", operation_id = "delete_collection",
    tag = "collections", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    responses((status = 200, body = DataReply<CollectionDeleted>), Refusals)
)]
pub(crate) async fn delete_collection(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let repeatable = Repeatable::of(&admission, &headers, &collection, &[0; 32])?;
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.namespace().await?;
        if let Some(done) = call.done_before(&namespace, repeatable.as_ref())? {
            return call.replayed(&done);
        }
        let units = units::collection_change();
        let result = CollectionDeleted { name: collection.clone() };
        let stored = serde_json::to_value(&result).map_err(Problem::internal)?;
        let answer = Stored { status: StatusCode::OK.as_u16(), result: stored };
        let meta = call.meta(&[(Meter::Write, units)], repeatable.as_ref(), &answer)?;
        let committed = call.engine_write(namespace.drop_collection(&collection, meta)).await?;
        call.wrote(StatusCode::OK, result, &committed, units)
    })
    .await
}
