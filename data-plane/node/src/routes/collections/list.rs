//! `GET /v1/namespaces/{namespace}/collections`

use agentdb_control_plane_contract::Scope;
use agentdb_problem::Problem;
use axum::{extract::State, response::Response};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::CollectionView;
use crate::{
    admission::{Admission, Operation},
    routes::{
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "list_collections",
    method: Method::GET,
    path: "/v1/namespaces/{namespace}/collections",
    scope: Scope::Read,
    meter: None,
};

/// The collections of a namespace, by name. At most as many as the edition allows in a namespace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionList {
    collections: Vec<CollectionView>,
}

/// List collections
///
/// All collections of the namespace, by name. Costs no query units.
#[utoipa::path(
    get, path = "/v1/namespaces/{namespace}/collections", operation_id = "list_collections",
    tag = "collections", security(("api_key" = [])),
    params(("namespace" = String, Path, description = "The namespace's name")),
    responses((status = 200, body = DataReply<CollectionList>), Refusals)
)]
pub(crate) async fn list_collections(State(node): State<NodeState>, admission: Admission) -> Result<Response, Problem> {
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.namespace().await?;
        let read = namespace.collections().map_err(|error| refusals::read(&call.admission, error))?;
        let collections = read.value.into_iter().map(CollectionView::from).collect();
        call.read(CollectionList { collections }, read.commit, 0)
    })
    .await
}
