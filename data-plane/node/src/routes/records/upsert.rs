//! `POST /v1/namespaces/{namespace}/collections/{collection}/upsert`

use std::sync::Arc;

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{
    DEFAULT_VECTOR, Namespace, Operation as Write, Record, Schema, schema::limits::MAX_BATCH,
};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    condition::WriteCondition,
    ids::check_batch,
    input::{MetadataRoom, RecordInput},
};
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        bounded,
        idempotency::{Repeatable, Stored},
        refusals::{self, Refusals},
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::{NodeState, Shared},
};

pub(crate) const OPERATION: Operation = Operation {
    id: "upsert_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/upsert",
    scope: Scope::Write,
    meter: Some(Meter::Write),
};

/// Bytes that a number of a vector takes.
const BYTES_PER_NUMBER: u64 = 4;

/// Records to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpsertRequest {
    /// 1 to 1,000 records with different ids; all are written or none.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[schema(min_items = 1, max_items = 1000)]
    records: Vec<RecordInput>,
    /// What must be true of the record of each id.
    #[serde(default, rename = "if")]
    condition: Option<WriteCondition>,
}

/// Records that were written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upserted {
    /// How many.
    upserted: usize,
    /// Of these, how many vectors were computed from text.
    embedded: usize,
    /// Places in `records` of texts that go on beyond what the model reads: their vectors are those of
    /// their beginnings, their full text is searchable all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    truncated: Vec<usize>,
}

/// Write records
///
/// Each replaces the whole record of its id. Durable, and visible to every later read, when the reply comes.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/upsert", operation_id = "upsert_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = UpsertRequest,
    responses((status = 200, body = DataReply<Upserted>), Refusals)
)]
pub(crate) async fn upsert_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    headers: HeaderMap,
    Body { value, digest }: Body<UpsertRequest>,
) -> Result<Response, Problem> {
    check_batch(value.records.iter().map(|record| record.id.as_str()), "/records", "/id")?;
    let repeatable = Repeatable::of(&admission, &headers, &collection, &digest)?;
    let call = Call::new(admission);
    let shared = Arc::clone(&node);
    to_the_end(&node, async move { upsert(&shared, call, &collection, value, repeatable.as_ref()).await }).await
}

async fn upsert(
    node: &Shared,
    mut call: Call,
    collection: &str,
    request: UpsertRequest,
    repeatable: Option<&Repeatable>,
) -> Result<Response, Problem> {
    let namespace = call.namespace().await?;
    if let Some(done) = call.done_before(&namespace, repeatable)? {
        return call.replayed(&done);
    }
    let schema = call.schema(&namespace, collection)?;
    let mut records = Vec::with_capacity(request.records.len());
    let mut room = MetadataRoom::default();
    for (at, record) in request.records.into_iter().enumerate() {
        records.push(record.check(at, &schema, &mut room)?);
    }
    let condition = request.condition.map(|condition| condition.check(&schema)).transpose()?;
    // Before the model is asked: what may not be stored need not be computed.
    let sizes = || records.iter().map(|record| stored_bytes(record, &schema));
    call.admission.may_store(sizes().sum())?;
    call.admission.may_cost(units::upsert(sizes()))?;
    let mut result = Upserted { upserted: records.len(), embedded: 0, truncated: Vec::new() };
    if schema.vector().is_some() {
        embed(node, &mut call, &mut records, &mut result).await?;
    }
    let units = units::upsert(records.iter().map(Record::logical_bytes));
    let write = Write { condition, ..Write::upsert(collection, records) };
    finish(call, &namespace, (write, units), result, repeatable).await
}

/// Logical bytes of the record as it will be stored, with the vector that is still to be computed.
fn stored_bytes(record: &Record, schema: &Schema) -> u64 {
    let computed = schema.vector().filter(|_| record.vector().is_none());
    record.logical_bytes() + computed.map_or(0, |spec| BYTES_PER_NUMBER * u64::from(spec.dimension))
}

/// Computes the vectors that are missing.
async fn embed(node: &Shared, call: &mut Call, records: &mut [Record], result: &mut Upserted) -> Result<(), Problem> {
    let places: Vec<usize> = (0..records.len()).filter(|at| records[*at].vector().is_none()).collect();
    if places.is_empty() {
        return Ok(());
    }
    call.admission.may_embed(&node.pipeline)?;
    let embedder = node.embedder.as_ref().ok_or_else(refusals::no_model)?;
    let texts = places.iter().map(|at| records[*at].text.clone().unwrap_or_default()).collect();
    // A batch waits for the organisation's last one, so that nobody fills the model's queue alone.
    let _turn = call.admission.embedding_turn(places.len()).await;
    let answer = call.embed(embedder.embed(texts)).await;
    let embeddings = answer.map_err(|error| refusals::embedding(&error))?;
    call.embedding_tokens = embeddings.tokens.iter().map(|tokens| u64::from(*tokens)).sum();
    result.embedded = places.len();
    result.truncated = embeddings.truncated.iter().filter_map(|index| places.get(*index)).copied().collect();
    for (at, vector) in places.into_iter().zip(embeddings.vectors) {
        records[at].vectors.insert(DEFAULT_VECTOR.to_owned(), vector);
    }
    Ok(())
}

async fn finish(
    mut call: Call,
    namespace: &Namespace,
    (write, units): (Write, u64),
    result: Upserted,
    repeatable: Option<&Repeatable>,
) -> Result<Response, Problem> {
    let stored = serde_json::to_value(&result).map_err(Problem::internal)?;
    let answer = Stored { status: StatusCode::OK.as_u16(), result: stored };
    let amounts = [(Meter::Write, units), (Meter::EmbeddingTokens, call.embedding_tokens)];
    let meta = call.meta(&amounts, repeatable, &answer)?;
    let committed = call.engine_write(namespace.write_one(write, meta)).await?;
    call.wrote(StatusCode::OK, result, &committed, units)
}

#[cfg(test)]
mod tests {
    use agentdb_data_plane_engine::{Metric, VectorSpec, default_vector};

    use super::*;

    #[test]
    fn a_vector_that_is_still_to_be_computed_is_stored_too() {
        let schema =
            Schema { vectors: VectorSpec { dimension: 384, metric: Metric::Cosine }.into(), ..Schema::default() };
        let without = Record { id: "ab".to_owned(), text: Some("xyz".to_owned()), ..Record::default() };
        let with = Record { vectors: default_vector(vec![1.0; 384]), ..without.clone() };
        assert_eq!(stored_bytes(&without, &schema), 2 + 3 + 4 * 384);
        assert_eq!(stored_bytes(&without, &schema), stored_bytes(&with, &schema));
        assert_eq!(stored_bytes(&without, &Schema::default()), 5);
    }
}
