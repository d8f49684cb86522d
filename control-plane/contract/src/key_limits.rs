//! How fast a key may be used, below what its organisation may.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Limits;

/// Limits of one key. Those of its organisation bind beside them, over all keys; what is null is bound by these alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct KeyLimits {
    /// Data requests a second, sustained.
    #[schema(required = true, minimum = 1)]
    pub requests_per_second: Option<u32>,
    /// Query milli-units a second, sustained.
    #[schema(required = true, minimum = 1)]
    pub query_milli_units_per_second: Option<u64>,
    /// Write milli-units a second, sustained.
    #[schema(required = true, minimum = 1)]
    pub write_milli_units_per_second: Option<u64>,
    /// Data requests in work at the same moment.
    #[schema(required = true, minimum = 1)]
    pub concurrent_requests: Option<u32>,
}

impl KeyLimits {
    /// Its members: name, value, and what the organisation's limits say of the same.
    #[must_use]
    pub fn members(&self, limits: &Limits) -> [(&'static str, Option<u64>, u64); 4] {
        [
            ("requests_per_second", self.requests_per_second.map(u64::from), limits.requests_per_second.into()),
            ("query_milli_units_per_second", self.query_milli_units_per_second, limits.query_milli_units_per_second),
            ("write_milli_units_per_second", self.write_milli_units_per_second, limits.write_milli_units_per_second),
            ("concurrent_requests", self.concurrent_requests.map(u64::from), limits.concurrent_requests.into()),
        ]
    }

    /// Whether a key with these limits may do no more than one with `others`.
    #[must_use]
    pub fn within(&self, others: &Self) -> bool {
        let least = |own: Option<u64>, other: Option<u64>| other.is_none_or(|most| own.is_some_and(|own| own <= most));
        least(self.requests_per_second.map(u64::from), others.requests_per_second.map(u64::from))
            && least(self.query_milli_units_per_second, others.query_milli_units_per_second)
            && least(self.write_milli_units_per_second, others.write_milli_units_per_second)
            && least(self.concurrent_requests.map(u64::from), others.concurrent_requests.map(u64::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_within_another_when_each_limit_is() {
        let none = KeyLimits::default();
        let some = KeyLimits { requests_per_second: Some(5), ..none };
        let less = KeyLimits { requests_per_second: Some(4), concurrent_requests: Some(1), ..none };
        assert!(none.within(&none) && some.within(&none) && some.within(&some) && less.within(&some));
        assert!(!none.within(&some) && !some.within(&less));
        assert!(!KeyLimits { concurrent_requests: None, ..less }.within(&less));
    }
}
