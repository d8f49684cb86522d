//! How much may be done in a time: the generic cell rate algorithm over integers, with debt.

use std::time::Duration;

use parking_lot::Mutex;

/// The parts of a unit that are counted: as many as a second has nanoseconds, so that what comes back in a time is the
/// rate times that time, with nothing rounded.
const PARTS: i128 = 1_000_000_000;

/// A rate and what may come at once before it binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    pub per_second: u64,
    pub burst: u64,
}

impl Quota {
    /// Binds nothing.
    pub(crate) const UNLIMITED: Self = Self { per_second: i64::MAX as u64, burst: i64::MAX as u64 };

    /// The quota, with at least one unit of each: nothing is stopped for good by a zero.
    pub(crate) fn new(per_second: u64, burst: u64) -> Self {
        let most = Self::UNLIMITED.per_second;
        Self { per_second: per_second.clamp(1, most), burst: burst.clamp(1, most) }
    }

    /// Whether it binds nothing.
    pub(crate) const fn is_unlimited(self) -> bool {
        self.per_second >= Self::UNLIMITED.per_second
    }
}

/// Why something may not be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    /// It will never be: at most so much comes at once.
    TooLarge { burst: u64 },
    /// There is enough after this time, if nobody else takes it.
    Wait(Duration),
}

/// What is allowed now, at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    pub quota: Quota,
    /// Whole units that may come at once; none in debt.
    pub units: u64,
    /// The same with its sign: below zero is debt.
    parts: i128,
}

impl Left {
    /// How long until `units` are there, if nobody takes any.
    pub(crate) fn until(self, units: u64) -> Duration {
        let missing = i128::from(units).saturating_mul(PARTS) - self.parts;
        let nanos = missing.max(0).unsigned_abs().div_ceil(u128::from(self.quota.per_second));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What one somebody may still do. Over a time of T seconds no more is [taken](Self::take) than rate x T + burst, and
/// what is [charged](Self::charge) beyond it comes off what may be taken next. Time is that of the caller's clock, which
/// must never go back; one that does stands still here.
#[derive(Debug)]
pub(crate) struct Allowance(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    quota: Quota,
    /// Parts of units; below zero is debt.
    parts: i128,
    at: Duration,
}

impl Allowance {
    /// With all of the burst left.
    pub(crate) fn new(quota: Quota, now: Duration) -> Self {
        Self(Mutex::new(State { quota, parts: i128::from(quota.burst) * PARTS, at: now }))
    }

    /// Takes `units`, or nothing.
    pub(crate) fn take(&self, units: u64, now: Duration) -> Result<(), Short> {
        let mut state = self.0.lock();
        state.refill(now);
        if units > state.quota.burst {
            return Err(Short::TooLarge { burst: state.quota.burst });
        }
        let wanted = i128::from(units) * PARTS;
        if state.parts < wanted {
            return Err(Short::Wait(state.left().until(units)));
        }
        state.parts -= wanted;
        Ok(())
    }

    /// Takes `units` off for work that is done, as debt where there is not enough.
    pub(crate) fn charge(&self, units: u64, now: Duration) {
        let mut state = self.0.lock();
        state.refill(now);
        state.parts = state.parts.saturating_sub(i128::from(units).saturating_mul(PARTS));
    }

    /// Gives back what was taken for work that was not done, or was less.
    pub(crate) fn give_back(&self, units: u64, now: Duration) {
        let mut state = self.0.lock();
        state.refill(now);
        state.parts = state.parts.saturating_add(i128::from(units).saturating_mul(PARTS));
        state.cap();
    }

    /// Changes the quota. What is left stays left, and debt stays debt, as far as the new burst has room for it: a
    /// change gives no fresh burst and takes none away.
    pub(crate) fn set(&self, quota: Quota, now: Duration) {
        let mut state = self.0.lock();
        if state.quota != quota {
            state.refill(now);
            state.quota = quota;
            state.cap();
        }
    }

    pub(crate) fn left(&self, now: Duration) -> Left {
        // Looked at alone: asking about a time to come changes nothing.
        let mut state = *self.0.lock();
        state.refill(now);
        state.left()
    }

    /// Whether nothing of the burst is taken: as good as new.
    pub(crate) fn is_full(&self, now: Duration) -> bool {
        let left = self.left(now);
        left.units >= left.quota.burst
    }
}

impl State {
    fn refill(&mut self, now: Duration) {
        let Some(since) = now.checked_sub(self.at) else { return };
        self.at = now;
        let nanos = i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        self.parts = self.parts.saturating_add(nanos.saturating_mul(i128::from(self.quota.per_second)));
        self.cap();
    }

    fn cap(&mut self) {
        self.parts = self.parts.min(i128::from(self.quota.burst) * PARTS);
    }

    fn left(&self) -> Left {
        let units = u64::try_from(self.parts / PARTS).unwrap_or(0);
        Left { quota: self.quota, units, parts: self.parts }
    }
}

#[cfg(test)]
mod tests;
