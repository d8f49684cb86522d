use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use agentdb_clock::Clock;
use agentdb_ids::OrgId;

use crate::{config::Rate, throttle::Throttle};

/// Refusals of one organisation that are recorded: a storm of them fills no table.
const RATE: Rate = Rate {
    per_minute: NonZeroU32::new(2).expect("it is not zero"),
    burst: NonZeroU32::new(30).expect("it is not zero"),
};

/// Organisations whose unrecorded refusals are counted at once; of more, those that are left out are not told.
const MAX_COUNTED: usize = 10_000;

/// Which refusals are recorded, and how many were not since the last one that was.
pub(crate) struct Refusals {
    throttle: Throttle,
    left_out: Mutex<HashMap<OrgId, u32>>,
}

impl Refusals {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { throttle: Throttle::new(RATE, clock), left_out: Mutex::default() }
    }

    /// How many were left out before this one; `None` when this one is left out, too.
    pub fn admit(&self, org_id: OrgId) -> Option<u32> {
        if self.throttle.admit(org_id).is_ok() {
            return Some(self.counts().remove(&org_id).unwrap_or(0));
        }
        self.leave_out(org_id, 1);
        None
    }

    /// Counts refusals that are not recorded.
    pub fn leave_out(&self, org_id: OrgId, refusals: u32) {
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(&org_id) {
            *count = count.saturating_add(refusals);
        } else if counts.len() < MAX_COUNTED {
            counts.insert(org_id, refusals);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<OrgId, u32>> {
        // A number is whole whoever panicked while it was counted.
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agentdb_clock::{ManualClock, SeededEntropy};
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_storm_is_told_by_its_number() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let entropy = SeededEntropy::new(1);
        let org_id = OrgId::generate(&clock, &entropy);
        let refusals = Refusals::new(Arc::new(clock.clone()));
        assert!((0..30).all(|_| refusals.admit(org_id) == Some(0)), "the burst");
        assert!((0..500).all(|_| refusals.admit(org_id).is_none()), "then the rate");
        clock.advance(Duration::from_secs(30));
        assert_eq!(refusals.admit(org_id), Some(500));
        refusals.leave_out(org_id, 501);
        clock.advance(Duration::from_secs(30));
        assert_eq!(refusals.admit(org_id), Some(501), "one that could not be written");
        clock.advance(Duration::from_secs(30));
        assert_eq!(refusals.admit(org_id), Some(0), "told once");
    }
}
