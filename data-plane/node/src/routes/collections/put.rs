//! `PUT /v1/namespaces/{namespace}/collections/{collection}`

use agentdb_control_plane_contract::{Feature, Meter, Scope};
use agentdb_data_plane_engine::{CollectionInfo, Committed, Namespace, Schema, valid_collection_name};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};

use super::{CollectionView, ONE, schema::CollectionSchema};
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        idempotency::{self, Repeatable, Stored},
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation =
    Operation { id: "put_collection", method: Method::PUT, path: ONE, scope: Scope::Write, meter: Some(Meter::Write) };

/// Make a collection
///
/// Repeatable: 201 when it was made, 200 when it was there with the same schema, 409 when it is there with
/// another one. When it was there it costs nothing, except with an `Idempotency-Key`, whose answer is stored.
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
    let repeatable = Repeatable::of(&admission, &headers, &collection, &digest)?;
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let namespace = call.namespace().await?;
        if let Some(done) = call.done_before(&namespace, repeatable.as_ref())? {
            return replayed(call, &namespace, &collection, &done);
        }
        if as_it_is(&call, &namespace, &collection)?.is_none() {
            within_limits(&call.admission, &namespace, &schema)?;
        }
        create(call, &namespace, &collection, schema, repeatable.as_ref()).await
    })
    .await
}

/// Of a collection that is not there yet.
fn within_limits(admission: &Admission, namespace: &Namespace, schema: &Schema) -> Result<(), Problem> {
    let limits = admission.policy().limits;
    let largest = schema.vectors.values().map(|spec| spec.dimension).max().unwrap_or(0);
    if largest > limits.vector_dimension {
        return Err(refusals::too_many_dimensions(largest, limits.vector_dimension));
    }
    let most = u64::from(limits.collections_per_namespace);
    if (namespace.stats().collections as u64) < most {
        return Ok(());
    }
    Err(refusals::too_many_collections(most))
}

async fn create(
    mut call: Call,
    namespace: &Namespace,
    collection: &str,
    schema: Schema,
    repeatable: Option<&Repeatable>,
) -> Result<Response, Problem> {
    // One that is there already costs nothing (the engine refuses another schema), unless an answer is to be kept in
    // the log under the request's key.
    let there = as_it_is(&call, namespace, collection)?;
    let units = if there.is_some() && repeatable.is_none() { 0 } else { units::collection_change() };
    let (status, view) = match there {
        Some(there) => (StatusCode::OK, CollectionView::from(CollectionInfo { schema: schema.clone(), ..there })),
        None => (StatusCode::CREATED, CollectionView::new(collection, schema.clone())),
    };
    let mut result = serde_json::to_value(view).map_err(Problem::internal)?;
    if status == StatusCode::CREATED {
        // Known after the commit, as is whether it was this request that made it.
        result["created_commit"] = serde_json::Value::Null;
    }
    let answer = Stored { status: status.as_u16(), result };
    let meta = call.meta(&[(Meter::Write, units)], repeatable, &answer)?;
    let committed = call.engine_write(namespace.create_collection(collection, schema, meta)).await?;
    if committed.replayed.is_some() {
        return replayed(call, namespace, collection, &committed);
    }
    let Stored { status, result } = decided(&call, namespace, collection, answer, &committed)?;
    let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
    call.wrote(status, result, &committed, units)
}

/// The reply to a request that was done before.
fn replayed(call: Call, namespace: &Namespace, collection: &str, done: &Committed) -> Result<Response, Problem> {
    let answer = decided(&call, namespace, collection, idempotency::stored(done)?, done)?;
    call.replayed_as(answer, done)
}

/// The answer with what the commit decided. Of several requests for one new collection, each of which found none, only
/// the first has made it.
fn decided(
    call: &Call,
    namespace: &Namespace,
    collection: &str,
    mut answer: Stored,
    done: &Committed,
) -> Result<Stored, Problem> {
    let Stored { result, .. } = &mut answer;
    if done.created {
        // Empty, also when there was another one of its name before.
        for (member, value) in [("created_commit", done.commit), ("rows", 0), ("logical_bytes", 0)] {
            result[member] = value.into();
        }
        return Ok(Stored { status: StatusCode::CREATED.as_u16(), ..answer });
    }
    if result["created_commit"].is_null() {
        let there = as_it_is(call, namespace, collection)?;
        // One that is gone, also when another one has its name by now, was there at the commit at the latest.
        result["created_commit"] = there.map_or(done.commit, |there| there.created_commit.min(done.commit)).into();
    }
    Ok(Stored { status: StatusCode::OK.as_u16(), ..answer })
}

/// The collection, if it is there.
fn as_it_is(call: &Call, namespace: &Namespace, collection: &str) -> Result<Option<CollectionInfo>, Problem> {
    let read = namespace.collection(collection).map_err(|error| refusals::read(&call.admission, error))?;
    Ok(read.value)
}
