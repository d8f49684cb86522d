//! BM25 with statistics over all live rows of a collection.
//!
//! `idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average))` summed over the query's distinct terms in
//! their order, with `idf = ln(1 + (N - n + 0.5) / (n + 0.5))`: Robertson and Zaragoza 2009, in Lucene's
//! form that is never negative. All sums are in f64 and in one order, so a row has one score wherever it is.

use super::text::{Term, Terms};
use crate::catalog::Totals;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// A query's terms with their weight.
pub(crate) struct Bm25 {
    terms: Vec<(Term, f64)>,
    average: f64,
}

impl Bm25 {
    /// `frequencies[i]` is in how many live rows the query's `i`th term occurs.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn new(query: &Terms, frequencies: &[u64], totals: Totals) -> Self {
        let documents = totals.documents as f64;
        let average = if totals.documents == 0 { 1.0 } else { (totals.tokens as f64 / documents).max(1.0) };
        let weigh = |n: u64| (1.0 + (documents - n as f64 + 0.5).max(0.0) / (n as f64 + 0.5)).ln();
        let terms = query.counts.iter().zip(frequencies).map(|((term, _), n)| (*term, weigh(*n))).collect();
        Self { terms, average }
    }

    /// What the `i`th term adds to a row in which it occurs `count` times.
    pub(crate) fn part(&self, i: usize, count: u32, length: u32) -> f64 {
        let count = f64::from(count);
        let norm = K1 * (1.0 - B + B * f64::from(length) / self.average);
        self.terms[i].1 * count * (K1 + 1.0) / (count + norm)
    }

    /// The score of a text, or `None` when no term occurs in it.
    pub(crate) fn score(&self, terms: &Terms) -> Option<f64> {
        let mut sum = None;
        for (i, count) in terms.counts_of(&self.terms) {
            *sum.get_or_insert(0.0) += self.part(i, count, terms.length);
        }
        sum
    }
}
