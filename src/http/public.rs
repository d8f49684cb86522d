//! The public server: the planes' routes, the description, the console, and what every reply carries.

use agentdb_problem::{Code, Problem, RequestIds, with_request_id};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::health::{Readiness, healthz, readyz};
use super::{console, observe};

/// Paths that belong to programs: what is not there is a problem, never a page.
const API_PREFIXES: &[&str] = &["/v1", "/internal", "/admin", "/metrics"];

/// What the public server is made of.
pub struct PublicParts {
    /// The routes of the planes in this process.
    pub api: Router,
    /// Whether the web app is served: where the control plane is.
    pub console: bool,
    /// The description of the public API, as JSON.
    pub openapi: String,
    pub request_ids: RequestIds,
    pub readiness: Readiness,
    /// Set when `/metrics` is public.
    pub metrics: Option<PrometheusHandle>,
}

/// The public application.
pub fn public_app(parts: PublicParts) -> Router {
    let openapi: &'static str = parts.openapi.leak();
    let mut app = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz).with_state(parts.readiness))
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], openapi) }))
        .merge(agentdb_problem::pages())
        .merge(parts.api);
    if let Some(metrics) = parts.metrics {
        app = app.route("/metrics", get(move || async move { metrics.render() }));
    }
    let otherwise =
        if parts.console { Router::new().fallback(console_or_nothing) } else { Router::new().fallback(nothing) };
    app.fallback_service(otherwise.layer(CompressionLayer::new()))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(observe::observe))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(parts.request_ids, with_request_id))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn nothing() -> Problem {
    Problem::not_found()
}

async fn console_or_nothing(request: Request) -> Response {
    let path = request.uri().path();
    let is_api = API_PREFIXES
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_api {
        return Problem::not_found().into_response();
    }
    console::respond(request.method(), request.uri(), request.headers().get(header::IF_NONE_MATCH))
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This path does not take the method of the request.")
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    Problem::internal(format_args!("panic: {said}")).into_response()
}
