use std::sync::Arc;

use agentdb_clock::Clock;
use agentdb_ids::NodeId;
use agentdb_problem::Problem;
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{MAX_BODY, MAX_SKEW_S, NODE, NONCE, RequestParts, RootSecret, SIGNATURE, TIMESTAMP, same};

/// State of [`authenticate`].
#[derive(Debug, Clone)]
pub struct InternalAuth {
    /// Derives the nodes' keys.
    pub secret: RootSecret,
    /// Judges the time in requests.
    pub clock: Arc<dyn Clock>,
}

/// Middleware of `/internal/v1`: lets requests through that a node has signed, puts its [`NodeId`] into the
/// extensions, and signs the reply.
pub async fn authenticate(State(auth): State<InternalAuth>, request: Request, next: Next) -> Response {
    match authenticated(auth, request, next).await {
        Ok(response) => response,
        Err(problem) => axum::response::IntoResponse::into_response(problem),
    }
}

async fn authenticated(auth: InternalAuth, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::unauthenticated())?;
    let node_id: NodeId =
        text(&parts.headers, &NODE).and_then(|id| id.parse().ok()).ok_or_else(Problem::unauthenticated)?;
    let timestamp = text(&parts.headers, &TIMESTAMP).ok_or_else(Problem::unauthenticated)?;
    let nonce = text(&parts.headers, &NONCE).ok_or_else(Problem::unauthenticated)?.to_owned();
    let signature = text(&parts.headers, &SIGNATURE).ok_or_else(Problem::unauthenticated)?;
    let credential = auth.secret.credential(node_id);
    let expected = credential.sign_request(&RequestParts {
        method: parts.method.as_str(),
        path_and_query: parts.uri.path_and_query().map_or("/", |p| p.as_str()),
        timestamp,
        nonce: &nonce,
        body: &body,
    });
    let age = timestamp.parse::<i64>().ok().map(|t| (auth.clock.now().timestamp() - t).abs());
    if !same(&expected, signature) || age.is_none_or(|age| age > MAX_SKEW_S) {
        return Err(Problem::unauthenticated());
    }
    parts.extensions.insert(node_id);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(Problem::internal)?;
    let signature = credential.sign_response(&nonce, parts.status.as_u16(), &body);
    parts.headers.insert(SIGNATURE, HeaderValue::from_str(&signature).map_err(Problem::internal)?);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
