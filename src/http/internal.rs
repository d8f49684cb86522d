//! The internal server: the planes' contract and the metrics.

use agentdb_problem::{Problem, RequestIds, with_request_id};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use super::health::healthz;
use super::observe;

/// The internal application; `contract` brings its own authentication.
pub fn internal_app(contract: Router, metrics: PrometheusHandle, request_ids: RequestIds) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(move || async move { metrics.render() }))
        .merge(contract)
        .fallback(|| async { Problem::not_found() })
        .layer(from_fn(observe::observe))
        .layer(from_fn_with_state(request_ids, with_request_id))
}
