//! The public server: the planes' routes, the description, the console, and what every reply carries.

use agentdb_problem::{Code, Problem, RequestIds, with_request_id};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::compression::CompressionLayer;

use super::cors::{Cors, cors};
use super::hardening::{Hardening, harden};
use super::health::{Readiness, healthz, readyz};
use super::panic::catch_panics;
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
    /// The scripts that browsers let at data.
    pub cors: Cors,
    pub hardening: Hardening,
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
        .layer(catch_panics())
        .layer(from_fn_with_state(parts.cors, cors))
        .layer(from_fn(keep_from_caches))
        .layer(from_fn(observe::observe))
        .layer(from_fn_with_state(parts.request_ids, with_request_id))
        .layer(from_fn_with_state(parts.hardening, harden))
}

/// Whether programs ask for the path, rather than people.
fn is_api(path: &str) -> bool {
    API_PREFIXES
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Middleware: what the API says, refusals included, is true for one caller at one moment.
async fn keep_from_caches(request: Request, next: Next) -> Response {
    let is_api = is_api(request.uri().path());
    let mut response = next.run(request).await;
    if is_api {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

async fn nothing() -> Problem {
    Problem::not_found()
}

async fn console_or_nothing(request: Request) -> Response {
    if is_api(request.uri().path()) {
        return Problem::not_found().into_response();
    }
    console::respond(request.method(), request.uri(), request.headers().get(header::IF_NONE_MATCH))
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This path does not take the method of the request.")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agentdb_clock::{SystemClock, SystemEntropy};
    use axum::body::Body;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn broken() -> &'static str {
        panic!("a defect")
    }

    fn app(https: bool) -> Router {
        let api = Router::new().route("/v1/broken", get(broken)).route("/v1/fine", get(async || "fine"));
        public_app(PublicParts {
            api,
            console: true,
            openapi: "{}".to_owned(),
            request_ids: RequestIds::new(Arc::new(SystemClock::new()), Arc::new(SystemEntropy)),
            readiness: Readiness::of(|| true),
            metrics: None,
            cors: Cors::default(),
            hardening: Hardening::of(https),
        })
    }

    async fn ask(path: &str) -> Response {
        app(false).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Usage and bills could once be kept by a cache on the way.
    #[tokio::test]
    async fn answers_of_the_api_are_not_kept_by_caches() {
        for (path, expected) in [
            ("/v1/fine", Some("no-store")),
            ("/v1/broken", Some("no-store")),
            ("/v1/missing", Some("no-store")),
            ("/healthz", None),
        ] {
            let answer = ask(path).await;
            let cache = answer.headers().get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap());
            assert_eq!(cache, expected, "{path}");
        }
    }

    #[tokio::test]
    async fn every_answer_says_what_browsers_may_do_with_it() {
        for https in [false, true] {
            for path in ["/v1/fine", "/v1/broken", "/v1/missing", "/healthz", "/docs/errors", "/openapi.json", "/a.js"]
            {
                let answer = app(https).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
                let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
                assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
                assert_eq!(header("x-frame-options"), "DENY", "{path}");
                assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
                assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
                assert!(header("permissions-policy").contains("camera=()"), "{path}");
                let policy = header("content-security-policy");
                assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
                assert!(!policy.contains("unsafe-"), "{path}");
                assert_eq!(!header("strict-transport-security").is_empty(), https, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_and_is_measured() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let shown = recorder.handle();
        let guard = metrics::set_default_local_recorder(&recorder);
        let answer = ask("/v1/broken").await;
        drop(guard);
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let text = shown.render();
        assert!(
            text.contains("agentdb_http_requests_total{route=\"/v1/broken\",method=\"GET\",status=\"500\"} 1"),
            "{text}"
        );
    }
}
