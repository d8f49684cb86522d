//! `GET /v1/namespaces/{namespace}/collections/{collection}`

use agentdb_control_plane_contract::Scope;
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;

use super::{CollectionView, ONE};
use crate::{
    admission::{Admission, Operation},
    routes::{
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation =
    Operation { id: "get_collection", method: Method::GET, path: ONE, scope: Scope::Read, meter: None };

/// Describe a collection
///
/// Its schema and size. Costs no query units.
#[utoipa::path(
    get, path = "/v1/namespaces/{namespace}/collections/{collection}", operation_id = "get_collection",
    tag = "collections", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    responses((status = 200, body = DataReply<CollectionView>), Refusals)
)]
pub(crate) async fn get_collection(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.namespace().await?;
        let read = namespace.collection(&collection).map_err(|error| refusals::read(&call.admission, error))?;
        let info = read.value.ok_or_else(Problem::not_found)?;
        call.read(CollectionView::from(info), read.commit, 0)
    })
    .await
}
