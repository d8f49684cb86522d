//! Which keys were seen in which minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use agentdb_control_plane_contract::key_use::GRANULARITY_S;
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};

/// Keys remembered at once.
const MOST: usize = 10_000;

/// Lets the use of a key be stored once a minute, not with every request. What it forgets, to stay small, is stored
/// more often.
#[derive(Debug, Default)]
pub(crate) struct KeyMinutes(Mutex<HashMap<ApiKeyId, i64>>);

impl KeyMinutes {
    /// The beginning of the minute, when it is the first that the key is seen in.
    pub fn first_use(&self, key_id: ApiKeyId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let minute = now.timestamp().div_euclid(GRANULARITY_S);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&key_id) == Some(&minute) {
            return None;
        }
        if seen.len() >= MOST {
            seen.retain(|_, last| *last == minute);
        }
        if seen.len() < MOST {
            seen.insert(key_id, minute);
        }
        DateTime::from_timestamp(minute * GRANULARITY_S, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agentdb_clock::{Clock as _, ManualClock, SeededEntropy};

    use super::*;

    #[test]
    fn a_key_is_new_once_a_minute_and_what_is_remembered_is_bounded() {
        let clock = ManualClock::at("2026-03-01T12:00:30Z".parse().expect("a time"));
        let entropy = SeededEntropy::new(1);
        let minutes = KeyMinutes::default();
        let key = ApiKeyId::generate(&clock, &entropy);
        let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().expect("a time");
        assert_eq!(minutes.first_use(key, clock.now()), Some(noon));
        clock.advance(Duration::from_secs(29));
        assert_eq!(minutes.first_use(key, clock.now()), None, "the same minute");
        clock.advance(Duration::from_secs(1));
        assert_eq!(minutes.first_use(key, clock.now()), Some(noon + Duration::from_secs(60)));
        for _ in 0..=MOST {
            assert!(minutes.first_use(ApiKeyId::generate(&clock, &entropy), clock.now()).is_some());
        }
        assert!(minutes.0.lock().expect("not poisoned").len() <= MOST);
    }
}
