//! One line and one measurement for every request. No label and no field names a tenant: the route is the template.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use tokio::time::Instant;

/// Middleware: counts and times the request, and logs it when it is done.
pub async fn observe(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = known_method(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    record(route, method, response.status().as_u16(), began.elapsed());
    response
}

/// A method can be any word, and a label must not be.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn record(route: String, method: &'static str, status: u16, took: Duration) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(route, status, took_ms, "answered");
    } else {
        tracing::debug!(route, status, took_ms, "answered");
    }
    let labels = [("route", route), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("agentdb_http_requests_total", &labels).increment(1);
    metrics::histogram!("agentdb_http_request_duration_seconds", &labels[..2]).record(took.as_secs_f64());
}
