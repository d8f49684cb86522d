use agentdb_billing_rating::PriceBook;
use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Json, Problem};
use axum::{Extension, extract::State};

use crate::billing::AppState;

/// The price book in force
///
/// Prices and included amounts of the running month (UTC). Those of a book that has been in force never change; its end is
/// set when a new version is to follow it at the start of a month.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/billing/price-book",
    operation_id = "get_price_book",
    tag = "billing",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation.")),
    security(("session" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The price book.", body = PriceBook),
        (status = 401, description = "No valid credential.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks the scope `admin`.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such organisation, or not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; `Retry-After` says when to come again.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "The request failed for a reason that is not the caller's.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not available at this moment.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_price_book(
    State(state): State<AppState>,
    // Prices are the same for everybody; the scope proves that the access layer has run.
    Extension(_scope): Extension<OrgScope>,
) -> Result<Json<PriceBook>, Problem> {
    let (_, book) = state.running()?;
    Ok(Json(book.clone()))
}
