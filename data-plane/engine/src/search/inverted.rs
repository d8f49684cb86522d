//! Which rows of a segment hold a term.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::text::{Term, Terms};
use crate::image::Part;
use crate::schema::Schema;

/// A term is a hash already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u64(&mut self, term: u64) {
        self.0 = term;
    }
}

/// Segments whose postings are built ahead at once, in the whole process: that is to take what time is left over.
static AHEAD: Semaphore = Semaphore::const_new(1);

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

/// Postings of one segment, built once.
#[derive(Debug, Default)]
pub(crate) struct Inverted {
    /// Rows, ascending, with the count of the term.
    postings: HashMap<Term, Vec<(u32, u32)>, BuildHasherDefault<AsIs>>,
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
