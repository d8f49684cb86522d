use std::sync::Arc;

use agentdb_clock::{Clock, Entropy};
use agentdb_ids::RequestId;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue};

tokio::task_local! {
    static REQUEST_ID: RequestId;
}

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Makes request identifiers.
#[derive(Debug, Clone)]
pub struct RequestIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl RequestIds {
    /// Identifiers from this time and chance.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }
}

/// The identifier of the request being served on this task; all zero outside of one.
#[must_use]
pub fn current_request_id() -> RequestId {
    REQUEST_ID.try_with(|id| *id).unwrap_or(RequestId::from_uuid(agentdb_ids::Uuid::nil()))
}

/// Middleware, outermost: gives the request an identifier of ours, a tracing span that carries it, and the
/// `x-request-id` header on the reply. What the caller sends under that name is not believed.
pub async fn with_request_id(State(ids): State<RequestIds>, request: Request, next: Next) -> Response {
    use tracing::Instrument as _;

    let id = RequestId::generate(&*ids.clock, &*ids.entropy);
    let span = tracing::info_span!("request", request_id = %id, method = %request.method());
    let mut response = REQUEST_ID.scope(id, next.run(request)).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
