//! What one search or insertion needs beside the graph; used again by the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// A bit for every row seen.
    pub(crate) seen: Vec<u64>,
    /// Rows whose links are still to be followed.
    pub(crate) next: BinaryHeap<Reverse<u64>>,
    /// The best rows so far, worst first.
    pub(crate) best: BinaryHeap<u64>,
    /// Rows to be measured.
    pub(crate) batch: Vec<u32>,
    /// The nearest so far, whether they are taken or not, and the nearest of those that are, as many as end a walk;
    /// worst first.
    pub(crate) around: BinaryHeap<u64>,
    pub(crate) taken: BinaryHeap<u64>,
}

impl Scratch {
    /// Forgets everything; `end` is greater than every row's number.
    pub(crate) fn clear(&mut self, end: u32) {
        self.seen.fill(0);
        self.seen.resize(end as usize / 64 + 1, 0);
        self.next.clear();
        self.best.clear();
        self.batch.clear();
        self.around.clear();
        self.taken.clear();
    }

    /// Whether the row was not seen before. A row past the end never is new.
    pub(crate) fn see(seen: &mut [u64], row: u32) -> bool {
        let Some(word) = seen.get_mut(row as usize / 64) else { return false };
        let mask = 1 << (row % 64);
        let new = *word & mask == 0;
        *word |= mask;
        new
    }

    /// The best rows, best first.
    pub(crate) fn take_best(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.best).into_sorted_vec()
    }
}
