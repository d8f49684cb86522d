//! Candidates from an index, or the decision to look at every row.

use std::sync::Arc;

use agentdb_data_plane_graph::Search;

use super::collect::Keep;
use super::distance::Probe;
use super::remote::Wanted;
use super::view::View;
use crate::image::VectorIndex;
use crate::memtable::Bits;

/// Candidates for each hit wanted, in hundredths: the nearest by their codes are not quite the nearest.
const WIDTH_PER_HIT: usize = 150;
/// About how many rows are looked at for each candidate, when all pass.
const VISITS_PER_CANDIDATE: usize = 16;
/// What looking at a row of an index costs, in passing rows that are looked at one after the other.
const VISIT_COST: usize = 3;
/// When it takes this many times as many, or a few more, the codes of all rows are looked at after all.
const PATIENCE: usize = 4;
const PATIENCE_MIN: usize = 2_000;
/// So many passing rows at least make it worth while to look at their codes before their vectors.
const WORTH_CODES: usize = 1_000;

/// A row of a part, by the part's place in the view.
pub(super) type Row = (usize, u32);

impl Wanted {
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
        let matching: usize = passing.iter().map(|bits| bits.ones() as usize).sum();
        if matching < WORTH_CODES {
            return None;
        }
        self.linked(index, probe, passing, (limit, matching)).or_else(|| self.scanned(index, probe, passing, limit))
    }

    /// The nearest rows by the graph's links, but for the few that a graph does not find. `None` when looking at the codes
    /// of all passing rows is cheaper, or when the links did not lead to enough.
    fn linked(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        (limit, matching): (usize, usize),
    ) -> Option<Vec<Row>> {
        let width = index.width()?.max(limit * WIDTH_PER_HIT / 100);
        // The fewer rows pass, the more are looked at for one that does.
        let rows = index.graph().len();
        let expected = VISITS_PER_CANDIDATE.saturating_mul(width).saturating_mul(rows) / matching.max(1);
        if expected.saturating_mul(VISIT_COST) >= matching {
            return None;
        }
        let row = |label| self.row(index, passing, label);
        let search = Search { width, visits: expected.saturating_mul(PATIENCE).saturating_add(PATIENCE_MIN) };
        let found = index.graph().search(probe.vector(), search, &mut |label| row(label).is_some());
        let near: Vec<Row> = found.near.iter().filter_map(|(label, _)| row(*label)).collect();
        (found.complete && near.len() >= limit).then_some(near)
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
