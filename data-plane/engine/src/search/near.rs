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
/// When it takes this many times as many, or a few more, every row is looked at after all.
const PATIENCE: usize = 4;
const PATIENCE_MIN: usize = 2_000;

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

    /// The rows of an index nearest to a probe, up to the order of codes; the caller orders them. `None` when looking at
    /// all passing rows is cheaper, or when the index did not find enough. `passing`: as [`View::passing`].
    pub(super) fn candidates(
        &self,
        index: &VectorIndex,
        probe: &Probe<'_>,
        passing: &[Bits],
        limit: usize,
    ) -> Option<Vec<Row>> {
        let matching: usize = passing.iter().map(|bits| bits.ones() as usize).sum();
        let width = index.width()?.max(limit * WIDTH_PER_HIT / 100);
        // The fewer rows pass, the more are looked at for one that does.
        let rows = index.graph().len();
        let expected = VISITS_PER_CANDIDATE.saturating_mul(width).saturating_mul(rows) / matching.max(1);
        if expected.saturating_mul(VISIT_COST) >= matching {
            return None;
        }
        let row = |label: u32| {
            let spot = index.spot(label);
            let at = self.parts.binary_search_by_key(&spot.part, |part| part.id).ok()?;
            passing.get(at)?.get(spot.row).then_some((at, spot.row))
        };
        let search = Search { width, visits: expected.saturating_mul(PATIENCE).saturating_add(PATIENCE_MIN) };
        let found = index.graph().search(probe.vector(), search, &mut |label| row(label).is_some());
        let near: Vec<Row> = found.near.iter().filter_map(|(label, _)| row(*label)).collect();
        (found.complete && near.len() >= limit).then_some(near)
    }
}
