//! Requests a second of one organisation: GCRA with a stated burst.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentdb_clock::Clock;
use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::RwLock;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// "No cell has come yet" in [`Arrival`].
const NONE: u64 = u64::MAX;

/// The node's clock as the limiter wants it.
#[derive(Debug, Clone)]
pub(crate) struct LimiterClock(pub Arc<dyn Clock>);

impl GovernorClock for LimiterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

/// The theoretical arrival time of the next cell, in nanoseconds since the limiter was made. Unlike the
/// store that comes with the limiter it can be given a first value.
#[derive(Debug, Clone)]
struct Arrival(Arc<AtomicU64>);

impl StateStore for Arrival {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut old = self.0.load(Ordering::Acquire);
        loop {
            let (outcome, new) = f((old != NONE).then(|| Nanos::new(old)))?;
            match self.0.compare_exchange_weak(old, new.as_u64(), Ordering::Release, Ordering::Acquire) {
                Ok(_) => return Ok(outcome),
                Err(current) => old = current,
            }
        }
    }
}

type Limiter = RateLimiter<NotKeyed, Arrival, LimiterClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Limited {
    limiter: Limiter,
    arrival: Arrival,
    made: Duration,
    per_second: u32,
    burst: u32,
}

/// The limiter of an organisation.
#[derive(Debug)]
pub(crate) struct Rate {
    clock: LimiterClock,
    limited: RwLock<Limited>,
}

/// How an organisation stands after a request was judged; part of every reply from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateState {
    per_second: u32,
    burst: u32,
    /// Requests that may come at once.
    pub remaining: u32,
    /// Seconds until one more may come.
    pub retry_after_s: u64,
}

impl Rate {
    pub(crate) fn new(per_second: u32, burst: u32, clock: Arc<dyn Clock>) -> Self {
        let clock = LimiterClock(clock);
        let limited = RwLock::new(Limited::new(per_second, burst, None, &clock));
        Self { clock, limited }
    }

    /// Takes one request off the allowance: `Err` when there is none left.
    pub(crate) fn check(&self) -> Result<RateState, RateState> {
        let limited = self.limited.read();
        let (per_second, burst) = (limited.per_second, limited.burst);
        match limited.limiter.check() {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                Ok(RateState { per_second, burst, remaining, retry_after_s: u64::from(remaining == 0) })
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                let retry_after_s = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(RateState { per_second, burst, remaining: 0, retry_after_s: retry_after_s.max(1) })
            }
        }
    }

    /// Changes the limits. What was left of the old allowance is carried over, as far as the new burst
    /// allows: a change gives no fresh burst.
    pub(crate) fn set(&self, per_second: u32, burst: u32) {
        let mut limited = self.limited.write();
        if (limited.per_second, limited.burst) != (per_second, burst) {
            let left = limited.left(self.clock.now());
            *limited = Limited::new(per_second, burst, Some(left), &self.clock);
        }
    }
}

impl Limited {
    /// `left`: requests that may come at once; `None` for all of the burst.
    fn new(per_second: u32, burst: u32, left: Option<f64>, clock: &LimiterClock) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let most = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(most);
        let arrival = left.map_or(NONE, |left| {
            let spent = (f64::from(most.get()) - left).clamp(0.0, f64::from(most.get()));
            quota.replenish_interval().mul_f64(spent).as_nanos() as u64
        });
        let arrival = Arrival(Arc::new(AtomicU64::new(arrival)));
        let made = clock.now();
        let limiter = Limiter::new(quota, arrival.clone(), clock.clone());
        Self { limiter, arrival, made, per_second: rate.get(), burst: most.get() }
    }

    /// Requests that may come at once, with fractions.
    fn left(&self, now: Duration) -> f64 {
        let arrival = self.arrival.0.load(Ordering::Acquire);
        if arrival == NONE {
            return f64::from(self.burst);
        }
        let debt = Duration::from_nanos(arrival).saturating_sub(now.saturating_sub(self.made));
        let spent = debt.as_secs_f64() * f64::from(self.per_second);
        (f64::from(self.burst) - spent).max(0.0)
    }
}

impl RateState {
    /// Adds the `RateLimit` and `RateLimit-Policy` fields.
    pub(crate) fn describe(self, headers: &mut HeaderMap) {
        let window = self.burst.div_ceil(self.per_second).max(1);
        let policy = format!("\"requests\";q={};w={window}", self.burst);
        let state = format!("\"requests\";r={};t={}", self.remaining, self.retry_after_s);
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::ManualClock;
    use chrono::DateTime;

    use super::*;

    fn bench(per_second: u32, burst: u32) -> (Rate, ManualClock) {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(1_000));
        (Rate::new(per_second, burst, Arc::new(clock.clone())), clock)
    }

    fn admitted(rate: &Rate) -> u32 {
        (0..10_000).take_while(|_| rate.check().is_ok()).count() as u32
    }

    #[test]
    fn over_a_time_at_most_rate_times_time_plus_burst_come_through() {
        let (rate, clock) = bench(10, 20);
        let mut sum = admitted(&rate);
        assert_eq!(sum, 20, "the burst");
        for _ in 0..100 {
            clock.advance(Duration::from_millis(50));
            sum += admitted(&rate);
        }
        assert!((69..=70).contains(&sum), "{sum} in 5 s at 10 a second after a burst of 20");
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let (rate, clock) = bench(1, 1);
        assert_eq!(rate.check().map(|state| state.remaining), Ok(0));
        let refused = rate.check().expect_err("too soon");
        assert_eq!(refused.retry_after_s, 1);
        clock.advance(Duration::from_secs(1));
        assert!(rate.check().is_ok());
    }

    #[test]
    fn changing_limits_gives_no_fresh_burst_and_takes_none_away() {
        let (rate, clock) = bench(10, 20);
        assert_eq!(admitted(&rate), 20);
        rate.set(500, 1_000);
        assert_eq!(admitted(&rate), 0, "nothing was left, so nothing is");
        clock.advance(Duration::from_secs(1));
        assert_eq!(admitted(&rate), 500);
        clock.advance(Duration::from_secs(60));
        rate.set(10, 20);
        assert_eq!(admitted(&rate), 20, "a full allowance is cut to the new burst");
        clock.advance(Duration::from_secs(1));
        for _ in 0..5 {
            assert!(rate.check().is_ok());
        }
        rate.set(10, 40);
        assert_eq!(admitted(&rate), 5, "what was left stays left");
    }

    #[test]
    fn the_fields_name_policy_and_state() {
        let (rate, _) = bench(10, 20);
        let mut headers = HeaderMap::new();
        rate.check().expect("the first").describe(&mut headers);
        assert_eq!(headers[POLICY], "\"requests\";q=20;w=2");
        assert_eq!(headers[STATE], "\"requests\";r=19;t=0");
    }
}
