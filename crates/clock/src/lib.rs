//! Time and chance as parameters.
//!
//! Owns the only reads of the machine's clocks and random source. Everything else takes an
//! [`Arc<dyn Clock>`](Clock) or [`Arc<dyn Entropy>`](Entropy), so that a test can move time and a seed
//! can be replayed. Does not own timers: waiting is Tokio's.

mod entropy;
mod manual;
mod system;

pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use manual::ManualClock;
pub use system::SystemClock;

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Seconds in an hour, the grain of usage.
const HOUR_S: i64 = 3600;

/// A source of time.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The wall clock, UTC. May jump.
    fn now(&self) -> DateTime<Utc>;

    /// Time since an arbitrary fixed moment of this process; never goes back.
    fn monotonic(&self) -> Duration;

    /// The current UTC hour as whole hours since the Unix epoch, the grain in which usage is counted.
    fn hour(&self) -> i64 {
        self.now().timestamp().div_euclid(HOUR_S)
    }
}
