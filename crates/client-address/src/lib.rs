//! Where a request comes from, for throttles.
//!
//! Owns how much of `X-Forwarded-For` is believed, and what of an address a throttle counts by. Does not own
//! throttles. Has no state and cannot fail: a header that says nothing usable is as good as none.

use std::net::{IpAddr, Ipv6Addr};

use http::HeaderMap;

/// The peer, or what the outermost of `trusted_proxies` proxies in front of the service wrote about its peer. `None`
/// when the server does not tell the peer and nothing is written.
#[must_use]
pub fn client_address(headers: &HeaderMap, peer: Option<IpAddr>, trusted_proxies: u8) -> Option<IpAddr> {
    let Some(back) = usize::from(trusted_proxies).checked_sub(1) else { return peer };
    // Each proxy appends the address it was called from: only the last ones can be believed.
    let written = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    let mut backwards = written.flat_map(|value| value.rsplit(',')).map(str::trim);
    backwards.nth(back).and_then(|text| text.parse().ok()).or(peer)
}

/// What a throttle counts by, that one customer of an access provider has: an IPv4 address, or a /64 of IPv6.
#[must_use]
pub fn throttle_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
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
        let peer = "10.0.0.1".parse().expect("an address");
        client_address(&headers, Some(peer), trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        assert_eq!(address(&["1.1.1.1"], 0).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&["6.6.6.6, 1.1.1.1"], 1).as_deref(), Some("1.1.1.1"), "the caller wrote the first");
        assert_eq!(address(&["6.6.6.6", "1.1.1.1, 2.2.2.2"], 2).as_deref(), Some("1.1.1.1"));
        assert_eq!(address(&["6.6.6.6", "1.1.1.1", "2.2.2.2"], 2).as_deref(), Some("1.1.1.1"));
        assert_eq!(address(&["1.1.1.1"], 2).as_deref(), Some("10.0.0.1"), "fewer proxies than there should be");
        assert_eq!(address(&[], 1).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&["nonsense"], 1).as_deref(), Some("10.0.0.1"));
        assert_eq!(client_address(&HeaderMap::new(), None, 1), None);
    }

    #[test]
    fn a_network_of_ipv6_shares_a_throttle() {
        let key = |text: &str| throttle_key(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
        assert_ne!(key("1.2.3.4"), key("1.2.3.5"));
    }
}
