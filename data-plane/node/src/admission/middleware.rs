//! Admission before every data route.

use std::net::{IpAddr, SocketAddr};

use agentdb_client_address::client_address;
use agentdb_problem::Problem;
use axum::{
    extract::{ConnectInfo, MatchedPath, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::Method;

use super::{Caller, Operation};
use crate::{routes::OPERATIONS, state::NodeState, telemetry};

/// Middleware: lets admitted requests through with their [`Admission`] in the extensions, and adds the rate
/// fields to every reply.
pub(crate) async fn admit(
    State(node): State<NodeState>,
    path: MatchedPath,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(operation) = operation(request.method(), path.as_str()) else {
        // A method that the path has not: the router says so.
        return next.run(request).await;
    };
    let begun = node.clock.monotonic();
    let Some(_working) = node.drain.begin() else {
        let refused = Problem::unavailable("The node is shutting down.", 2).into_response();
        telemetry::served(operation, refused.status(), node.clock.monotonic().saturating_sub(begun));
        return refused;
    };
    // Bytes that are no text name nothing, as the empty name does.
    let parameters = parameters.as_ref().ok();
    let namespace = parameters.and_then(|all| all.iter().find(|(name, _)| *name == "namespace"));
    let namespace = namespace.map_or("", |(_, value)| value);
    let caller = Caller { address: address(&request, node.trusted_proxies), headers: request.headers(), namespace };
    let (mut response, rates) = match node.pipeline.admit(operation, caller).await {
        Ok(admission) => {
            let rates = admission.rates();
            request.extensions_mut().insert(admission);
            (next.run(request).await, Some(rates))
        }
        Err((problem, rates)) => (problem.into_response(), rates),
    };
    if let Some(rates) = rates {
        // As they stand now, with what this request cost.
        rates.describe(response.headers_mut(), node.clock.monotonic());
    }
    telemetry::served(operation, response.status(), node.clock.monotonic().saturating_sub(begun));
    response
}

fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    // The router answers HEAD with the handler of GET.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    OPERATIONS.iter().copied().find(|operation| operation.method == *method && operation.path == path)
}

/// Where the request comes from; `None` when the server does not tell it.
fn address(request: &Request, trusted_proxies: u8) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    client_address(request.headers(), peer, trusted_proxies)
}
