//! How often something may be tried.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::Arc,
    time::Duration,
};

use agentdb_clock::Clock;
use agentdb_problem::{Code, Problem};
use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};

use crate::config::Rate;

/// Our clock as the rate limiter reads it.
#[derive(Debug, Clone)]
struct Monotonic(Arc<dyn Clock>);

impl governor::clock::Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

/// A rate for each key. Keys share 65,536 places by a hash with a secret seed, so the memory is bounded whatever is
/// sent, and nobody can choose a key that shares a place with another's.
pub(crate) struct Throttle {
    limiter: RateLimiter<u16, HashMapStateStore<u16>, Monotonic, NoOpMiddleware<Duration>>,
    clock: Monotonic,
    places: RandomState,
}

impl Throttle {
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        let clock = Monotonic(clock);
        let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
        Self { limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()), clock, places: RandomState::new() }
    }

    /// Counts one try, or refuses it with the time to wait.
    pub fn admit(&self, key: impl Hash) -> Result<(), Problem> {
        let place = (self.places.hash_one(key) & 0xffff) as u16;
        self.limiter.check_key(&place).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            Problem::new(Code::RateLimited, "Too many attempts in a short time.")
                .with_retry_after(wait.as_secs().saturating_add(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use agentdb_clock::ManualClock;
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_burst_then_the_rate_for_each_key_alone() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let rate =
            Rate { per_minute: NonZeroU32::new(6).expect("not zero"), burst: NonZeroU32::new(3).expect("not zero") };
        let throttle = Throttle::new(rate, Arc::new(clock.clone()));
        assert!((0..3).all(|_| throttle.admit("a").is_ok()), "the burst");
        assert!(throttle.admit("a").is_err(), "the burst is used up");
        assert!(throttle.admit("b").is_ok(), "another key is not concerned");
        clock.advance(Duration::from_secs(9));
        assert!(throttle.admit("a").is_err(), "one comes back every ten seconds");
        clock.advance(Duration::from_secs(1));
        assert!(throttle.admit("a").is_ok());
        assert!(throttle.admit("a").is_err());
    }
}
