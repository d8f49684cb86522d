//! A growing bitmap.

/// Bits, all unset at first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    ones: u32,
}

impl Bits {
    /// The first `length` bits, set but for those of `unset`.
    pub(crate) fn all_but(length: u32, unset: &Self) -> Self {
        let mut words = vec![u64::MAX; length.div_ceil(64) as usize];
        if let Some(last) = words.last_mut().filter(|_| !length.is_multiple_of(64)) {
            *last = u64::MAX >> (64 - length % 64);
        }
        let mut ones = length;
        for (word, unset) in words.iter_mut().zip(&unset.words).filter(|(_, unset)| **unset != 0) {
            ones -= (*word & unset).count_ones();
            *word &= !unset;
        }
        Self { words, ones }
    }

    /// Takes words of 64 bits each, the lowest bit first.
    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        let ones = words.iter().map(|word| word.count_ones()).sum();
        Self { words, ones }
    }

    pub(crate) fn get(&self, at: u32) -> bool {
        self.words.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(crate) fn set(&mut self, at: u32) {
        let word = at as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let mask = 1 << (at % 64);
        if self.words[word] & mask == 0 {
            self.words[word] |= mask;
            self.ones += 1;
        }
    }

    /// The bits set in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self::from_words(self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect())
    }

    /// The 64 bits from `64 * at` on.
    pub(crate) fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// How many bits are set.
    pub(crate) fn ones(&self) -> u32 {
        self.ones
    }

    /// The places of the bits that are set, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0_u32..).step_by(64).zip(&self.words).flat_map(|(first, word)| ones_of(*word).map(move |at| first + at))
    }
}

/// The places of the bits of a word that are set, ascending.
pub(crate) fn ones_of(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn what_is_set_is_counted_and_found_in_order() {
        let mut bits = Bits::default();
        for at in [200, 3, 64, 63, 3] {
            bits.set(at);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [3, 63, 64, 200]);
        assert_eq!(bits.ones(), 4);
        let rest = Bits::all_but(130, &bits);
        assert_eq!(rest.ones(), 127);
        assert!(rest.iter().all(|at| at < 130 && !bits.get(at)));
        assert_eq!(Bits::all_but(0, &bits).ones(), 0);
        assert_eq!(Bits::all_but(64, &Bits::default()).word(0), u64::MAX);
    }
}
