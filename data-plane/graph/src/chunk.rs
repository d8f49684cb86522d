//! A block of rows: codes, labels and links. Codes never change once it is there; links are atomics.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::code::{Coder, Meta, Point};

/// Rows of a full block, as a power of two.
pub(crate) const CHUNK_BITS: u32 = 12;
pub(crate) const CHUNK_ROWS: usize = 1 << CHUNK_BITS;
/// The end of a list of links.
pub(crate) const NONE: u32 = u32::MAX;
/// Codes begin at a cache line.
const LINE: usize = 64;

#[derive(Debug)]
pub(crate) struct Chunk {
    labels: Box<[u32]>,
    metas: Box<[Meta]>,
    codes: Box<[i8]>,
    /// Where the first code begins.
    shift: usize,
    stride: usize,
    links: usize,
    /// `2 * links` of the bottom layer a row.
    base: Box<[AtomicU32]>,
    /// The next row with the same code.
    copies: Box<[AtomicU32]>,
    levels: Box<[u8]>,
    /// Where the links of the upper layers of a row begin, `links` a layer.
    upper_at: Box<[u32]>,
    upper: Box<[AtomicU32]>,
}

impl Chunk {
    /// Codes of rows that are not linked yet. `level(i)` is the highest layer of the `i`th row.
    pub(crate) fn new(coder: &Coder, batch: &[(u32, &[f32])], links: usize, level: impl Fn(usize) -> u8) -> Self {
        let rows = batch.len().min(CHUNK_ROWS);
        let stride = coder.stride();
        let mut codes = vec![0_i8; rows * stride + LINE].into_boxed_slice();
        let shift = codes.as_ptr().align_offset(LINE).min(LINE);
        let own = codes[shift..].chunks_exact_mut(stride);
        let metas = batch.iter().zip(own).map(|((_, vector), code)| coder.row(vector, code)).collect();
        let levels: Box<[u8]> = (0..rows).map(level).collect();
        let mut upper = 0_u32;
        let upper_at = levels.iter().map(|level| {
            let at = upper;
            upper += u32::from(*level) * links as u32;
            at
        });
        Self {
            labels: batch.iter().take(rows).map(|(label, _)| *label).collect(),
            metas,
            shift,
            stride,
            links,
            base: unlinked(rows * 2 * links),
            copies: unlinked(rows),
            upper_at: upper_at.collect(),
            upper: unlinked(upper as usize),
            levels,
            codes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn label(&self, at: usize) -> u32 {
        self.labels[at]
    }

    /// The labels of all rows; they ascend.
    pub(crate) fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The place of a label.
    pub(crate) fn find_label(&self, label: u32) -> Option<usize> {
        self.labels.binary_search(&label).ok()
    }

    pub(crate) fn level(&self, at: usize) -> u8 {
        self.levels[at]
    }

    pub(crate) fn code(&self, at: usize) -> (&[i8], Meta) {
        let from = self.shift + at * self.stride;
        (&self.codes[from..from + self.stride], self.metas[at])
    }

    pub(crate) fn point(&self, at: usize) -> Point<'_> {
        let (code, meta) = self.code(at);
        Coder::point(code, meta)
    }

    /// The places for a row's links in a layer; those in use come first.
    pub(crate) fn links(&self, at: usize, level: u8) -> &[AtomicU32] {
        if level == 0 {
            return &self.base[at * 2 * self.links..(at + 1) * 2 * self.links];
        }
        if level > self.levels[at] {
            return &[];
        }
        let from = self.upper_at[at] as usize + (usize::from(level) - 1) * self.links;
        &self.upper[from..from + self.links]
    }

    /// The next row with the same code.
    pub(crate) fn next_copy(&self, at: usize) -> u32 {
        self.copies[at].load(Ordering::Acquire)
    }

    pub(crate) fn set_next_copy(&self, at: usize, row: u32) {
        self.copies[at].store(row, Ordering::Release);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        memory_of(self.len(), self.stride, self.links) + self.upper.len() * size_of::<AtomicU32>()
    }
}

/// Memory of as many rows, but for their upper layers.
pub(crate) fn memory_of(rows: usize, stride: usize, links: usize) -> usize {
    let fixed = size_of::<Meta>() + size_of::<u8>() + 3 * size_of::<u32>();
    rows * (stride + fixed + 2 * links * size_of::<AtomicU32>()) + LINE + size_of::<Chunk>()
}

/// The links in use.
pub(crate) fn in_use(links: &[AtomicU32]) -> impl Iterator<Item = u32> {
    links.iter().map(|link| link.load(Ordering::Acquire)).take_while(|link| *link != NONE)
}

fn unlinked(count: usize) -> Box<[AtomicU32]> {
    (0..count).map(|_| AtomicU32::new(NONE)).collect()
}
