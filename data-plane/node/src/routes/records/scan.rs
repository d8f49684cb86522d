//! `POST /v1/namespaces/{namespace}/collections/{collection}/scan`

use agentdb_control_plane_contract::{Meter, Scope};
use agentdb_data_plane_engine::{OrderBy, Position, schema::limits::MAX_TOP_K};
use agentdb_problem::{Path, Problem};
use axum::{extract::State, response::Response};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{cursor, filter};
use crate::{
    admission::{Admission, Operation},
    metering::units,
    routes::{
        body::Body,
        bounded,
        include::{MAX_INCLUDE, Part, RecordView, parts},
        refusals::Refusals,
        reply::{Call, DataReply},
        run::to_the_end,
    },
    state::NodeState,
};

pub(crate) const OPERATION: Operation = Operation {
    id: "scan_records",
    method: Method::POST,
    path: "/v1/namespaces/{namespace}/collections/{collection}/scan",
    scope: Scope::Read,
    meter: Some(Meter::Query),
};

const DEFAULT_LIMIT: usize = 50;

/// What to read, page by page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanRequest {
    /// Only records for which this expression is true; all when left out.
    #[serde(default)]
    #[schema(example = "page > $1")]
    filter: Option<String>,
    /// Values of `$1`, `$2`, … in the filter.
    #[serde(default, deserialize_with = "bounded::params")]
    #[schema(max_items = 256)]
    params: Vec<serde_json::Value>,
    /// Records a page, 1 to 1,000; 50 when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<usize>,
    /// The order of the records; by id when left out.
    #[serde(default)]
    order_by: Option<OrderRequest>,
    /// `next_cursor` of the page before; the beginning when left out.
    #[serde(default)]
    cursor: Option<String>,
    /// Parts of the records; text, attributes and metadata when left out.
    #[serde(default, deserialize_with = "bounded::optional_list::<_, _, MAX_INCLUDE>")]
    #[schema(max_items = 8)]
    include: Option<Vec<Part>>,
}

/// An order by an attribute. Records with the same value are in the order of their ids; those without a value are
/// last, whichever the direction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderRequest {
    /// An attribute of any type but `string_list`.
    attribute: String,
    /// Whether the largest value is first.
    #[serde(default)]
    descending: bool,
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page {
    records: Vec<RecordView>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// Read all records
///
/// Page by page in the order of their ids, or of an attribute. Stable under writes: a record that stays is seen once. A page of large
/// records may end before `limit`; `next_cursor` alone says whether there are more.
#[utoipa::path(
    post, path = "/v1/namespaces/{namespace}/collections/{collection}/scan", operation_id = "scan_records",
    tag = "records", security(("api_key" = [])),
    params(
        ("namespace" = String, Path, description = "The namespace's name"),
        ("collection" = String, Path, description = "The collection's name"),
    ),
    request_body = ScanRequest,
    responses((status = 200, body = DataReply<Page>), Refusals)
)]
pub(crate) async fn scan_records(
    State(node): State<NodeState>,
    admission: Admission,
    Path((_namespace, collection)): Path<(String, String)>,
    Body { value, .. }: Body<ScanRequest>,
) -> Result<Response, Problem> {
    let limit = value.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_TOP_K).contains(&limit) {
        return Err(Problem::invalid("/limit", "out_of_range", format!("1 to {MAX_TOP_K}")));
    }
    let place = match &value.order_by {
        None => Place::Id(value.cursor.as_deref().map(cursor::id).transpose()?),
        Some(_) => Place::Value(value.cursor.as_deref().map(cursor::position).transpose()?),
    };
    let include = parts(value.include.as_deref());
    let mut call = Call::new(admission);
    to_the_end(&node, async move {
        let (namespace, schema) = call.collection(&collection).await?;
        let filter = filter::parse(value.filter.as_deref(), &value.params, &schema)?;
        let (found, next_cursor, commit) = match (value.order_by, place) {
            (Some(order), Place::Value(after)) => {
                let order = OrderBy { attribute: order.attribute, descending: order.descending };
                let scan = namespace.scan_ordered(&collection, filter, order, after, limit, include);
                let read = call.engine_read(scan).await?;
                let next = read.value.last.filter(|_| read.value.more);
                (read.value.records, next.as_ref().map(cursor::after_position), read.commit)
            }
            (_, place) => {
                let after = if let Place::Id(after) = place { after } else { None };
                let read = call.engine_read(namespace.scan(&collection, filter, after, limit, include)).await?;
                let next = read.value.records.last().filter(|_| read.value.more);
                let next = next.map(|record| cursor::after(&record.id));
                (read.value.records, next, read.commit)
            }
        };
        let units = units::read(found.len() as u64);
        call.carries(&found);
        let records = found.into_iter().map(|record| RecordView::new(record, include)).collect();
        call.read(Page { records, next_cursor }, commit, units)
    })
    .await
}

/// Where the page begins.
enum Place {
    Id(Option<String>),
    Value(Option<Position>),
}
