//! A bound on the memory that folded rows may take for search, shared by the namespaces of a store handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes left to reserve.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
}

/// Reserved bytes; given back on drop.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl MemoryBudget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
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
