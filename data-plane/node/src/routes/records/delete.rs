//! `POST /v1/namespaces/{namespace}/collections/{collection}/delete`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{Action, Operation as Write, Schema, schema::limits::MAX_BATCH};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{condition::WriteCondition, filter, ids::check_batch};
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

/// Records to be removed: by their ids, or by a filter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    /// 1 to 1,000 different ids. One that is not there is no error.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_BATCH>")]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Option<Vec<String>>,
    /// Those that pass at the commit, the first by id.
    #[serde(default)]
    filter: Option<String>,
    /// Values for `$1`, `$2`, … of the filter.
    #[serde(default, deserialize_with = "bounded::params")]
    #[schema(max_items = 256)]
    params: Vec<serde_json::Value>,
    /// How many a filter removes at most: 1 to 1,000, which is the default.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What must be true of the record of each id.
    #[serde(default, rename = "if")]
    condition: Option<WriteCondition>,
}

/// Records that were removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// How many were there.
    deleted: u64,
    /// Whether more may pass the filter: the same request again goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

/// Remove records
///
/// By id or by filter. Durable, and visible to every later read, when the reply comes.
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
    value.check()?;
    let repeatable = Repeatable::of(&admission, &headers, &collection, &digest)?;
    let call = Call::new(admission);
    to_the_end(&node, async move { delete(call, &collection, value, repeatable.as_ref()).await }).await
}

impl DeleteRequest {
    /// Checks what can be checked without the collection.
    fn check(&self) -> Result<(), Problem> {
        let unused = |field: &str, with: &str| {
            Err(Problem::invalid(format!("/{field}"), "unused", format!("it has no meaning beside `{with}`")))
        };
        match (&self.ids, &self.filter) {
            (Some(_), Some(_)) => unused("filter", "ids"),
            (Some(_), None) if !self.params.is_empty() => unused("params", "ids"),
            (Some(_), None) if self.limit.is_some() => unused("limit", "ids"),
            (Some(ids), None) => check_batch(ids.iter().map(String::as_str), "/ids", ""),
            (None, Some(_)) if self.condition.is_some() => unused("if", "filter"),
            (None, Some(_)) if self.limit.is_some_and(|limit| !(1..=MAX_BATCH).contains(&limit)) => {
                Err(Problem::invalid("/limit", "out_of_range", format!("1 to {MAX_BATCH}")))
            }
            (None, Some(_)) => Ok(()),
            (None, None) => Err(Problem::invalid("", "missing_field", "give `ids` or a `filter`")),
        }
    }

    fn write(self, collection: &str, schema: &Schema) -> Result<Write, Problem> {
        let condition = self.condition.map(|condition| condition.check(schema)).transpose()?;
        let action = match filter::parse(self.filter.as_deref(), &self.params, schema)? {
            Some(filter) => Action::DeleteWhere { filter, limit: self.limit.unwrap_or(MAX_BATCH) },
            None => Action::Delete(self.ids.unwrap_or_default()),
        };
        Ok(Write { condition, ..Write::new(collection, action) })
    }
}

async fn delete(
    mut call: Call,
    collection: &str,
    request: DeleteRequest,
    repeatable: Option<&Repeatable>,
) -> Result<Response, Problem> {
    let namespace = call.namespace().await?;
    if let Some(done) = call.done_before(&namespace, repeatable)? {
        return call.replayed(&done);
    }
    let schema = call.schema(&namespace, collection)?;
    let by_filter = request.filter.is_some();
    let most = request.ids.as_ref().map_or_else(|| request.limit.unwrap_or(MAX_BATCH), Vec::len);
    call.admission.may_cost(units::delete(most as u64))?;
    let write = request.write(collection, &schema)?;
    // How many were there is known after the commit.
    let result = match by_filter {
        true => serde_json::json!({ "deleted": null, "more": null }),
        false => serde_json::json!({ "deleted": null }),
    };
    let answer = Stored { status: StatusCode::OK.as_u16(), result };
    let meta = call.metered(&[], repeatable, &answer)?;
    let committed = call.engine_write(namespace.write_one(write, meta)).await?;
    let result = Deleted { deleted: committed.deleted, more: by_filter.then_some(committed.more) };
    call.wrote(StatusCode::OK, result, &committed, committed.metered)
}
