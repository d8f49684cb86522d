//! The two rankings over rows in memory, joined with what was streamed.

use std::sync::Arc;

use super::bm25::Bm25;
use super::collect::Kept;
use super::distance::Probe;
use super::near::Row;
use super::remote::{Texts, Wanted};
use super::text::Terms;
use super::topk::Candidate;
use super::view::{At, View};
use crate::filter::{RowView, ValueRef};
use crate::image::Part;
use crate::memtable::Bits;

/// The nearest rows; keys are distances. Candidates are those of an index, unless all rows are to be looked at, and the
/// rows that are in none. `passing`: as [`View::passing`]. `kept` has what was streamed; `found` are the candidates, when
/// they are known.
pub(super) fn by_vector(
    view: &View,
    wanted: &Wanted,
    probe: &Probe<'_>,
    passing: &[Bits],
    (mut kept, found): (Kept, Option<Vec<Row>>),
) -> Vec<Candidate<At>> {
    for row in view.passing_mems(wanted.filter.as_ref()) {
        let Some(vector) = row.row.vector(wanted.column) else { continue };
        let distance = probe.distance(vector, super::distance::norm(vector));
        if wanted.is_near(distance) {
            let attribute = |column| row.attribute(column);
            kept.offer(f64::from(distance), &row.row.id, attribute, || At::Mem(Arc::clone(row)));
        }
    }
    let mut offer = |part: &Part, row: u32| {
        let segment = &part.segment;
        let attribute = |column| segment.scalar(column, row);
        let Some((vector, norm)) = segment.vector(wanted.column, row) else { return };
        if !kept.may_keep(attribute) {
            return;
        }
        let distance = probe.distance(vector, norm);
        if wanted.is_near(distance) {
            kept.offer(f64::from(distance), segment.id(row), attribute, || At::Segment(Arc::clone(segment), row));
        }
    };
    let near = wanted
        .index(view)
        .and_then(|(index, limit)| Some((index, found.or_else(|| view.candidates(index, probe, passing, limit))?)));
    for (part, passing) in view.local_parts().iter().zip(passing) {
        match &near {
            Some((index, _)) => {
                index.outside(part).filter(|row| passing.get(*row)).for_each(|row| offer(part, row));
            }
            None => passing.iter().take_while(|_| !view.abandoned.is()).for_each(|row| offer(part, row)),
        }
    }
    for (part, row) in near.iter().flat_map(|(_, rows)| rows) {
        offer(&view.parts[*part], *row);
    }
    kept.into_sorted()
}

/// The best texts; keys are negated BM25 scores. `passing`: as [`View::passing`], when it is known.
pub(super) fn by_text(
    view: &View,
    wanted: &Wanted,
    query: &Terms,
    passing: Option<&[Bits]>,
    mut streamed: Texts,
) -> Vec<Candidate<At>> {
    let filter = wanted.filter.as_ref();
    let bm25 = Bm25::new(query, &frequencies(view, query, &streamed.frequencies), view.totals);
    let mut kept = streamed.kept.take().unwrap_or_else(|| Kept::new(&wanted.keep));
    for row in view.mems.iter().flat_map(crate::memtable::MemView::rows).take_while(|_| !view.abandoned.is()) {
        let score = row.terms.as_ref().and_then(|terms| bm25.score(terms));
        if let Some(score) = score.filter(|_| filter.is_none_or(|filter| filter.passes(row.as_ref()))) {
            kept.offer(-score, &row.row.id, |column| row.attribute(column), || At::Mem(row.clone()));
        }
    }
    for (at, part) in view.local_parts().iter().enumerate() {
        let (segment, (scores, holding)) = (&part.segment, scores(view, part, query, &bm25));
        // Only rows that hold a term are asked whether they pass.
        let found = match passing.map(|passing| &passing[at]) {
            Some(passing) => holding.and(passing),
            None => view.select(filter, segment, holding),
        };
        for row in found.iter().take_while(|_| !view.abandoned.is()) {
            let (score, attribute) = (scores[row as usize], |column| segment.scalar(column, row));
            kept.offer(-score, segment.id(row), attribute, || At::Segment(Arc::clone(segment), row));
        }
    }
    for text in &streamed.passing {
        let mut score = 0.0;
        for (i, count) in &text.counts {
            score += bm25.part(*i, *count, text.length);
        }
        kept.offer(-score, &text.id, |_| text.group.as_ref().map(ValueRef::from), || At::Remote(text.position));
    }
    kept.into_sorted()
}

/// The scores of a part's rows, and which live rows hold a term of the query: those that have a score.
fn scores(view: &View, part: &Part, query: &Terms, bm25: &Bm25) -> (Vec<f64>, Bits) {
    let inverted = part.segment.inverted(&view.schema);
    let mut scores = vec![0.0; part.segment.len() as usize];
    let mut holding = Bits::default();
    for (i, (term, _)) in query.counts.iter().enumerate().take_while(|_| !view.abandoned.is()) {
        for (row, count) in inverted.rows(*term).iter().filter(|(row, _)| !part.dead.get(*row)) {
            scores[*row as usize] += bm25.part(i, *count, inverted.length(*row));
            holding.set(*row);
        }
    }
    (scores, holding)
}

/// In how many live rows each of the query's terms occurs.
pub(super) fn frequencies(view: &View, query: &Terms, streamed: &[u64]) -> Vec<u64> {
    let mut counts = vec![0_u64; query.counts.len()];
    let fresh = view.mems.iter().flat_map(crate::memtable::MemView::rows).filter_map(|row| row.terms.as_ref());
    for terms in fresh.take_while(|_| !view.abandoned.is()) {
        terms.counts_of(&query.counts).for_each(|(at, _)| counts[at] += 1);
    }
    for part in view.local_parts() {
        let inverted = part.segment.inverted(&view.schema);
        let terms = counts.iter_mut().zip(&query.counts).take_while(|_| !view.abandoned.is());
        for (count, (term, _)) in terms {
            *count += inverted.rows(*term).iter().filter(|(row, _)| !part.dead.get(*row)).count() as u64;
        }
    }
    counts.iter_mut().zip(streamed).for_each(|(count, streamed)| *count += streamed);
    counts
}
