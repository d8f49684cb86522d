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
    /// The peer, or what the outermost of `trusted_proxies` proxies wrote about its peer.
    pub fn of(headers: &HeaderMap, extensions: &Extensions, trusted_proxies: u8) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let Some(back) = usize::from(trusted_proxies).checked_sub(1) else {
            return Self(peer);
        };
        // Each proxy appends the address it was called from: only the last ones can be believed.
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let believed = forwarded.len().checked_sub(1 + back).and_then(|at| forwarded[at].parse().ok());
        Self(believed.or(peer))
    }

    /// What a throttle counts by: an IPv6 customer has at least 2^64 addresses of their own.
    pub fn throttle_key(self) -> Option<IpAddr> {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Some(address.to_ipv4_mapped().map_or(IpAddr::V6(network.into()), IpAddr::V4))
            }
            other => other,
        }
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions, app.config.trusted_proxies))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(forwarded: &[&str], trusted: u8) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 99))));
        ClientAddress::of(&headers, &extensions, trusted).0.map(|address| address.to_string())
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        assert_eq!(address(&["1.1.1.1"], 0).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&["6.6.6.6, 1.1.1.1"], 1).as_deref(), Some("1.1.1.1"), "the caller wrote the first");
        assert_eq!(address(&["6.6.6.6", "1.1.1.1, 2.2.2.2"], 2).as_deref(), Some("1.1.1.1"));
        assert_eq!(address(&[], 1).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&["nonsense"], 1).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_network_of_ipv6_shares_a_throttle() {
        let key = |text: &str| ClientAddress(Some(text.parse().expect("an address"))).throttle_key();
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
    }
}
