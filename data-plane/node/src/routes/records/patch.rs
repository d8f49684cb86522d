//! `POST /v1/namespaces/{namespace}/collections/{collection}/patch`

use std::sync::Arc;

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{
    Action, DEFAULT_VECTOR, Edit, Missing, Operation as Write, Patch, schema::limits::MAX_BATCH,
};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    condition::WriteCondition,
    ids::check_batch,
    input::{MetadataRoom, PatchInput},
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
    id: "patch_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/patch",
    scope: Scope::Write,
    meter: Some(Meter::Write),
};

/// Changes of records.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchRequest {
    /// 1 to 1,000 changes of different records; all are made or none.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[schema(min_items = 1, max_items = 1000)]
    patches: Vec<PatchInput>,
    /// What is done about ids that have no record.
    #[serde(default)]
    missing: MissingName,
    /// What must be true of every record.
    #[serde(default, rename = "if")]
    condition: Option<WriteCondition>,
}

/// What is done about an id that has no record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingName {
    /// Nothing of the request is done; the answer is a 412.
    #[default]
    Refuse,
    /// It is left out and counted.
    Skip,
}

/// Records that were changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Patched {
    /// How many.
    patched: u64,
    /// Ids that have no record.
    missing: u64,
    /// Of the changes, how many had their vectors computed from their text.
    embedded: usize,
}

/// Change parts of records
///
/// What is not named stays as it is at the commit, so changes of different parts that meet both stay. Durable, and visible
/// to every later read, when the reply comes. Counted as an upsert of the whole records.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/patch", operation_id = "patch_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = PatchRequest,
    responses((status = 200, body = DataReply<Patched>), Refusals)
)]
pub(crate) async fn patch_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    headers: HeaderMap,
    Body { value, digest }: Body<PatchRequest>,
) -> Result<Response, Problem> {
    check_batch(value.patches.iter().map(|patch| patch.id.as_str()), "/patches", "/id")?;
    let repeatable = Repeatable::of(&admission, &headers, &collection, &digest)?;
    let call = Call::new(admission);
    let shared = Arc::clone(&node);
    to_the_end(&node, async move { patch(&shared, call, &collection, value, repeatable.as_ref()).await }).await
}

async fn patch(
    node: &Shared,
    mut call: Call,
    collection: &str,
    request: PatchRequest,
    repeatable: Option<&Repeatable>,
) -> Result<Response, Problem> {
    let namespace = call.namespace().await?;
    if let Some(done) = call.done_before(&namespace, repeatable)? {
        return call.replayed(&done);
    }
    let schema = call.schema(&namespace, collection)?;
    let mut room = MetadataRoom::default();
    let checked = request.patches.into_iter().enumerate().map(|(at, patch)| patch.check(at, &schema, &mut room));
    let mut patches = checked.collect::<Result<Vec<_>, _>>()?;
    let condition = request.condition.map(|condition| condition.check(&schema)).transpose()?;
    call.admission.may_store(patches.iter().map(|(_, patch)| added_bytes(patch)).sum())?;
    // At least: how large the records are then is known when they are written.
    call.admission.may_cost(units::upsert(patches.iter().map(|_| 1)))?;
    let embedded = if schema.embedding_model.is_some() { embed(node, &mut call, &mut patches).await? } else { 0 };
    let missing = match request.missing {
        MissingName::Refuse => Missing::Refuse,
        MissingName::Skip => Missing::Skip,
    };
    let write = Write { condition, ..Write::new(collection, Action::Patch { patches, missing }) };
    // How many were there is known after the commit.
    let result = serde_json::json!({ "patched": null, "missing": null, "embedded": embedded });
    let answer = Stored { status: StatusCode::OK.as_u16(), result };
    let meta = call.metered(&[(Meter::EmbeddingTokens, call.embedding_tokens)], repeatable, &answer)?;
    let committed = call.engine_write_of("patches", namespace.write_one(write, meta)).await?;
    let result = Patched { patched: committed.patched, missing: committed.missing, embedded };
    call.wrote(StatusCode::OK, result, &committed, committed.metered)
}

/// At most what a record grows by.
fn added_bytes(patch: &Patch) -> u64 {
    let vectors = patch.vectors.values().flatten().map(|vector| vector.len() * 4).sum::<usize>();
    let text = if let Edit::Set(text) = &patch.text { text.len() } else { 0 };
    let attributes: u64 =
        patch.attributes.values().flatten().map(agentdb_data_plane_engine::Value::logical_bytes).sum();
    let metadata = patch.metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
    (vectors + text + metadata) as u64 + attributes
}

/// Computes the vectors of texts that change without one. Says how many.
async fn embed(node: &Shared, call: &mut Call, patches: &mut [(String, Patch)]) -> Result<usize, Problem> {
    let texts = patches.iter().enumerate().filter_map(|(at, (_, patch))| match &patch.text {
        Edit::Set(text) if !patch.vectors.contains_key(DEFAULT_VECTOR) && !text.trim().is_empty() => {
            Some((at, text.clone()))
        }
        _ => None,
    });
    let (places, texts): (Vec<usize>, Vec<String>) = texts.unzip();
    if places.is_empty() {
        return Ok(0);
    }
    call.admission.may_embed(&node.pipeline)?;
    let embedder = node.embedder.as_ref().ok_or_else(refusals::no_model)?;
    let _turn = call.admission.embedding_turn(places.len()).await;
    let answer = call.embed(embedder.embed(texts)).await;
    let embeddings = answer.map_err(|error| refusals::embedding(&error))?;
    call.embedding_tokens = embeddings.tokens.iter().map(|tokens| u64::from(*tokens)).sum();
    let embedded = places.len();
    for (at, vector) in places.into_iter().zip(embeddings.vectors) {
        patches[at].1.vectors.insert(DEFAULT_VECTOR.to_owned(), Some(vector));
    }
    Ok(embedded)
}
