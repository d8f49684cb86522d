//! How often one address may make the node look for keys it does not know.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use agentdb_client_address::throttle_key;
use agentdb_clock::Clock;
use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};

use super::allowance::{self, Allowance, Short};
use crate::config::AdmissionConfig;

/// The node's clock as the limiter wants it.
#[derive(Debug, Clone)]
struct LimiterClock(Arc<dyn Clock>);

impl governor::clock::Clock for LimiterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, LimiterClock, NoOpMiddleware<Duration>>;

/// The throttle. Known keys never meet it. What one address may do is bounded, and what all may do together, since an
/// attacker may have many: the control plane is asked no more often than that, whoever tries what.
#[derive(Debug)]
pub(crate) struct AddressThrottle {
    limiter: Limiter,
    all: Allowance,
    clock: LimiterClock,
    max_addresses: usize,
}

impl AddressThrottle {
    pub(crate) fn new(config: AdmissionConfig, clock: Arc<dyn Clock>) -> Self {
        let clock = LimiterClock(clock);
        let rate = NonZeroU32::new(config.unknown_keys_per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(config.unknown_keys_burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        let together =
            allowance::Quota::new(config.all_unknown_keys_per_second.into(), config.all_unknown_keys_burst.into());
        let all = Allowance::new(together, clock.now());
        Self { limiter, all, clock, max_addresses: config.max_addresses }
    }

    /// `Err` with the seconds to wait when the address has asked for too many unknown keys, or all together have.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), u64> {
        let mut address = throttle_key(address);
        if self.limiter.len() >= self.max_addresses {
            self.limiter.retain_recent();
            if self.limiter.len() >= self.max_addresses {
                // So many at once is one attacker with many addresses.
                address = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        self.limiter.check_key(&address).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            wait.as_secs() + 1
        })?;
        self.all.take(1, self.clock.now()).map_err(|short| match short {
            Short::Wait(wait) => wait.as_secs() + 1,
            Short::TooLarge { .. } => 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::ManualClock;
    use chrono::DateTime;

    use super::*;

    #[test]
    fn addresses_are_throttled_apart_and_an_ipv6_network_together() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let config = AdmissionConfig { unknown_keys_burst: 2, ..AdmissionConfig::default() };
        let throttle = AddressThrottle::new(config, Arc::new(clock.clone()));
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        for _ in 0..2 {
            assert_eq!(throttle.check(address("10.0.0.1")), Ok(()));
            assert_eq!(throttle.check(address("2001:db8::1")), Ok(()));
        }
        assert!(throttle.check(address("::ffff:10.0.0.1")).is_err(), "the same address, mapped");
        assert!(throttle.check(address("2001:db8::2")).is_err());
        assert_eq!(throttle.check(address("10.0.0.2")), Ok(()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(throttle.check(address("10.0.0.1")), Ok(()));
    }

    #[test]
    fn all_addresses_together_are_bounded_too() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let config = AdmissionConfig {
            all_unknown_keys_per_second: 10,
            all_unknown_keys_burst: 50,
            ..AdmissionConfig::default()
        };
        let throttle = AddressThrottle::new(config, Arc::new(clock.clone()));
        let through = || (0..1_000u32).filter(|n| throttle.check(IpAddr::V4((*n).into())).is_ok()).count();
        assert_eq!(through(), 50);
        clock.advance(Duration::from_secs(1));
        assert_eq!(through(), 10);
    }

    #[test]
    fn many_addresses_at_once_share_one_allowance() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let config = AdmissionConfig { unknown_keys_burst: 2, max_addresses: 10, ..AdmissionConfig::default() };
        let throttle = AddressThrottle::new(config, Arc::new(clock));
        let through = (0..1_000u32).filter(|n| throttle.check(IpAddr::V4((*n).into())).is_ok()).count();
        assert_eq!(through, 12);
    }
}
