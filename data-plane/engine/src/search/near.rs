//! Candidates from an index, or the decision to look at every row.

use std::sync::Arc;

use agentdb_data_plane_graph::Search;

use super::collect::Keep;
use super::distance::Probe;
use super::remote::Wanted;
use super::view::View;
use crate::filter::Filter;
use crate::image::{VectorIndex, live_rows};
use crate::memtable::{Bits, MemView};

/// Candidates for each hit wanted, in hundredths: the nearest by their codes are not quite the nearest.
const WIDTH_PER_HIT: usize = 150;
/// Passing rows for each hit wanted that end a filtered search, in hundredths: what lies farther than these is hardly
/// ever among the nearest.
const ENOUGH_PER_HIT: usize = 200;
/// About how many rows are looked at for each candidate, when all pass.
const VISITS_PER_CANDIDATE: usize = 16;
/// What looking at a row of an index costs, in passing rows that are looked at one after the other.
const VISIT_COST: usize = 3;
/// When it takes this many times as many, or a few more, the codes of all rows are looked at after all.
const PATIENCE: usize = 4;
const PATIENCE_MIN: usize = 2_000;
/// So many passing rows at least make it worth while to look at their codes before their vectors.
const WORTH_CODES: usize = 1_000;

/// What is done on the caller's thread, as moving it costs more: a walk over so many candidates at most, a look at so
/// many codes or vectors at most, a filter whose cost for all rows is so much at most, beside so many rows at most that
/// are in no index.
const QUICK_CANDIDATES: usize = 96;
const QUICK_PASSING: usize = 4_000;
const QUICK_FILTER: u64 = 400_000;
const QUICK_ROWS: usize = 256;

/// What is known of a ranking by vector before it is decided where the rest of it is done.
pub(super) struct Begun {
    /// As [`View::passing`].
    pub(super) passing: Vec<Bits>,
    /// Candidates, when an index gave them.
    pub(super) near: Option<Vec<Row>>,
    /// Whether what is left to do takes little.
    pub(super) quick: bool,
}

/// How an index's links are followed.
#[derive(Debug, Clone, Copy)]
struct Walk {
    search: Search,
    /// About how many rows are found on the way, whether they pass or not.
    candidates: usize,
}

/// A row of a part, by the part's place in the view.
pub(super) type Row = (usize, u32);

impl Wanted {
    /// Begins a ranking by an index's vectors alone, as far as that takes little.
    pub(super) fn begin(&self, view: &View) -> Option<Begun> {
        let few = |filter: &Filter| view.totals.rows.saturating_mul(filter.cost().into()) <= QUICK_FILTER;
        // What a text or metadata cost is as long as they are.
        let quick = |filter: &Filter| !filter.is_dear() && few(filter);
        if self.terms.is_some() || !self.filter.as_ref().is_none_or(quick) {
            return None;
        }
        let (probe, (index, limit)) = (self.probe(&view.schema)?, self.index(view)?);
        let outside = view.local_parts().iter().map(|part| index.count_outside(part)).sum::<usize>();
        if outside + view.mems.iter().map(MemView::len).sum::<usize>() > QUICK_ROWS {
            return None;
        }
        let passing = view.passing(self.filter.as_ref());
        let matching = matching(&passing);
        let walk = if matching < WORTH_CODES { None } else { view.walk(index, (limit, matching)) };
        let walk = walk.filter(|walk| walk.candidates <= QUICK_CANDIDATES);
        let near = walk.and_then(|walk| view.linked(index, &probe, &passing, (limit, walk), None));
        let quick = near.is_some() || matching <= QUICK_PASSING;
        Some(Begun { passing, near, quick })
    }

    /// The index that may give the candidates, and how many are wanted. Groups need every row to be looked at.
    pub(super) fn index<'a>(&self, view: &'a View) -> Option<(&'a Arc<VectorIndex>, usize)> {
        match self.keep {
            Keep::Best(limit) if !self.exact => Some((view.index_of(self.column)?, limit)),
            Keep::Best(_) | Keep::Leaders(..) | Keep::Members(..) => None,
        }
    }
}

impl View {
    /// The index to search a column with.
    pub(super) fn index_of(&self, column: usize) -> Option<&Arc<VectorIndex>> {
        self.indexes.iter().find(|index| index.is_usable_for(column))
    }

    /// The rows of an index that the nearest to a probe are to be chosen from. `None` when looking at the vectors of all
    /// passing rows is cheaper. `passing`: as [`View::passing`].
    pub(super) fn candidates(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        limit: usize,
    ) -> Option<Vec<Row>> {
        self.among(index, probe, passing, (limit, matching(passing)), None)
    }

    /// The same for a row that asks with its own vector, as if it were in no index: its links would lead to all that
    /// are near. `passing` is without it.
    pub(super) fn candidates_without(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        limit: usize,
        (part, row): Row,
    ) -> Option<Vec<Row>> {
        let mut own = Bits::default();
        own.set(row);
        let label = index.labels(&self.parts[part], &own).next();
        // It is counted, so that the others are searched as they are for a query: all of them pass.
        self.among(index, probe, passing, (limit, matching(passing) + 1), label)
    }

    /// Candidates of the `matching` rows that pass, `without` the row of a label.
    fn among(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        (limit, matching): (usize, usize),
        without: Option<u32>,
    ) -> Option<Vec<Row>> {
        if matching < WORTH_CODES {
            return None;
        }
        let walk = self.walk(index, (limit, matching));
        let near = walk.and_then(|walk| self.linked(index, probe, passing, (limit, walk), without));
        near.or_else(|| self.scanned(index, probe, passing, limit))
    }

    /// The nearest rows by the graph's links, but for the few that a graph does not find. `None` when looking at the codes
    /// of all passing rows is cheaper, or when the links did not lead to enough.
    fn linked(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        (limit, walk): (usize, Walk),
        without: Option<u32>,
    ) -> Option<Vec<Row>> {
        let row = |label| self.row(index, passing, label);
        let mut passes = |label| row(label).is_some();
        let found = match without {
            Some(without) => index.graph().search_without(without, probe.vector(), walk.search, &mut passes),
            None => index.graph().search(probe.vector(), walk.search, &mut passes),
        };
        let near: Vec<Row> = found.near.iter().filter_map(|(label, _)| row(*label)).collect();
        (found.complete && near.len() >= limit).then_some(near)
    }

    /// How to follow an index's links to so many of the `matching` rows that pass. `None` when looking at the codes of
    /// all of them is cheaper, or when no width of a search is enough.
    fn walk(&self, index: &VectorIndex, (limit, matching): (usize, usize)) -> Option<Walk> {
        let width = index.width()?.max(limit * WIDTH_PER_HIT / 100);
        let (rows, live) = (index.graph().len(), live_rows(&self.parts));
        // The fewer rows pass, the more are looked at for one that does.
        let among_all = |candidates: usize, of: usize| candidates.saturating_mul(rows) / of.max(1);
        let (width, enough, candidates) = if matching < live {
            // What was measured is how many live ones have to be found.
            let (width, enough) = (among_all(width, live).max(width), limit * ENOUGH_PER_HIT / 100);
            (width, enough, width.max(among_all(enough, matching)))
        } else {
            (width, width, among_all(width, matching))
        };
        let expected = candidates.saturating_mul(VISITS_PER_CANDIDATE);
        let visits = expected.saturating_mul(PATIENCE).saturating_add(PATIENCE_MIN);
        let walk = Walk { search: Search { width, enough, visits }, candidates };
        (expected.saturating_mul(VISIT_COST) < matching).then_some(walk)
    }

    /// The nearest rows and those that their codes do not tell from them. `None` when nobody waits any more.
    fn scanned(&self, index: &VectorIndex, probe: &Probe<'_>, passing: &[Bits], limit: usize) -> Option<Vec<Row>> {
        let parts = self.parts.iter().zip(passing);
        let mut labels = parts.flat_map(|(part, passing)| index.labels(part, passing));
        let labels = index.graph().scan(probe.vector(), limit, &mut labels, &|| self.abandoned.is())?;
        Some(labels.into_iter().filter_map(|label| self.row(index, passing, label)).collect())
    }

    /// The row of a label, if it passes.
    fn row(&self, index: &VectorIndex, passing: &[Bits], label: u32) -> Option<Row> {
        let spot = index.spot(label);
        let at = self.parts.binary_search_by_key(&spot.part, |part| part.id).ok()?;
        passing.get(at)?.get(spot.row).then_some((at, spot.row))
    }
}

/// How many rows pass.
fn matching(passing: &[Bits]) -> usize {
    passing.iter().map(|bits| bits.ones() as usize).sum()
}
