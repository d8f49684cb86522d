//! `PUT /v1/namespaces/{namespace}/collections/{collection}`

use agentdb_control_plane_contract::{Feature, Meter, Scope};
use agentdb_data_plane_engine::{Namespace, Schema, WriteMeta, valid_collection_name};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};

use super::{CollectionView, ONE, schema::CollectionSchema};
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        idempotency::{self, Stored},
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation =
    Operation { id: "put_collection", method: Method::PUT, path: ONE, scope: Scope::Write, meter: Meter::Write };

/// Make a collection
///
/// Repeatable: 201 when it was made, 200 when it was there with the same schema, 409 when it is there with
/// another one.
#[utoipa::path(
    put, path = "/v1/namespaces/{namespace}/collections/{collection}", operation_id = "put_collection",
    tag = "collections", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "1 to 128 of `A-Z a-z 0-9 . _ -`, first a letter or digit"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = CollectionSchema,
    responses(
        (status = 200, description = "It was there", body = DataReply<CollectionView>),
        (status = 201, description = "It was made", body = DataReply<CollectionView>),
        Refusals
    )
)]
pub(crate) async fn put_collection(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    headers: HeaderMap,
    Body { value, digest }: Body<CollectionSchema>,
) -> Result<Response, Problem> {
    if !valid_collection_name(&collection) {
        let detail = "a collection's name is 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-', first a letter or digit";
        return Err(Problem::invalid("collection", "invalid_name", detail));
    }
    if value.names_model() {
        admission.may_have(Feature::Embedding)?;
    }
    let schema = value.for_engine()?;
    let key = idempotency::key(&headers)?.map(str::to_owned);
    let call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.admission.namespace().await?;
        if namespace.schema(&collection).is_none() {
            within_limit(&call.admission, &namespace)?;
        }
        create(call, &namespace, &collection, schema, key.as_deref(), &digest).await
    })
    .await
}

fn within_limit(admission: &Admission, namespace: &Namespace) -> Result<(), Problem> {
    let limit = u64::from(admission.policy().limits.collections_per_namespace);
    if (namespace.stats().collections as u64) < limit {
        return Ok(());
    }
    Err(refusals::too_many_collections(limit))
}

async fn create(
    mut call: Call,
    namespace: &Namespace,
    collection: &str,
    schema: Schema,
    key: Option<&str>,
    digest: &[u8; 32],
) -> Result<Response, Problem> {
    // One that is there already costs nothing; the engine refuses another schema.
    let there = namespace.schema(collection).is_some();
    let units = if there { 0 } else { units::collection_change() };
    let status = if there { StatusCode::OK } else { StatusCode::CREATED };
    let mut view = serde_json::to_value(CollectionView::new(collection, schema.clone())).map_err(Problem::internal)?;
    // Known after the commit.
    view["created_commit"] = serde_json::Value::Null;
    let answer = Stored { status: status.as_u16(), result: view };
    let meta = WriteMeta {
        usage: call.admission.log_usage(&[(Meter::Write, units)]),
        idempotency: idempotency::promise(&call.admission, key, collection, digest, &answer)?,
    };
    let _write = call.admission.begin_write()?;
    let created = call.engine(namespace.create_collection(collection, schema, meta)).await;
    let committed = created.map_err(|error| refusals::write(&call.admission, error))?;
    if let Some(stored) = &committed.replayed {
        return call.replayed(&committed, stored);
    }
    let read = namespace.collection(collection).map_err(|error| refusals::read(&call.admission, error))?;
    let view = CollectionView::from(read.value.ok_or_else(Problem::not_found)?);
    let status = if committed.created { StatusCode::CREATED } else { StatusCode::OK };
    call.wrote(status, view, committed.commit, units)
}
