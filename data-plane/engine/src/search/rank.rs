//! The two rankings over rows in memory, joined with what was streamed.

use super::bm25::Bm25;
use super::distance::Probe;
use super::remote::Streamed;
use super::text::Terms;
use super::topk::{Candidate, TopK};
use super::view::{At, Local, View, passes};
use crate::filter::Filter;

/// The nearest rows; keys are distances.
pub(super) fn by_vector(
    view: &View,
    (column, probe): (usize, &Probe<'_>),
    filter: Option<&Filter>,
    limit: usize,
    streamed: Option<&Streamed>,
) -> Vec<Candidate<At>> {
    let mut top = TopK::new(limit);
    view.each_local(|row, local| {
        let distance = match local {
            Local::Mem(mem) => mem.row.vector(column).map(|v| (v, super::distance::norm(v))),
            Local::Segment(segment, at) => segment.vector(column, at),
        };
        let Some((vector, norm)) = distance else { return };
        if passes(filter, row) {
            top.offer(f64::from(probe.distance(vector, norm)), row.id(), || local.at());
        }
    });
    for near in streamed.iter().flat_map(|s| &s.near) {
        top.offer(near.key, &near.id, || near.at.clone());
    }
    top.into_sorted()
}

/// The best texts; keys are negated BM25 scores.
pub(super) fn by_text(
    view: &View,
    query: &Terms,
    filter: Option<&Filter>,
    limit: usize,
    streamed: Option<&Streamed>,
) -> Vec<Candidate<At>> {
    let bm25 = Bm25::new(query, &frequencies(view, query, streamed), view.totals);
    let mut top = TopK::new(limit);
    for row in view.mems.iter().flat_map(crate::memtable::MemView::rows).take_while(|_| !view.abandoned.is()) {
        let score = row.terms.as_ref().and_then(|terms| bm25.score(terms));
        if let Some(score) = score.filter(|_| passes(filter, row.as_ref())) {
            top.offer(-score, &row.row.id, || At::Mem(row.clone()));
        }
    }
    if view.remote.is_none() {
        for part in &view.parts {
            let inverted = part.segment.inverted(&view.schema);
            let mut scores: Vec<Option<f64>> = vec![None; part.segment.len() as usize];
            for (i, (term, _)) in query.counts.iter().enumerate() {
                for (row, count) in inverted.rows(*term) {
                    *scores[*row as usize].get_or_insert(0.0) += bm25.part(i, *count, inverted.length(*row));
                }
            }
            for (row, score) in (0_u32..).zip(scores).take_while(|_| !view.abandoned.is()) {
                let Some(score) = score.filter(|_| !part.dead.get(row)) else { continue };
                if passes(filter, &part.segment.view(row)) {
                    top.offer(-score, part.segment.id(row), || At::Segment(part.segment.clone(), row));
                }
            }
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

/// In how many live rows each of the query's terms occurs.
fn frequencies(view: &View, query: &Terms, streamed: Option<&Streamed>) -> Vec<u64> {
    let mut counts = vec![0_u64; query.counts.len()];
    for terms in view.mems.iter().flat_map(crate::memtable::MemView::rows).filter_map(|row| row.terms.as_ref()) {
        for (count, (term, _)) in counts.iter_mut().zip(&query.counts) {
            *count += u64::from(terms.count(*term) > 0);
        }
    }
    if view.remote.is_none() {
        for part in &view.parts {
            let inverted = part.segment.inverted(&view.schema);
            for (count, (term, _)) in counts.iter_mut().zip(&query.counts) {
                *count += inverted.rows(*term).iter().filter(|(row, _)| !part.dead.get(*row)).count() as u64;
            }
        }
    }
    for text in streamed.iter().flat_map(|s| &s.texts) {
        text.counts.iter().for_each(|(i, _)| counts[*i] += 1);
    }
    counts
}
