//! A bound on the memory that folded rows may take for search, shared by the namespaces of a store handle.
//!
//! Who holds much says how it can be taken from him. When somebody else needs room, whoever has used his for longest
//! ago gives it back; what was used a moment ago stays, so two that do not fit together do not chase each other out.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// Bytes left to reserve.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
    residents: Mutex<HashMap<u64, Arc<Resident>>>,
    next: AtomicU64,
}

/// Reserved bytes; given back on drop.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

/// Who holds reserved memory.
struct Resident {
    /// Milliseconds of monotonic time.
    last_used: AtomicU64,
    /// Gives the memory back; false when it is needed.
    leave: Box<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("last_used", &self.last_used).finish_non_exhaustive()
    }
}

/// A place among those who hold memory; given up on drop.
#[derive(Debug)]
pub(crate) struct Residence {
    budget: Arc<MemoryBudget>,
    number: u64,
    resident: Arc<Resident>,
}

impl Residence {
    /// Notes a use at `now`, a monotonic time.
    pub(crate) fn used(&self, now: Duration) {
        self.resident.last_used.store(millis(now), Ordering::Relaxed);
    }
}

impl Drop for Residence {
    fn drop(&mut self) {
        self.budget.residents.lock().remove(&self.number);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl MemoryBudget {
    /// Enters somebody who holds memory and can give it back by `leave`, which may take locks of its own.
    pub(crate) fn enter(
        self: &Arc<Self>,
        now: Duration,
        leave: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Residence {
        let resident = Arc::new(Resident { last_used: AtomicU64::new(millis(now)), leave: Box::new(leave) });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.residents.lock().insert(number, Arc::clone(&resident));
        Residence { budget: Arc::clone(self), number, resident }
    }

    /// Makes those leave that were not used for `rest`, longest ago first, until `bytes` could be taken. Says whether
    /// they can; what a running read holds is given back only when the read is done.
    pub(crate) fn make_room(&self, bytes: usize, now: Duration, rest: Duration) -> bool {
        if bytes > self.limit {
            return false;
        }
        for resident in self.resting(now, rest) {
            if self.has_room(bytes) {
                return true;
            }
            (resident.leave)();
        }
        self.has_room(bytes)
    }

    /// Makes all leave that were not used for `rest`. Says how many did.
    pub(crate) fn release_idle(&self, now: Duration, rest: Duration) -> usize {
        self.resting(now, rest).iter().filter(|resident| (resident.leave)()).count()
    }

    /// Those not used for `rest`, longest ago first.
    fn resting(&self, now: Duration, rest: Duration) -> Vec<Arc<Resident>> {
        let Some(latest) = now.checked_sub(rest).map(millis) else { return Vec::new() };
        let residents = self.residents.lock();
        let used = |resident: &Arc<Resident>| resident.last_used.load(Ordering::Relaxed);
        let mut resting: Vec<_> = residents.values().filter(|r| used(r) <= latest).cloned().collect();
        drop(residents);
        resting.sort_by_key(used);
        resting
    }

    /// Takes `bytes` even past the limit: for what is small and cannot be done without. Others have less room then.
    pub(crate) fn reserve_anyway(self: &Arc<Self>, bytes: usize) -> Reservation {
        self.used.fetch_add(bytes, Ordering::AcqRel);
        Reservation { budget: Arc::clone(self), bytes }
    }

    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), residents: Mutex::default(), next: AtomicU64::new(0) }
    }

    /// Whether `bytes` could be taken.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.used.load(Ordering::Acquire).checked_add(bytes).is_some_and(|sum| sum <= self.limit)
    }

    /// Takes `bytes`, or `None` when they would pass the limit.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.limit)
            })
            .ok()
            .map(|_| Reservation { budget: Arc::clone(self), bytes })
    }
}

impl Reservation {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// As [`MemoryBudget::reserve_anyway`].
    pub(crate) fn anyway(&self, bytes: usize) -> Self {
        self.budget.reserve_anyway(bytes)
    }

    /// Splits off `bytes`; what it has not got itself is reserved anew, or `None`.
    pub(crate) fn split(&mut self, bytes: usize) -> Option<Self> {
        let own = bytes.min(self.bytes);
        let mut rest = if bytes > own { Some(self.budget.reserve(bytes - own)?) } else { None };
        self.bytes -= own;
        if let Some(rest) = &mut rest {
            // It is given back as a part of the whole.
            rest.bytes = 0;
        }
        Some(Self { budget: Arc::clone(&self.budget), bytes })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_reserved_again() {
        let budget = Arc::new(MemoryBudget::new(10));
        let first = budget.reserve(7).expect("fits");
        assert!(budget.reserve(4).is_none());
        drop(first);
        assert!(budget.reserve(10).is_some());
    }

    #[test]
    fn who_rested_longest_leaves_first_and_who_was_used_a_moment_ago_stays() {
        let budget = Arc::new(MemoryBudget::new(10));
        let left = Arc::new(Mutex::new(Vec::new()));
        let second = Duration::from_secs(1);
        let enter = |name: &'static str, at: Duration, bytes: usize| {
            let held = Mutex::new(Some(budget.reserve(bytes).expect("fits")));
            let left = Arc::clone(&left);
            budget.enter(at, move || {
                left.lock().push(name);
                held.lock().take().is_some()
            })
        };
        let (old, older, _new) = (enter("old", second, 3), enter("older", second, 3), enter("new", second * 9, 4));
        older.used(Duration::ZERO);
        assert!(budget.make_room(2, second * 10, second * 5));
        assert_eq!(*left.lock(), ["older"]);
        assert!(!budget.make_room(9, second * 10, second * 5), "the new one is in use");
        assert_eq!(*left.lock(), ["older", "older", "old"]);
        drop(old);
        assert!(!budget.make_room(11, second * 99, Duration::ZERO), "there never was so much");
        assert_eq!(budget.release_idle(second * 99, second), 1);
    }

    #[test]
    fn what_is_split_off_is_reserved_once() {
        let budget = Arc::new(MemoryBudget::new(10));
        let mut first = budget.reserve(6).expect("fits");
        let part = first.split(4).expect("has it");
        let more = first.split(5).expect("2 of its own and 3 new");
        assert!(first.split(2).is_none(), "9 of 10 are taken");
        drop(first);
        assert!(budget.reserve(2).is_none());
        drop((part, more));
        assert!(budget.reserve(10).is_some());
    }
}
