//! A lease on a clock in the test's hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agentdb_clock::{Clock, ManualClock};
use agentdb_data_plane_engine::Lease;

/// Valid until a moment of monotonic time.
#[derive(Debug)]
pub struct TimedLease {
    clock: ManualClock,
    until_ms: AtomicU64,
}

impl TimedLease {
    /// Valid for `time` from now.
    pub fn new(clock: &ManualClock, time: Duration) -> Arc<Self> {
        let lease = Self { clock: clock.clone(), until_ms: AtomicU64::new(0) };
        lease.renew(time);
        Arc::new(lease)
    }

    /// Makes it valid for `time` from now.
    pub fn renew(&self, time: Duration) {
        self.until_ms.store(millis(self.clock.monotonic() + time), Ordering::SeqCst);
    }
}

impl Lease for TimedLease {
    fn is_valid(&self) -> bool {
        millis(self.clock.monotonic()) < self.until_ms.load(Ordering::SeqCst)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a short time")
}
