//! Writes that are durable in the log and not yet in a Lance table.
//!
//! A memtable only grows; a row that was overwritten or deleted is marked dead in its bitmap. Rows sit in
//! chunks behind `Arc`s, so a reader's snapshot costs a few pointers and never holds a writer up.

mod bits;
mod row;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use bits::{Bits, ones_of};
pub(crate) use row::{MemRow, Row};

use crate::namespace::Commit;

/// Rows a chunk; a writer copies at most one chunk's pointers when a reader holds it.
const CHUNK: usize = 256;

/// A row and the commit that wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) row: Arc<MemRow>,
    pub(crate) commit: Commit,
}

/// What a memtable knows of an id.
pub(crate) enum Lookup<'a> {
    /// Nothing; an older layer may.
    Absent,
    /// It was deleted here, so older layers do not count.
    Deleted,
    /// The newest row of this id is here.
    Row(u32, &'a Arc<MemRow>),
}

/// The newest writes of one collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemTable {
    chunks: Vec<Arc<Vec<Slot>>>,
    len: u32,
    dead: Arc<Bits>,
    /// Every id written here: its newest slot, or `None` for a delete.
    touched: Arc<HashMap<Box<str>, Option<u32>>>,
    bytes: usize,
}

impl MemTable {
    /// Rows and tombstones.
    pub(crate) fn writes(&self) -> usize {
        self.touched.len().max(self.len as usize)
    }

    /// Whether nothing was written here.
    pub(crate) fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Memory taken, roughly: rows, dead ones included, and tombstones.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn get(&self, id: &str) -> Lookup<'_> {
        match self.touched.get(id) {
            None => Lookup::Absent,
            Some(None) => Lookup::Deleted,
            Some(Some(slot)) => self.slot(*slot).map_or(Lookup::Absent, |s| Lookup::Row(*slot, &s.row)),
        }
    }

    /// Appends a row as the newest of its id. The caller has killed the older one.
    pub(crate) fn put(&mut self, row: Arc<MemRow>, commit: Commit) {
        self.bytes += row.memory_bytes();
        let id = row.row.id.clone();
        if (self.len as usize).is_multiple_of(CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
        }
        if let Some(last) = self.chunks.last_mut() {
            Arc::make_mut(last).push(Slot { row, commit });
        }
        Arc::make_mut(&mut self.touched).insert(id, Some(self.len));
        self.len += 1;
    }

    /// Records a delete, so that the fold removes the id from the table.
    pub(crate) fn tombstone(&mut self, id: &str) {
        self.bytes += id.len() + 64;
        Arc::make_mut(&mut self.touched).insert(id.into(), None);
    }

    /// Marks a row as no longer the newest. False when it was marked before.
    pub(crate) fn kill(&mut self, slot: u32) -> bool {
        !self.dead.get(slot) && {
            Arc::make_mut(&mut self.dead).set(slot);
            true
        }
    }

    pub(crate) fn slot(&self, slot: u32) -> Option<&Slot> {
        self.chunks.get(slot as usize / CHUNK).and_then(|chunk| chunk.get(slot as usize % CHUNK))
    }

    pub(crate) fn is_dead(&self, slot: u32) -> bool {
        self.dead.get(slot)
    }

    /// Live rows with their slots.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u32, &Slot)> {
        live(&self.chunks, &self.dead)
    }

    /// Rows written after `commit`, dead ones included, newest first.
    pub(crate) fn since(&self, commit: Commit) -> impl Iterator<Item = &Slot> {
        let newest_first = self.chunks.iter().rev().flat_map(|chunk| chunk.iter().rev());
        newest_first.take_while(move |slot| slot.commit > commit)
    }

    /// The rows as they are now, for a reader.
    pub(crate) fn view(&self) -> MemView {
        MemView { chunks: self.chunks.clone(), dead: Arc::clone(&self.dead) }
    }

    /// The ids that were deleted here.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &str> {
        self.touched.iter().filter(|(_, slot)| slot.is_none()).map(|(id, _)| id.as_ref())
    }

    /// What this one and a newer one hold together. Rows that the newer one shadows are marked dead here.
    pub(crate) fn joined(&self, newer: &Self) -> Self {
        let mut all = Self::default();
        for (_, slot) in self.live().chain(newer.live()) {
            all.put(Arc::clone(&slot.row), slot.commit);
        }
        for id in self.removed().chain(newer.removed()) {
            if matches!(all.get(id), Lookup::Absent) {
                all.tombstone(id);
            }
        }
        all
    }

    /// The ids written or deleted here as they are now, for a reader. A writer copies them when it writes meanwhile.
    pub(crate) fn touched_ids(&self) -> Touched {
        Touched(Arc::clone(&self.touched))
    }

    /// Every id written or deleted here.
    pub(crate) fn touched(&self) -> impl Iterator<Item = &str> {
        self.touched.keys().map(AsRef::as_ref)
    }
}

/// The ids written or deleted in a memtable at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Touched(Arc<HashMap<Box<str>, Option<u32>>>);

impl Touched {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A memtable's rows at one moment. Holds no more than the rows, so a writer is not made to copy the index.
#[derive(Debug, Clone)]
pub(crate) struct MemView {
    chunks: Vec<Arc<Vec<Slot>>>,
    dead: Arc<Bits>,
}

impl MemView {
    /// Live rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<MemRow>> {
        live(&self.chunks, &self.dead).map(|(_, slot)| &slot.row)
    }

    /// Rows, dead ones included.
    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }
}

fn live<'a>(chunks: &'a [Arc<Vec<Slot>>], dead: &'a Bits) -> impl Iterator<Item = (u32, &'a Slot)> {
    let slots = chunks.iter().flat_map(|chunk| chunk.iter());
    (0_u32..).zip(slots).filter(|(at, _)| !dead.get(*at))
}
