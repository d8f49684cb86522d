//! `DELETE /v1/namespaces/{namespace}/collections/{collection}`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::WriteMeta;
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
        idempotency::{self, Stored},
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation =
    Operation { id: "delete_collection", method: Method::DELETE, path: ONE, scope: Scope::Write, meter: Meter::Write };

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
    let key = idempotency::key(&headers)?.map(str::to_owned);
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.admission.namespace().await?;
        let units = units::collection_change();
        let result = CollectionDeleted { name: collection.clone() };
        let stored = serde_json::to_value(&result).map_err(Problem::internal)?;
        let answer = Stored { status: StatusCode::OK.as_u16(), result: stored };
        let meta = WriteMeta {
            usage: call.admission.log_usage(&[(Meter::Write, units)]),
            idempotency: idempotency::promise(&call.admission, key.as_deref(), &collection, &[0; 32], &answer)?,
        };
        let _write = call.admission.begin_write()?;
        let dropped = call.engine(namespace.drop_collection(&collection, meta)).await;
        let committed = dropped.map_err(|error| refusals::write(&call.admission, error))?;
        match &committed.replayed {
            Some(stored) => call.replayed(&committed, stored),
            None => call.wrote(StatusCode::OK, result, committed.commit, units),
        }
    })
    .await
}
