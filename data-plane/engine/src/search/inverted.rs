//! Which rows of a segment hold a term.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::text::{Term, Terms};
use crate::image::Part;
use crate::schema::Schema;

/// Segments whose postings are built ahead at once, in the whole process: that is to take what time is left over.
static AHEAD: Semaphore = Semaphore::const_new(1);

/// Entries that are gathered before they are sorted in.
const GATHERED: usize = 1 << 22;

/// Builds the postings of segments that have a text column behind the caller's back, one segment after the other. A
/// query that comes before builds those that it needs, or waits for the one that is being built.
pub(crate) fn build_ahead(schema: &Arc<Schema>, parts: &[Part]) {
    let open: Vec<_> = parts.iter().map(|part| &part.segment).filter(|s| s.built_inverted().is_none()).collect();
    // A segment that is gone meanwhile is not kept for this.
    let open: Vec<_> = open.into_iter().map(Arc::downgrade).collect();
    if schema.text.is_none() || open.is_empty() {
        return;
    }
    let schema = Arc::clone(schema);
    tokio::spawn(async move {
        for segment in open {
            let Ok(turn) = AHEAD.acquire().await else { return };
            let schema = Arc::clone(&schema);
            let build = move || segment.upgrade().map(|segment| segment.inverted(&schema).length(0));
            // Should it panic, the query that needs the postings says so.
            let _ = tokio::task::spawn_blocking(build).await;
            drop(turn);
        }
    });
}

/// Postings of one segment, built once. They lie in a few arrays, so that a term of one row alone takes little.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inverted {
    /// Distinct terms, ascending.
    terms: Vec<Term>,
    /// Where the rows of each term end among `rows`.
    ends: Vec<usize>,
    /// Rows with the count of the term: by term, then ascending.
    rows: Vec<(u32, u32)>,
    /// Terms of each row's text.
    lengths: Vec<u32>,
}

impl Inverted {
    /// The rows that hold a term, ascending, with its count in each.
    pub(crate) fn rows(&self, term: Term) -> &[(u32, u32)] {
        self.terms.binary_search(&term).map_or(&[], |at| self.rows_at(at))
    }

    fn rows_at(&self, at: usize) -> &[(u32, u32)] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[from..self.ends[at]]
    }

    pub(crate) fn length(&self, row: u32) -> u32 {
        self.lengths.get(row as usize).copied().unwrap_or(0)
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.terms) + size_of_val(&*self.ends) + size_of_val(&*self.rows) + size_of_val(&*self.lengths)
    }

    fn push(&mut self, term: Term, rows: impl IntoIterator<Item = (u32, u32)>) {
        self.rows.extend(rows);
        if self.terms.last() == Some(&term) {
            self.ends.pop();
        } else {
            self.terms.push(term);
        }
        self.ends.push(self.rows.len());
    }
}

/// Postings that are being made.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    done: Inverted,
    /// Terms with a row and their count there. The rows of one term ascend.
    gathered: Vec<(Term, u32, u32)>,
}

impl Postings {
    /// Appends a row.
    pub(crate) fn push(&mut self, terms: Option<&Terms>) {
        let row = self.next();
        self.done.lengths.push(terms.map_or(0, |t| t.length));
        self.gathered.extend(terms.iter().flat_map(|t| t.counts.iter()).map(|(term, count)| (*term, row, *count)));
        self.settle_if_many();
    }

    /// Appends the rows of `other` for which `keep` says so, in their order.
    pub(crate) fn append(&mut self, other: &Inverted, keep: impl Fn(u32) -> bool) {
        let mut moved: Vec<Option<u32>> = Vec::with_capacity(other.lengths.len());
        for (row, length) in (0_u32..).zip(&other.lengths) {
            let to = keep(row).then(|| self.next());
            if to.is_some() {
                self.done.lengths.push(*length);
            }
            moved.push(to);
        }
        for (at, term) in other.terms.iter().enumerate() {
            let kept = other.rows_at(at).iter().filter_map(|(row, count)| Some((*term, moved[*row as usize]?, *count)));
            self.gathered.extend(kept);
            self.settle_if_many();
        }
    }

    pub(crate) fn finish(mut self) -> Inverted {
        self.settle();
        self.done
    }

    fn next(&self) -> u32 {
        u32::try_from(self.done.lengths.len()).unwrap_or(u32::MAX)
    }

    fn settle_if_many(&mut self) {
        if self.gathered.len() >= GATHERED {
            self.settle();
        }
    }

    /// Sorts in what was gathered.
    fn settle(&mut self) {
        let mut gathered = std::mem::take(&mut self.gathered);
        if gathered.is_empty() {
            return;
        }
        // Stable: the rows of a term are in order.
        gathered.sort_by_key(|(term, ..)| *term);
        let old = std::mem::take(&mut self.done);
        let fresh = gathered.chunk_by(|a, b| a.0 == b.0).count();
        let terms = old.terms.len() + fresh;
        self.done = Inverted {
            terms: Vec::with_capacity(terms),
            ends: Vec::with_capacity(terms),
            rows: Vec::with_capacity(old.rows.len() + gathered.len()),
            lengths: old.lengths,
        };
        let mut at = 0;
        for run in gathered.chunk_by(|a, b| a.0 == b.0) {
            let term = run[0].0;
            while at < old.terms.len() && old.terms[at] <= term {
                let from = at.checked_sub(1).map_or(0, |before| old.ends[before]);
                self.done.push(old.terms[at], old.rows[from..old.ends[at]].iter().copied());
                at += 1;
            }
            self.done.push(term, run.iter().map(|(_, row, count)| (*row, *count)));
        }
        for at in at..old.terms.len() {
            let from = at.checked_sub(1).map_or(0, |before| old.ends[before]);
            self.done.push(old.terms[at], old.rows[from..old.ends[at]].iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Language;
    use crate::search::text::analyze;

    fn of(texts: &[&str], settle_after: usize) -> Inverted {
        let mut postings = Postings::default();
        for (n, text) in texts.iter().enumerate() {
            postings.push(Some(text).filter(|text| !text.is_empty()).map(|t| analyze(t, Language::English)).as_ref());
            if n % settle_after == 0 {
                postings.settle();
            }
        }
        postings.finish()
    }

    #[test]
    fn postings_are_the_same_however_they_are_made() {
        let texts = ["a lock on a table", "", "an index", "a table and its index", "lock lock", "nothing of it"];
        let whole = of(&texts, 100);
        assert_eq!(whole, of(&texts, 1));
        assert_eq!(whole, of(&texts, 2));
        let term = |word: &str| analyze(word, Language::English).counts[0].0;
        assert_eq!(whole.rows(term("lock")), [(0, 1), (4, 2)]);
        assert_eq!(whole.rows(term("index")), [(2, 1), (3, 1)]);
        assert!(whole.rows(term("absent")).is_empty());
        assert_eq!((whole.length(1), whole.length(4), whole.length(6)), (0, 2, 0));

        let mut joined = Postings::default();
        joined.append(&of(&texts[..3], 100), |row| row != 1);
        joined.append(&of(&texts[3..5], 100), |_| true);
        joined.settle();
        joined.push(Some(&analyze(texts[5], Language::English)));
        let kept: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
        assert_eq!(joined.finish(), of(&kept, 100));
    }

    #[test]
    fn words_that_occur_once_take_little() {
        let texts: Vec<String> = (0..100).map(|n| (0..100).map(|i| format!("w{} ", n * 100 + i)).collect()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let inverted = of(&texts, 1_000);
        assert_eq!(inverted.terms.len(), 10_000);
        assert!(inverted.memory() <= 10_000 * 24 + 100 * 4, "{}", inverted.memory());
        assert_eq!(inverted.rows.capacity(), inverted.rows.len());
    }
}
