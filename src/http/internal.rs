//! The internal server: the planes' contract and the metrics.

use agentdb_problem::{Problem, RequestIds, with_request_id};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use super::hardening::{Hardening, harden};
use super::health::healthz;
use super::observe;
use super::panic::catch_panics;

/// The internal application; `contract` brings its own authentication.
pub fn internal_app(contract: Router, metrics: PrometheusHandle, request_ids: RequestIds, https: bool) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(move || async move { metrics.render() }))
        .merge(contract)
        .fallback(|| async { Problem::not_found() })
        .layer(catch_panics())
        .layer(from_fn(observe::observe))
        .layer(from_fn_with_state(request_ids, with_request_id))
        .layer(from_fn_with_state(Hardening::of(https), harden))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agentdb_clock::{SystemClock, SystemEntropy};
    use axum::body::Body;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    async fn broken() -> &'static str {
        panic!("a defect")
    }

    /// A panic once closed the connection without an answer.
    #[tokio::test]
    async fn a_panic_is_answered() {
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
        let ids = RequestIds::new(Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
        let app = internal_app(Router::new().route("/internal/v1/broken", get(broken)), metrics, ids, false);
        let request = Request::get("/internal/v1/broken").body(Body::empty()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
