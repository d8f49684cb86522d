//! LIKE patterns: `%` is any run of characters, `_` any one.
//!
//! Matching follows all ways through the pattern at once, one bit each (the shift-and method of Baeza-Yates and
//! Gonnet, 1992, with loops for `%`), so its time is the text's length times a few words, whatever the pattern.

use std::collections::HashMap;

const WORD: usize = 64;

/// A pattern, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Bit `i` of an entry: the `i`th single character of the pattern is this one or `_`.
    accepts: HashMap<char, Box<[u64]>>,
    /// The bits for a character that the pattern does not name.
    any: Box<[u64]>,
    /// Bit `i`: a `%` stands before the `i`th single character, or at the end.
    loops: Box<[u64]>,
    /// Single characters.
    length: usize,
    /// The bits for each ASCII character, of a pattern that fits in one word.
    ascii: Option<Box<[u64; 128]>>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let singles: Vec<char> = text.chars().filter(|c| *c != '%').collect();
        let words = singles.len() / WORD + 1;
        let mut loops = vec![0; words];
        let mut at = 0;
        for c in text.chars() {
            if c == '%' {
                set(&mut loops, at);
            } else {
                at += 1;
            }
        }
        let mut any = vec![0; words];
        singles.iter().enumerate().filter(|(_, c)| **c == '_').for_each(|(at, _)| set(&mut any, at));
        let mut accepts: HashMap<char, Box<[u64]>> = HashMap::new();
        for (at, c) in singles.iter().enumerate().filter(|(_, c)| **c != '_') {
            set(accepts.entry(*c).or_insert_with(|| any.clone().into()), at);
        }
        let ascii = (words == 1).then(|| {
            let bits = |c: u8| accepts.get(&char::from(c)).map_or(any[0], |bits| bits[0]);
            Box::new(std::array::from_fn(|c| bits(u8::try_from(c).unwrap_or(0))))
        });
        Self { accepts, any: any.into(), loops: loops.into(), length: singles.len(), ascii }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if let Some(ascii) = &self.ascii {
            return self.matches_in_word(ascii, text);
        }
        // Bit `i`: the text so far can be matched by the first `i` single characters.
        let mut reached = vec![0_u64; self.loops.len()];
        reached[0] = 1;
        for c in text.chars() {
            let accepts = self.accepts.get(&c).unwrap_or(&self.any);
            let mut carry = 0;
            for ((word, accepts), loops) in reached.iter_mut().zip(accepts).zip(&self.loops) {
                let steps = *word & accepts;
                let next = (*word & loops) | (steps << 1) | carry;
                carry = steps >> (WORD - 1);
                *word = next;
            }
        }
        reached[self.length / WORD] >> (self.length % WORD) & 1 == 1
    }

    /// The same in one word, which most patterns fit in.
    fn matches_in_word(&self, ascii: &[u64; 128], text: &str) -> bool {
        let loops = self.loops[0];
        let mut reached = 1_u64;
        for c in text.chars() {
            let accepts = match ascii.get(c as usize) {
                Some(bits) => *bits,
                None => self.accepts.get(&c).unwrap_or(&self.any)[0],
            };
            reached = (reached & loops) | (reached & accepts) << 1;
            if reached == 0 {
                return false;
            }
        }
        reached >> self.length & 1 == 1
    }
}

fn set(words: &mut [u64], at: usize) {
    words[at / WORD] |= 1 << (at % WORD);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    /// The definition, word for word.
    fn like(text: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|from| like(&text[from..], rest)),
            Some(('_', rest)) => !text.is_empty() && like(&text[1..], rest),
            Some((c, rest)) => text.first() == Some(c) && like(&text[1..], rest),
        }
    }

    #[test]
    fn patterns_over_several_words_match() {
        let long = "ab".repeat(100);
        assert!(Pattern::new(&long).matches(&long));
        assert!(!Pattern::new(&long).matches(&long[1..]));
        assert!(Pattern::new(&format!("%{long}")).matches(&format!("x{long}")));
        assert!(Pattern::new(&"_".repeat(64)).matches(&"é".repeat(64)));
        assert!(Pattern::new(&"_".repeat(63)).matches(&"é".repeat(63)));
        assert!(Pattern::new("").matches("") && Pattern::new("%").matches("") && !Pattern::new("").matches("a"));
    }

    proptest! {
        #[test]
        fn patterns_mean_what_they_say(text in "[abé]{0,12}", pattern in "[abé%_]{0,8}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::new(&pattern).matches(&text), like(&chars(&text), &chars(&pattern)));
        }
    }
}
