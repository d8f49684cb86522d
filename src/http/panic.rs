//! A handler that panics answers like any other defect, and is measured as one.

use agentdb_problem::Problem;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

type Answer = fn(Box<dyn std::any::Any + Send + 'static>) -> Response;

/// Goes below what measures requests and above the routes.
pub fn catch_panics() -> CatchPanicLayer<Answer> {
    CatchPanicLayer::custom(answer as Answer)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn answer(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    Problem::internal(format_args!("panic: {said}")).into_response()
}
