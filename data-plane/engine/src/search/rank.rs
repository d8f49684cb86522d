//! The two rankings over rows in memory, joined with what was streamed.

use std::sync::Arc;

use super::bm25::Bm25;
use super::distance::Probe;
use super::remote::Streamed;
use super::text::Terms;
use super::topk::{Candidate, TopK};
use super::view::{At, View};
use crate::filter::Filter;
use crate::image::Part;
use crate::memtable::Bits;

/// The nearest rows; keys are distances. `passing`: as [`View::passing`].
pub(super) fn by_vector(
    view: &View,
    (column, probe): (usize, &Probe<'_>),
    (filter, passing): (Option<&Filter>, &[Bits]),
    limit: usize,
    streamed: Option<&Streamed>,
) -> Vec<Candidate<At>> {
    let mut top = TopK::new(limit);
    for row in view.passing_mems(filter) {
        let Some(vector) = row.row.vector(column) else { continue };
        let distance = probe.distance(vector, super::distance::norm(vector));
        top.offer(f64::from(distance), &row.row.id, || At::Mem(Arc::clone(row)));
    }
    for (part, passing) in view.local_parts().iter().zip(passing) {
        for row in passing.iter().take_while(|_| !view.abandoned.is()) {
            let Some((vector, norm)) = part.segment.vector(column, row) else { continue };
            let distance = f64::from(probe.distance(vector, norm));
            top.offer(distance, part.segment.id(row), || At::Segment(Arc::clone(&part.segment), row));
        }
    }
    for near in streamed.iter().flat_map(|s| &s.near) {
        top.offer(near.key, &near.id, || near.at.clone());
    }
    top.into_sorted()
}

/// The best texts; keys are negated BM25 scores. `passing`: as [`View::passing`], when it is known.
pub(super) fn by_text(
    view: &View,
    query: &Terms,
    (filter, passing): (Option<&Filter>, Option<&[Bits]>),
    limit: usize,
    streamed: Option<&Streamed>,
) -> Vec<Candidate<At>> {
    let bm25 = Bm25::new(query, &frequencies(view, query, streamed), view.totals);
    let mut top = TopK::new(limit);
    for row in view.mems.iter().flat_map(crate::memtable::MemView::rows).take_while(|_| !view.abandoned.is()) {
        let score = row.terms.as_ref().and_then(|terms| bm25.score(terms));
        if let Some(score) = score.filter(|_| filter.is_none_or(|filter| filter.passes(row.as_ref()))) {
            top.offer(-score, &row.row.id, || At::Mem(row.clone()));
        }
    }
    for (at, part) in view.local_parts().iter().enumerate() {
        let (scores, holding) = scores(view, part, query, &bm25);
        // Only rows that hold a term are asked whether they pass.
        let found = match passing.map(|passing| &passing[at]) {
            Some(passing) => holding.and(passing),
            None => view.select(filter, &part.segment, holding),
        };
        for row in found.iter().take_while(|_| !view.abandoned.is()) {
            let score = scores[row as usize];
            top.offer(-score, part.segment.id(row), || At::Segment(part.segment.clone(), row));
        }
    }
    for text in streamed.iter().flat_map(|s| &s.texts).filter(|t| t.passes) {
        let mut score = 0.0;
        for (i, count) in &text.counts {
            score += bm25.part(*i, *count, text.length);
        }
        top.offer(-score, &text.id, || At::Remote(text.position));
    }
    top.into_sorted()
}

/// The scores of a part's rows, and which live rows hold a term of the query: those that have a score.
fn scores(view: &View, part: &Part, query: &Terms, bm25: &Bm25) -> (Vec<f64>, Bits) {
    let inverted = part.segment.inverted(&view.schema);
    let mut scores = vec![0.0; part.segment.len() as usize];
    let mut holding = Bits::default();
    for (i, (term, _)) in query.counts.iter().enumerate() {
        for (row, count) in inverted.rows(*term).iter().filter(|(row, _)| !part.dead.get(*row)) {
            scores[*row as usize] += bm25.part(i, *count, inverted.length(*row));
            holding.set(*row);
        }
    }
    (scores, holding)
}

/// In how many live rows each of the query's terms occurs.
fn frequencies(view: &View, query: &Terms, streamed: Option<&Streamed>) -> Vec<u64> {
    let mut counts = vec![0_u64; query.counts.len()];
    for terms in view.mems.iter().flat_map(crate::memtable::MemView::rows).filter_map(|row| row.terms.as_ref()) {
        for (count, (term, _)) in counts.iter_mut().zip(&query.counts) {
            *count += u64::from(terms.count(*term) > 0);
        }
    }
    for part in view.local_parts() {
        let inverted = part.segment.inverted(&view.schema);
        for (count, (term, _)) in counts.iter_mut().zip(&query.counts) {
            *count += inverted.rows(*term).iter().filter(|(row, _)| !part.dead.get(*row)).count() as u64;
        }
    }
    for text in streamed.iter().flat_map(|s| &s.texts) {
        text.counts.iter().for_each(|(i, _)| counts[*i] += 1);
    }
    counts
}
