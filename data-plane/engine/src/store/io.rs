//! What one operation asks of the object store: calls by kind, bytes, and how many round trips depended on each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Calls to the object store, and what they carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Io {
    /// Objects or ranges of objects read, and looked up without their body.
    pub gets: u64,
    /// Listings. One that takes several pages is counted once.
    pub lists: u64,
    /// Objects or parts of objects written, copied or completed.
    pub puts: u64,
    /// Objects deleted.
    pub deletes: u64,
    /// Bytes of bodies, read and written.
    pub bytes: u64,
    /// The longest chain of calls of which each began after the one before had ended.
    pub round_trips: u64,
    /// Whether rows were read from their tables: from the store, or without a call from what is cached of it.
    pub tables: bool,
}

impl Io {
    /// Calls of all kinds.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.gets + self.lists + self.puts + self.deletes
    }

    /// What this and `next`, which began after it had ended, asked for together.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            gets: self.gets + next.gets,
            lists: self.lists + next.lists,
            puts: self.puts + next.puts,
            deletes: self.deletes + next.deletes,
            bytes: self.bytes + next.bytes,
            round_trips: self.round_trips + next.round_trips,
            tables: self.tables || next.tables,
        }
    }
}

/// The kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    List,
    Put,
    Delete,
}

/// Counts the calls of one operation, on whatever threads they are made.
#[derive(Debug, Default)]
pub(crate) struct IoScope {
    gets: AtomicU64,
    lists: AtomicU64,
    puts: AtomicU64,
    deletes: AtomicU64,
    bytes: AtomicU64,
    /// The longest chain among the calls that have ended.
    ended: AtomicU64,
    tables: AtomicBool,
}

impl IoScope {
    /// Notes that a call begins.
    pub(crate) fn begin(self: &std::sync::Arc<Self>, kind: Kind) -> Call {
        let counter = match kind {
            Kind::Get => &self.gets,
            Kind::List => &self.lists,
            Kind::Put => &self.puts,
            Kind::Delete => &self.deletes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Call { scope: std::sync::Arc::clone(self), place: self.ended.load(Ordering::Acquire) + 1 }
    }

    /// Notes that rows are read from a table.
    pub(crate) fn reads_tables(&self) {
        self.tables.store(true, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub(crate) fn io(&self) -> Io {
        Io {
            gets: self.gets.load(Ordering::Relaxed),
            lists: self.lists.load(Ordering::Relaxed),
            puts: self.puts.load(Ordering::Relaxed),
            deletes: self.deletes.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            round_trips: self.ended.load(Ordering::Acquire),
            tables: self.tables.load(Ordering::Relaxed),
        }
    }
}

/// A call on its way. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Call {
    scope: std::sync::Arc<IoScope>,
    /// Its place in the longest chain that ends with it.
    place: u64,
}

impl Call {
    pub(crate) fn carried(&self, bytes: usize) {
        self.scope.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.scope.ended.fetch_max(self.place, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn calls_side_by_side_are_one_round_trip_and_calls_after_each_other_are_several() {
        let scope = Arc::new(IoScope::default());
        let (first, second) = (scope.begin(Kind::Get), scope.begin(Kind::List));
        drop(first);
        // Began after the first had ended, beside the second.
        let third = scope.begin(Kind::Get);
        drop(second);
        third.carried(7);
        drop(third);
        drop(scope.begin(Kind::Put));
        let expected = Io { gets: 2, lists: 1, puts: 1, bytes: 7, round_trips: 3, ..Io::default() };
        assert_eq!(scope.io(), expected);
        assert_eq!(scope.io().calls(), 4);
    }

    #[test]
    fn one_operation_after_another_waits_for_the_round_trips_of_both() {
        let first = Io { gets: 2, bytes: 7, round_trips: 1, tables: true, ..Io::default() };
        let next = Io { gets: 1, lists: 3, puts: 4, deletes: 5, bytes: 10, round_trips: 2, tables: false };
        let both = Io { gets: 3, lists: 3, puts: 4, deletes: 5, bytes: 17, round_trips: 3, tables: true };
        assert_eq!((first.then(next), next.then(first)), (both, both));
    }
}
