//! One file for each operation.

mod invoices;
mod price_book;
mod usage;
mod usage_checkpoints;
mod whole_org;

use axum::{Router, routing::post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::billing::AppState;

pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(usage::list::get_usage))
        .routes(routes!(price_book::get::get_price_book))
        .routes(routes!(invoices::preview::preview_invoice))
}

pub(crate) fn internal() -> Router<AppState> {
    Router::new().route("/internal/v1/usage/checkpoints", post(usage_checkpoints::create::create_usage_checkpoint))
}
