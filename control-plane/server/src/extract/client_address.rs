use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{Extensions, HeaderMap, request::Parts};

use crate::state::AppState;

/// Where the request comes from, for throttles; `None` when the server does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// See [`agentdb_client_address::client_address`].
    pub fn of(headers: &HeaderMap, extensions: &Extensions, trusted_proxies: u8) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self(agentdb_client_address::client_address(headers, peer, trusted_proxies))
    }

    /// What a throttle counts by.
    pub fn throttle_key(self) -> Option<IpAddr> {
        self.0.map(agentdb_client_address::throttle_key)
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions, app.config.trusted_proxies))
    }
}
