//! Which rows of a segment hold a term.

use std::collections::HashMap;

use super::text::{Term, Terms};

/// Postings of one segment, built when the first text query asks for them.
#[derive(Debug, Default)]
pub(crate) struct Inverted {
    /// Rows, ascending, with the count of the term.
    postings: HashMap<Term, Vec<(u32, u32)>>,
    /// Terms of each row's text.
    lengths: Vec<u32>,
}

impl Inverted {
    pub(crate) fn push(&mut self, terms: Option<&Terms>) {
        let row = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        self.lengths.push(terms.map_or(0, |t| t.length));
        for (term, count) in terms.iter().flat_map(|t| t.counts.iter()) {
            self.postings.entry(*term).or_default().push((row, *count));
        }
    }

    /// Appends the rows of `other` for which `keep` says so, in their order.
    pub(crate) fn append(&mut self, other: &Self, keep: impl Fn(u32) -> bool) {
        let mut moved: Vec<Option<u32>> = Vec::with_capacity(other.lengths.len());
        for (row, length) in (0_u32..).zip(&other.lengths) {
            let to = keep(row).then(|| u32::try_from(self.lengths.len()).unwrap_or(u32::MAX));
            if to.is_some() {
                self.lengths.push(*length);
            }
            moved.push(to);
        }
        for (term, rows) in &other.postings {
            let kept = rows.iter().filter_map(|(row, count)| moved[*row as usize].map(|to| (to, *count)));
            let mut kept = kept.peekable();
            if kept.peek().is_some() {
                self.postings.entry(*term).or_default().extend(kept);
            }
        }
    }

    pub(crate) fn rows(&self, term: Term) -> &[(u32, u32)] {
        self.postings.get(&term).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn length(&self, row: u32) -> u32 {
        self.lengths.get(row as usize).copied().unwrap_or(0)
    }
}
