//! Where a key may be used from.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// The most ranges that a key carries.
pub const MAX_ADDRESS_RANGES: usize = 32;

/// An address, or all addresses that begin with the same bits. One text for one range: no bits behind the prefix, no
/// prefix of full length, and what is mapped into IPv6 is the IPv4 that it stands for. So `::/0` is IPv6 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    network: IpAddr,
    prefix_len: u8,
}

/// Bits before those of the IPv4 address in one that is mapped into IPv6.
const MAPPED_PREFIX: u8 = 96;

impl AddressRange {
    /// Whether the address is in the range. One that is mapped into IPv6 counts as the IPv4 that it stands for.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && masked(address, self.prefix_len) == self.network
    }

    /// Whether every address of `inner` is in the range.
    #[must_use]
    pub fn covers(&self, inner: &Self) -> bool {
        inner.prefix_len >= self.prefix_len && self.contains(inner.network)
    }
}

/// Whether a key with these ranges may be used from an address. None is everywhere; with some, not from where nobody
/// knows.
#[must_use]
pub fn may_be_used_from(ranges: &[AddressRange], address: Option<IpAddr>) -> bool {
    ranges.is_empty() || address.is_some_and(|address| ranges.iter().any(|range| range.contains(address)))
}

/// Whether a key with the ranges `inner` can be used only from where one with `outer` can. Each inner range has to be
/// in one outer range; that several together would cover it is not looked for.
#[must_use]
pub fn ranges_cover(outer: &[AddressRange], inner: &[AddressRange]) -> bool {
    let covered = |range: &AddressRange| outer.iter().any(|wider| wider.covers(range));
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(covered))
}

/// Bits of an address.
const fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with nothing but zeros behind its first `prefix_len` bits.
fn masked(address: IpAddr, prefix_len: u8) -> IpAddr {
    // A shift by all bits is none that a number has: nothing is left of the address.
    let behind = u32::from(bits_of(address).saturating_sub(prefix_len));
    match address {
        IpAddr::V4(v4) => IpAddr::V4(u32::MAX.checked_shl(behind).map_or(0, |mask| v4.to_bits() & mask).into()),
        IpAddr::V6(v6) => {
            let bits = u128::MAX.checked_shl(behind).map_or(0, |mask| v6.to_bits() & mask);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "an address range is an IPv4 or IPv6 address, or one followed by `/` and a prefix length".to_owned();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix_len = match prefix {
            // One text for one number: neither a sign nor zeros before it.
            Some(prefix) => prefix.parse::<u8>().ok().filter(|len| len.to_string() == prefix).ok_or_else(wrong)?,
            None => bits_of(written),
        };
        if prefix_len > bits_of(written) {
            return Err(format!("the prefix length of such an address is at most {}", bits_of(written)));
        }
        let (network, prefix_len) = match (written.to_canonical(), prefix_len.checked_sub(MAPPED_PREFIX)) {
            (IpAddr::V4(v4), Some(len)) => (IpAddr::V4(v4), len),
            _ => (written, prefix_len),
        };
        let range = Self { network: masked(network, prefix_len), prefix_len };
        if range.network == network {
            Ok(range)
        } else {
            Err(format!("bits are set behind the prefix; the range that it is in is `{range}`"))
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix_len == bits_of(self.network) {
            write!(f, "{}", self.network)
        } else {
            write!(f, "{}/{}", self.network, self.prefix_len)
        }
    }
}

impl TryFrom<String> for AddressRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl utoipa::PartialSchema for AddressRange {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("An IPv4 or IPv6 address, or one followed by `/` and a prefix length: `203.0.113.0/24`."))
            .into()
    }
}

impl utoipa::ToSchema for AddressRange {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("AddressRange")
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn ranges(texts: &[&str]) -> Vec<AddressRange> {
        texts.iter().copied().map(range).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_range_has_one_text() {
        for (written, canonical) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0::/48", "2001:db8::/48"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::/0", "::/0"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(range(written).to_string(), canonical, "{written}");
            assert_eq!(range(canonical), range(written), "{written}");
        }
        for wrong in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0/8",
            "10.0.0.0/8/8",
            "::/129",
            "10.0.0.0/-1",
            " 10.0.0.1",
            "010.0.0.1",
            "fe80::1%eth0",
            "localhost",
            "10.0.0.1-10.0.0.9",
            "*",
        ] {
            assert!(wrong.parse::<AddressRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn bits_behind_the_prefix_are_refused_with_the_range_that_may_be_meant() {
        for (wrong, meant) in [
            ("10.0.0.1/8", "`10.0.0.0/8`"),
            ("0.0.0.1/0", "`0.0.0.0/0`"),
            ("2001:db8::1/64", "`2001:db8::/64`"),
            ("::ffff:10.0.0.1/104", "`10.0.0.0/8`"),
            ("::ffff:0:0/95", "`::fffe:0:0/95`"),
        ] {
            let error = wrong.parse::<AddressRange>().expect_err("bits are set");
            assert!(error.contains(meant), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_range_contains_its_addresses_of_its_own_version() {
        for (outer, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.0.0.1"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "::ffff:10.0.0.1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "2001:db8::1"),
        ] {
            assert!(range(outer).contains(address(inside)), "{outer} contains {inside}");
            assert!(!range(outer).contains(address(outside)), "{outer} does not contain {outside}");
        }
    }

    #[test]
    fn without_ranges_a_key_is_used_from_anywhere_and_with_some_from_nowhere_unknown() {
        assert!(may_be_used_from(&[], None) && may_be_used_from(&[], Some(address("::1"))));
        let some = ranges(&["10.0.0.0/8", "2001:db8::/32"]);
        assert!(may_be_used_from(&some, Some(address("2001:db8::9"))));
        assert!(!may_be_used_from(&some, Some(address("192.0.2.1"))));
        assert!(!may_be_used_from(&some, None));
        assert!(!may_be_used_from(&ranges(&["0.0.0.0/0", "::/0"]), None));
    }

    #[test]
    fn ranges_cover_those_that_allow_no_more() {
        let covers = |outer: &[&str], inner: &[&str]| ranges_cover(&ranges(outer), &ranges(inner));
        assert!(covers(&[], &[]) && covers(&[], &["0.0.0.0/0"]));
        assert!(covers(&["10.0.0.0/8"], &["10.0.0.0/8"]) && covers(&["10.0.0.0/8", "::1"], &["::1", "10.1.0.0/16"]));
        assert!(!covers(&["10.0.0.0/8"], &[]), "anywhere is wider than any range");
        assert!(!covers(&["10.0.0.0/8"], &["10.0.0.0/7"]) && !covers(&["10.0.0.0/8"], &["0.0.0.0/0"]));
        assert!(!covers(&["10.0.0.0/8"], &["10.1.0.0/16", "11.0.0.1"]), "one of two is outside");
        assert!(!covers(&["0.0.0.0/0"], &["::/0"]) && !covers(&["::/0"], &["10.0.0.1"]));
    }
}
