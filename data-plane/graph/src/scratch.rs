//! What one search or insertion needs beside the graph; used again by the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Rows seen.
    pub(crate) seen: Seen,
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
        self.seen.clear(end);
        self.next.clear();
        self.best.clear();
        self.batch.clear();
        self.around.clear();
        self.taken.clear();
    }

    /// The best rows, best first.
    pub(crate) fn take_best(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.best).into_sorted_vec()
    }
}

/// A set of rows that takes as long to empty as it took to fill.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// A bit for every row.
    bits: Vec<u64>,
    /// Where a bit is set.
    words: Vec<u32>,
}

impl Seen {
    fn clear(&mut self, end: u32) {
        for word in self.words.drain(..) {
            self.bits[word as usize] = 0;
        }
        self.bits.resize(end as usize / 64 + 1, 0);
    }

    /// Whether the row was not seen before. A row past the end never is new.
    pub(crate) fn insert(&mut self, row: u32) -> bool {
        let Some(word) = self.bits.get_mut(row as usize / 64) else { return false };
        let mask = 1 << (row % 64);
        let new = *word & mask == 0;
        if *word == 0 {
            self.words.push(row / 64);
        }
        *word |= mask;
        new
    }
}
