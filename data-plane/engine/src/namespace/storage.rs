//! What a namespace takes in the object store, and what folds and compaction cost: kept up to date as it changes, so
//! that asking costs nothing.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use super::types::Commit;
use crate::catalog::TableId;
use crate::table::{Footprint, Piece, Removed};

/// What a namespace takes in the object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StorageStats {
    /// Log entries kept, takeovers included.
    pub log_entries: u64,
    /// Bytes of those of them that were written since open.
    pub log_bytes: u64,
    /// The part of that which no fold has brought into the tables: what the next opening reads.
    pub unfolded_log_bytes: u64,
    /// Objects of the tables that were written since open, all versions.
    pub table_objects: u64,
    /// Bytes of these tables, all versions.
    pub table_bytes: u64,
    /// The part of them that the newest versions consist of.
    pub table_live_bytes: u64,
    /// The part of that which deleted rows take.
    pub table_dead_bytes: u64,
    /// Logical bytes of the live records of these tables' collections, those that are not folded included.
    pub table_logical_bytes: u64,
    /// Bytes of data files written by folds since open.
    pub fold_bytes: u64,
    /// Compactions since open.
    pub compactions: u64,
    /// Bytes of data files written by compactions since open.
    pub compaction_bytes: u64,
    /// Objects of tables removed since open.
    pub removed: Removed,
}

#[derive(Debug, Default)]
pub(super) struct Storage(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stats: StorageStats,
    tables: HashMap<TableId, Footprint>,
    /// Bytes written to the log since open; and as they were at the commit of each fold.
    appended: u64,
    folds: VecDeque<(Commit, u64)>,
    /// The entries written since open that are not folded, and all their bytes.
    unfolded: VecDeque<(Commit, u64)>,
    unfolded_bytes: u64,
    /// Log entries up to this one are gone, and the bytes of theirs that were counted.
    trimmed: (Commit, u64),
}

impl Storage {
    /// The log entry `commit` was written.
    pub(super) fn appended(&self, commit: Commit, bytes: usize) {
        let (mut inner, bytes) = (self.0.lock(), bytes as u64);
        inner.appended += bytes;
        inner.unfolded_bytes += bytes;
        inner.unfolded.push_back((commit, bytes));
    }

    /// Everything up to `commit` is folded.
    pub(super) fn folded(&self, commit: Commit) {
        let mut inner = self.0.lock();
        while let Some((_, bytes)) = inner.unfolded.pop_front_if(|(entry, _)| *entry <= commit) {
            inner.unfolded_bytes -= bytes;
        }
        let appended = inner.appended - inner.unfolded_bytes;
        inner.folds.push_back((commit, appended));
    }

    /// Log entries up to `commit`, which is that of a fold, are gone.
    pub(super) fn trimmed(&self, commit: Commit) {
        let mut inner = self.0.lock();
        inner.trimmed.0 = commit;
        while let Some((_, appended)) = inner.folds.pop_front_if(|(fold, _)| *fold <= commit) {
            inner.trimmed.1 = appended;
        }
    }

    /// A version of a table was committed: its fragments, and the bytes of data files written for it.
    pub(super) fn committed(&self, table: TableId, pieces: &[Piece], bytes: u64) {
        let mut inner = self.0.lock();
        let footprint = inner.tables.entry(table).or_default();
        footprint.bytes += bytes;
        footprint.live_bytes = pieces.iter().map(|piece| piece.bytes).sum();
        footprint.dead_bytes = pieces.iter().map(Piece::dead_bytes).sum();
    }

    pub(super) fn wrote(&self, bytes: u64) {
        self.0.lock().stats.fold_bytes += bytes;
    }

    pub(super) fn compacted(&self, bytes: u64) {
        let mut inner = self.0.lock();
        inner.stats.compactions += 1;
        inner.stats.compaction_bytes += bytes;
    }

    /// A table was cleaned.
    pub(super) fn cleaned(&self, table: TableId, footprint: Option<Footprint>, removed: Removed) {
        let mut inner = self.0.lock();
        inner.stats.removed.add(removed);
        if let Some(footprint) = footprint {
            inner.tables.insert(table, footprint);
        }
    }

    /// The files of a table are gone.
    pub(super) fn dropped(&self, table: TableId) {
        self.0.lock().tables.remove(&table);
    }

    /// As it is at `commit`, with collections of these tables and logical bytes.
    pub(super) fn stats(&self, commit: Commit, collections: impl Iterator<Item = (TableId, u64)>) -> StorageStats {
        let inner = self.0.lock();
        let sum = |part: fn(&Footprint) -> u64| inner.tables.values().map(part).sum();
        StorageStats {
            log_entries: commit.saturating_sub(inner.trimmed.0),
            log_bytes: inner.appended.saturating_sub(inner.trimmed.1),
            unfolded_log_bytes: inner.unfolded_bytes,
            table_objects: sum(|table| table.objects),
            table_bytes: sum(|table| table.bytes),
            table_live_bytes: sum(|table| table.live_bytes),
            table_dead_bytes: sum(|table| table.dead_bytes),
            table_logical_bytes: collections.filter(|(table, _)| inner.tables.contains_key(table)).map(|c| c.1).sum(),
            ..inner.stats
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_log_behind_the_checkpoint_is_what_was_written_after_the_commit_that_a_fold_has_frozen() {
        let storage = Storage::default();
        (1..=5).for_each(|commit| storage.appended(commit, 100));
        // The fold had frozen the third one; two came while it ran.
        storage.folded(3);
        let stats = storage.stats(5, std::iter::empty());
        assert_eq!((stats.log_bytes, stats.unfolded_log_bytes), (500, 200));
        storage.trimmed(3);
        let stats = storage.stats(5, std::iter::empty());
        assert_eq!((stats.log_entries, stats.log_bytes, stats.unfolded_log_bytes), (2, 200, 200));
        storage.folded(5);
        assert_eq!(storage.stats(5, std::iter::empty()).unfolded_log_bytes, 0);
    }

    #[test]
    fn the_logical_bytes_beside_those_of_tables_are_of_the_same_tables() {
        let (storage, known, unknown) = (Storage::default(), TableId(Uuid::from_u128(1)), TableId(Uuid::from_u128(2)));
        storage.committed(known, &[Piece { id: 0, rows: 10, deleted: 0, bytes: 1_000 }], 1_000);
        let stats = storage.stats(1, [(known, 700), (unknown, 5_000)].into_iter());
        assert_eq!((stats.table_bytes, stats.table_logical_bytes), (1_000, 700));
    }
}
