use agentdb_control_plane_contract::{Meter, OrgScope};
use agentdb_ids::{ApiKeyId, NamespaceId};
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::params::{Granularity, UsageParams};
use crate::{
    billing::AppState,
    routes::whole_org::needs_whole_org,
    store::{UsageCursor, UsageFilter, UsageSum},
};

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The first hour that is contained.
    from: DateTime<Utc>,
    /// The first hour that is not.
    to: DateTime<Utc>,
    /// What a row spans.
    granularity: Granularity,
    /// In the order of hour, meter, namespace and key; what was not used has no row.
    rows: Vec<UsageRow>,
    /// Sums by meter over the whole time, whatever the page.
    totals: Vec<MeterTotal>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A sum.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageRow {
    /// The start of the hour or day.
    hour: DateTime<Utc>,
    /// What was counted.
    meter: Meter,
    /// Whose request it was; absent unless grouped by key, and for what no key asked for, such as storage.
    key_id: Option<ApiKeyId>,
    /// Where; absent unless grouped by namespace.
    namespace_id: Option<NamespaceId>,
    /// How much, in what the meter is counted in: milli-units, byte-hours, bytes or tokens.
    quantity: u64,
}

/// A sum over the whole time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeterTotal {
    /// What was counted.
    meter: Meter,
    /// How much.
    quantity: u64,
}

/// Usage by hour or day
///
/// What was counted, as far as it has been reported (every few seconds), by meter and, on request, by key and
/// namespace. It is about all namespaces, so a key needs the pattern `*`.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/usage",
    operation_id = "get_usage",
    tag = "usage",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation."), UsageParams),
    security(("session" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The usage.", body = Usage),
        (status = 400, description = "A parameter breaks its rules.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid credential.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks the scope `admin`, or reaches only a part of the organisation's namespaces.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such organisation, or not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; `Retry-After` says when to come again.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "The request failed for a reason that is not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not available at this moment.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_usage(
    State(state): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Query(params): Query<UsageParams>,
) -> Result<Json<Usage>, Problem> {
    needs_whole_org(scope)?;
    let (running, _) = state.running()?;
    let request = params.checked(running)?;
    let UsageFilter { from_hour, to_hour, .. } = request.filter;
    let found =
        state.store.usage(scope.org_id, &request.filter, request.after.as_ref(), i64::from(request.limit) + 1).await?;
    let limit = usize::try_from(request.limit).map_err(Problem::internal)?;
    let next_cursor = (found.sums.len() > limit).then(|| found.sums[..limit].last().map(cursor)).flatten();
    Ok(Json(Usage {
        from: moment(from_hour)?,
        to: moment(to_hour)?,
        granularity: request.granularity,
        rows: found.sums.iter().take(limit).map(row).collect::<Result<_, _>>()?,
        totals: found
            .totals
            .into_iter()
            .map(|(meter, quantity)| Ok(MeterTotal { meter: meter.parse().map_err(Problem::internal)?, quantity }))
            .collect::<Result<_, Problem>>()?,
        next_cursor,
    }))
}

fn row(sum: &UsageSum) -> Result<UsageRow, Problem> {
    Ok(UsageRow {
        hour: moment(sum.hour)?,
        meter: sum.meter.parse().map_err(Problem::internal)?,
        key_id: (!sum.key_id.is_nil()).then(|| ApiKeyId::from_uuid(sum.key_id)),
        namespace_id: (!sum.namespace_id.is_nil()).then(|| NamespaceId::from_uuid(sum.namespace_id)),
        quantity: sum.quantity,
    })
}

fn cursor(sum: &UsageSum) -> String {
    let UsageSum { hour, namespace_id, key_id, .. } = *sum;
    UsageCursor { hour, meter: sum.meter.clone(), namespace_id, key_id }.to_string()
}

fn moment(hour: i64) -> Result<DateTime<Utc>, Problem> {
    hour.checked_mul(3600)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| Problem::internal(format_args!("hour {hour} is none")))
}
