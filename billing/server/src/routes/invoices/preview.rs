use agentdb_billing_rating::{Line, Money, Period, UsageTotals, rate};
use agentdb_control_plane_contract::{Edition, OrgScope};
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{billing::AppState, routes::whole_org::needs_whole_org};

/// What the running month costs so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvoicePreview {
    /// The running month (UTC).
    period: Period,
    /// Everything that was reported until then is contained; reports come every few seconds.
    as_of: DateTime<Utc>,
    /// The edition that it is rated for.
    edition: Edition,
    /// The price book that it is rated by.
    price_book_version: u32,
    /// The base fee, then a line for each price of the book.
    lines: Vec<Line>,
    /// The sum of the lines' amounts.
    total: Money,
    /// How amounts are rounded.
    rounding: &'static str,
}

const ROUNDING: &str = "Quantities and prices are exact integers. Each line is rounded once to whole cents, a half to the \
                        even cent; the remainder is not carried over. The total is the sum of the lines.";

/// The running month's invoice so far
///
/// Rates everything reported in the running month (UTC) by the price book in force. A line charges what was used beyond
/// the included amount; an edition that stops at its included amounts owes nothing. A bill is about all namespaces, so a
/// key needs the pattern `*`.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/billing/invoices/preview",
    operation_id = "preview_invoice",
    tag = "billing",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation.")),
    security(("session" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The preview.", body = InvoicePreview),
        (status = 401, description = "No valid credential.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks the scope `admin`, or reaches only a part of the organisation's namespaces.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such organisation, or not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; `Retry-After` says when to come again.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "The request failed for a reason that is not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not available at this moment.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preview_invoice(
    State(state): State<AppState>,
    Extension(scope): Extension<OrgScope>,
) -> Result<Json<InvoicePreview>, Problem> {
    needs_whole_org(scope)?;
    let (period, book) = state.running()?;
    let as_of = state.clock.now();
    let mut usage = UsageTotals::default();
    for (meter, quantity) in state.store.month(scope.org_id, period.start_hour()).await? {
        usage.add_class(&meter, quantity).ok_or_else(|| Problem::internal("the month's usage does not fit"))?;
    }
    let invoice = rate(&usage, scope.edition, book, period).map_err(Problem::internal)?;
    Ok(Json(InvoicePreview {
        period,
        as_of,
        edition: scope.edition,
        price_book_version: book.version,
        lines: invoice.lines,
        total: invoice.total,
        rounding: ROUNDING,
    }))
}
