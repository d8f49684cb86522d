//! What keys may have: each field by itself, and against whoever makes or changes the key.

use std::collections::HashSet;

use agentdb_control_plane_contract::{
    AddressRange, KeyLimits, Limits, NamespacePattern, Scope,
    address_range::{MAX_ADDRESS_RANGES, ranges_cover},
};
use agentdb_control_plane_store::ApiKeyRecord;
use agentdb_problem::Problem;
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{extract::Reach, refusal::forbidden};

/// Characters of a key's name.
const NAME_MAX_LEN: usize = 100;

impl From<WantedLimits> for KeyLimits {
    fn from(wanted: WantedLimits) -> Self {
        Self {
            requests_per_second: wanted.requests_per_second,
            query_milli_units_per_second: wanted.query_milli_units_per_second,
            write_milli_units_per_second: wanted.write_milli_units_per_second,
            concurrent_requests: wanted.concurrent_requests,
        }
    }
}

/// What a key has or would have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub namespaces: &'a NamespacePattern,
    pub scopes: &'a [Scope],
    pub allowed_addresses: &'a [AddressRange],
    pub limits: KeyLimits,
    pub expires_at: Option<DateTime<Utc>>,
}

/// How fast a key may be used: below what its organisation may, which binds over all keys. What is left out or null is
/// bound by that alone.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedLimits {
    /// Data requests a second, sustained. At once come as many more as for the organisation, in proportion.
    #[schema(minimum = 1)]
    requests_per_second: Option<u32>,
    /// Query milli-units a second, sustained.
    #[schema(minimum = 1)]
    query_milli_units_per_second: Option<u64>,
    /// Write milli-units a second, sustained.
    #[schema(minimum = 1)]
    write_milli_units_per_second: Option<u64>,
    /// Data requests in work at the same moment.
    #[schema(minimum = 1)]
    concurrent_requests: Option<u32>,
}

impl<'a> Rules<'a> {
    /// Those of a key.
    pub fn of(key: &'a ApiKeyRecord) -> Self {
        Self {
            namespaces: &key.namespaces,
            scopes: &key.scopes,
            allowed_addresses: &key.allowed_addresses,
            limits: key.limits,
            expires_at: key.expires_at,
        }
    }

    /// Refuses a key that would have more than who makes it, changes it or is shown its secret.
    pub fn within(self, reach: &Reach) -> Result<(), Problem> {
        if !reach.namespaces.covers(self.namespaces) {
            return Err(forbidden("a key that itself reaches these namespaces"));
        }
        if !self.scopes.iter().all(|scope| reach.scopes.contains(scope)) {
            return Err(forbidden("a key that itself has these scopes"));
        }
        if !ranges_cover(&reach.allowed_addresses, self.allowed_addresses) {
            return Err(forbidden("a key that itself may be used from these addresses"));
        }
        if !self.limits.within(&reach.limits) {
            return Err(forbidden("a key that itself may be used as fast as this one"));
        }
        if reach.expires_at.is_some_and(|end| self.expires_at.is_none_or(|wanted| wanted > end)) {
            return Err(forbidden("a key that is itself good as long as this one"));
        }
        Ok(())
    }
}

/// A name without blanks around it.
pub(super) fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_LEN || name.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "/name",
            "invalid_name",
            "a name has 1 to 100 characters, none of them control characters",
        ));
    }
    Ok(name.to_owned())
}

/// Scopes in their order.
pub(super) fn checked_scopes(mut scopes: Vec<Scope>) -> Result<Vec<Scope>, Problem> {
    if scopes.is_empty() {
        return Err(Problem::invalid("/scopes", "empty", "a key needs at least one of `read`, `write`, `admin`"));
    }
    scopes.sort_unstable();
    let before = scopes.len();
    scopes.dedup();
    if scopes.len() < before {
        return Err(Problem::invalid("/scopes", "duplicate", "each scope stands once"));
    }
    Ok(scopes)
}

/// Ranges in the order in which they were given.
pub(super) fn checked_addresses(ranges: Vec<AddressRange>) -> Result<Vec<AddressRange>, Problem> {
    if ranges.len() > MAX_ADDRESS_RANGES {
        let detail = format!("a key has at most {MAX_ADDRESS_RANGES} ranges, not {}", ranges.len());
        return Err(Problem::invalid("/allowed_addresses", "too_many", detail));
    }
    let mut seen = HashSet::new();
    if let Some((place, range)) = ranges.iter().enumerate().find(|(_, range)| !seen.insert(**range)) {
        let pointer = format!("/allowed_addresses/{place}");
        return Err(Problem::invalid(pointer, "duplicate", format!("each range stands once, `{range}` too")));
    }
    Ok(ranges)
}

/// Limits that a key can have in an organisation with `limits`.
pub(super) fn checked_limits(wanted: WantedLimits, limits: &Limits) -> Result<KeyLimits, Problem> {
    let wanted = KeyLimits::from(wanted);
    for (name, value, most) in wanted.members(limits) {
        if value.is_some_and(|value| value == 0 || value > most) {
            let detail = format!("a key's limit is 1 to that of the organisation, {most}");
            return Err(Problem::invalid(format!("/limits/{name}"), "out_of_range", detail));
        }
    }
    Ok(wanted)
}

/// An end, as exactly as it is stored.
pub(super) fn checked_end(end: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let end = end.trunc_subsecs(6);
    if end <= now {
        return Err(Problem::invalid("/expires_at", "in_the_past", "the time must be in the future"));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamespacePattern {
        NamespacePattern::try_from(text.to_owned()).expect("a pattern")
    }

    fn ranges(texts: &[&str]) -> Vec<AddressRange> {
        texts.iter().map(|text| text.parse().expect("a range")).collect()
    }

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let end: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().expect("a time");
        let scopes = vec![Scope::Read, Scope::Admin];
        let reach = |expires_at| Reach {
            namespaces: pattern("p-*"),
            scopes: scopes.clone(),
            allowed_addresses: Vec::new(),
            limits: KeyLimits::default(),
            expires_at,
        };
        let within = |reach: &Reach, namespaces: &str, scopes: &[Scope], expires_at| {
            let namespaces = &pattern(namespaces);
            let limits = KeyLimits::default();
            Rules { namespaces, scopes, allowed_addresses: &[], limits, expires_at }.within(reach).is_ok()
        };
        let (day, second) = (chrono::Duration::days(1), chrono::Duration::microseconds(1));
        for (maker, wanted) in [(None, None), (None, Some(end)), (Some(end), Some(end)), (Some(end), Some(end - day))] {
            for scopes in [&[Scope::Read][..], &[Scope::Admin], &[Scope::Read, Scope::Admin]] {
                assert!(within(&reach(maker), "p-x", scopes, wanted), "{maker:?} {wanted:?} {scopes:?}");
            }
        }
        assert!(!within(&reach(None), "*", &[Scope::Read], None));
        assert!(!within(&reach(None), "p-*", &[Scope::Write], None));
        assert!(!within(&reach(None), "p-*", &[Scope::Read, Scope::Write], None));
        assert!(!within(&reach(Some(end)), "p-*", &[Scope::Read], None), "an eternal key");
        assert!(!within(&reach(Some(end)), "p-*", &[Scope::Read], Some(end + second)));
    }

    #[test]
    fn a_key_makes_no_key_that_is_used_from_more_addresses() {
        let namespaces = pattern("*");
        let within = |reach: &[&str], wanted: &[&str]| {
            let allowed_addresses = ranges(reach);
            let reach = Reach {
                namespaces: namespaces.clone(),
                scopes: vec![Scope::Read],
                allowed_addresses,
                limits: KeyLimits::default(),
                expires_at: None,
            };
            let rules = Rules {
                namespaces: &namespaces,
                scopes: &[Scope::Read],
                allowed_addresses: &ranges(wanted),
                limits: KeyLimits::default(),
                expires_at: None,
            };
            rules.within(&reach).is_ok()
        };
        assert!(within(&[], &[]) && within(&[], &["10.0.0.0/8"]));
        assert!(within(&["10.0.0.0/8"], &["10.0.0.0/8"]) && within(&["10.0.0.0/8"], &["10.1.0.0/16", "10.2.0.1"]));
        assert!(!within(&["10.0.0.0/8"], &[]), "from anywhere");
        assert!(!within(&["10.0.0.0/8"], &["10.0.0.1", "192.0.2.1"]));
    }

    #[test]
    fn fields_are_checked_one_by_one() {
        let place = |problem: Problem| problem.detail().split(':').next().unwrap_or_default().to_owned();
        assert_eq!(checked_name(" app ").expect("good"), "app");
        for wrong in [" ", "a\nb", &"x".repeat(101)] {
            assert_eq!(checked_name(wrong).map_err(place), Err("/name".to_owned()), "{wrong}");
        }
        assert_eq!(checked_scopes(vec![Scope::Write, Scope::Read]).expect("good"), [Scope::Read, Scope::Write]);
        for wrong in [vec![], vec![Scope::Read, Scope::Read]] {
            assert_eq!(checked_scopes(wrong).map_err(place), Err("/scopes".to_owned()));
        }
        let now: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().expect("a time");
        assert_eq!(checked_end(now, now).map_err(place), Err("/expires_at".to_owned()));
        let most: Vec<AddressRange> = (0..32).map(|n| format!("10.0.0.{n}").parse().expect("a range")).collect();
        assert_eq!(checked_addresses(most.clone()).expect("good"), most);
        let more = [most, ranges(&["10.0.1.0"])].concat();
        assert_eq!(checked_addresses(more).map_err(place), Err("/allowed_addresses".to_owned()));
        let limits = crate::editions::EditionBook::built_in()
            .limits(agentdb_control_plane_contract::Edition::Community, &serde_json::json!({}))
            .expect("no overrides");
        let wanted =
            WantedLimits { requests_per_second: Some(10), concurrent_requests: Some(1), ..WantedLimits::default() };
        assert_eq!(checked_limits(wanted, &limits).expect("good").requests_per_second, Some(10));
        for (wrong, field) in [
            (WantedLimits { requests_per_second: Some(11), ..wanted }, "requests_per_second"),
            (WantedLimits { concurrent_requests: Some(0), ..wanted }, "concurrent_requests"),
            (WantedLimits { write_milli_units_per_second: Some(u64::MAX), ..wanted }, "write_milli_units_per_second"),
        ] {
            assert_eq!(checked_limits(wrong, &limits).map_err(place), Err(format!("/limits/{field}")));
        }
        let twice = ranges(&["10.0.0.1", "::1", "::ffff:10.0.0.1/128"]);
        assert_eq!(checked_addresses(twice).map_err(place), Err("/allowed_addresses/2".to_owned()));
    }
}
