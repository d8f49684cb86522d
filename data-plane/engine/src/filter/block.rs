//! A bitmap of a block of rows: small enough to stay in the processor's cache.

use crate::memtable::ones_of;

pub(super) const BLOCK_WORDS: usize = 64;
/// Rows of a block.
pub(super) const BLOCK_ROWS: u32 = 64 * 64;

/// Rows of a word that are looked at one by one, at most; of more all are.
const SPARSE: u32 = 12;

/// Which rows of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block(pub(super) [u64; BLOCK_WORDS]);

impl Block {
    pub(super) const NONE: Self = Self([0; BLOCK_WORDS]);

    /// Takes words of 64 rows each, as many as a block has.
    pub(super) fn of(words: impl Iterator<Item = u64>) -> Self {
        let mut block = Self::NONE;
        block.0.iter_mut().zip(words).for_each(|(word, bits)| *word = bits);
        block
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    pub(super) fn and_not(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn with(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.0;
        words.iter_mut().zip(&other.0).for_each(|(word, other)| *word = join(*word, *other));
        Self(words)
    }

    /// The rows, ascending, by their places in the block.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| ones_of(*word).map(move |bit| at * 64 + bit as usize))
    }

    /// The rows of these for which `test` says so.
    pub(super) fn keep(&self, mut test: impl FnMut(usize) -> bool) -> Self {
        let mut kept = Self::NONE;
        for (at, (word, kept)) in self.0.iter().zip(&mut kept.0).enumerate() {
            for bit in ones_of(*word) {
                *kept |= u64::from(test(at * 64 + bit as usize)) << bit;
            }
        }
        kept
    }

    /// As [`Self::keep`], of values in a row, the first of which is the block's first.
    pub(super) fn keep_values<T: Copy>(&self, values: &[T], test: impl Fn(T) -> bool) -> Self {
        let mut kept = Self::NONE;
        for ((word, kept), values) in self.0.iter().zip(&mut kept.0).zip(values.chunks(64)) {
            if word.count_ones() > SPARSE {
                // Without a branch a row, which is faster although more are looked at.
                let bits = values.iter().enumerate().fold(0, |bits, (at, value)| bits | u64::from(test(*value)) << at);
                *kept = word & bits;
            } else {
                for bit in ones_of(*word) {
                    *kept |= u64::from(test(values[bit as usize])) << bit;
                }
            }
        }
        kept
    }
}
