use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::Clock;

/// A clock that stands still until it is moved. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock that shows `now`, with monotonic time zero.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, monotonic: Duration::ZERO })) }
    }

    /// Moves both clocks forward by `by`.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock();
        state.monotonic += by;
        state.now += by;
    }

    /// Sets the wall clock alone, as a correction of the machine's time would.
    pub fn set_wall(&self, now: DateTime<Utc>) {
        self.state.lock().now = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.state.lock().now
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().monotonic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_jump_leaves_monotonic_time_alone() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(3601));
        assert_eq!(clock.hour(), 1);
        clock.set_wall(DateTime::UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(clock.monotonic(), Duration::from_secs(3601));
        assert_eq!(clock.hour(), -1);
    }
}
