//! The nearest rows of a table that is not in memory, by its vector index.
//!
//! The index proposes candidates; their vectors are read and measured by the same function as all others, so distances
//! are the same to the last bit wherever a row is. Rows that newer writes shadow, and rows that do not pass the filter,
//! are taken out before the best are cut off: the filter is evaluated by our own evaluator over the columns it reads,
//! and when few rows pass each of them is measured.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use futures::TryStreamExt;
use lance::Dataset;
use lance::dataset::scanner::{RowAddrMask, RowAddrTreeMap};
use lance_table::format::Fragment;

use super::collect::{Keep, Kept};
use super::query::Include;
use super::remote::{Streamed, Texts, Wanted, filter_columns, include_columns};
use super::room::Room;
use super::run::off_thread;
use super::topk::{Candidate, TopK};
use super::view::{At, SearchError, View};
use crate::filter::Filter;
use crate::image::Segment;
use crate::memtable::{Bits, Touched};
use crate::schema::{Metric, VectorSpec};
use crate::table::{ID, Nearest, TableError, arrow_schema, partitions};

/// Lance's name for a row's place in a table.
const ROW: &str = "_rowid";
/// Candidates measured for each row wanted, and at least.
const PER_ROW: usize = 3;
const MIN_CANDIDATES: usize = 40;
/// How many more rows are looked at when too many candidates turn out to be shadowed.
const WIDER: usize = 8;
/// Parts of the index that a query looks into: one in so many, at least, and with a filter. All when these hold too few
/// rows.
const ONE_IN: u64 = 10;
const MIN_PROBES: usize = 20;
const FILTERED: usize = 2;
/// Bytes of vectors that are read when every row that passes a filter is measured.
const MEASURE_ALL_BYTES: usize = 4 << 20;
/// Bytes of whole candidates below which they are read with their vectors.
const WHOLE_BYTES: u64 = 1 << 20;
/// Records read at once.
const AT_ONCE: usize = 64;

/// A folded table beside newer writes.
#[derive(Debug, Clone)]
pub(crate) struct ColdTable {
    pub(crate) dataset: Arc<Dataset>,
    /// The ids that newer writes shadow.
    pub(crate) touched: Vec<Touched>,
    /// The columns that an answer carries.
    pub(crate) include: Include,
    /// For the answer.
    pub(crate) room: Room,
}

/// Candidates as they were read.
#[derive(Debug)]
struct ColdRows {
    segment: Arc<Segment>,
    rows: Vec<u64>,
    /// Whether the columns that the answer carries are there.
    whole: bool,
}

impl ColdTable {
    fn is_shadowed(&self, id: &str) -> bool {
        self.touched.iter().any(|touched| touched.contains(id))
    }

    fn shadows(&self) -> usize {
        self.touched.iter().map(Touched::len).sum()
    }
}

/// The nearest live rows of the table that pass the filter.
pub(super) async fn near(view: &Arc<View>, cold: &ColdTable, wanted: &Arc<Wanted>) -> Result<Streamed, SearchError> {
    let (name, spec) = column(view, wanted)?;
    let passing = match &wanted.filter {
        Some(filter) => Some(passing(view, cold, filter).await?),
        None => None,
    };
    let found = match passing {
        Some(rows) if rows.len() * spec.dimension as usize * size_of::<f32>() <= MEASURE_ALL_BYTES => {
            vec![take(view, cold, &rows, &columns(view, name, None)).await?]
        }
        passing => {
            let index = Nearest::open(&cold.dataset, name).await?;
            let index = index.ok_or_else(|| TableError::Damaged("the vector index is missing".to_owned()))?;
            let uncovered = index.uncovered();
            let (covered, outside) = match passing {
                Some(rows) => {
                    let fragments: HashSet<u64> = uncovered.iter().map(|fragment| fragment.id).collect();
                    let split = off_thread(false, move || split(rows, &fragments)).await?;
                    (Some(split.0), Some(Arc::new(split.1)))
                }
                None => (None, None),
            };
            let proposed = proposed(view, cold, wanted, &index, covered);
            let (proposed, mut rest) = futures::try_join!(proposed, each_of(view, cold, wanted, uncovered, outside))?;
            rest.push(proposed);
            rest
        }
    };
    measure(view, cold, wanted, found).await
}

/// Rows that an index may propose.
struct Covered {
    rows: usize,
    mask: RowAddrMask,
}

/// Passing rows that the index covers, and those of fragments that it does not: these it can not propose, wherever one
/// looks.
fn split(rows: Vec<u64>, uncovered: &HashSet<u64>) -> (Covered, HashSet<u64>) {
    let (outside, covered): (Vec<u64>, Vec<u64>) = rows.into_iter().partition(|row| uncovered.contains(&(row >> 32)));
    let rows = covered.len();
    let mask = RowAddrMask::from_allowed(RowAddrTreeMap::from_iter(covered));
    (Covered { rows, mask }, outside.into_iter().collect())
}

fn column<'a>(view: &'a View, wanted: &Wanted) -> Result<(&'a str, VectorSpec), TableError> {
    let found = view.schema.vectors.iter().nth(wanted.column);
    let found = found.map(|(name, spec)| (name.as_str(), *spec));
    found.ok_or_else(|| TableError::Damaged("no such vector column".to_owned()))
}

/// The rows that pass the filter and are not shadowed.
async fn passing(view: &Arc<View>, cold: &ColdTable, filter: &Filter) -> Result<Vec<u64>, SearchError> {
    let mut columns = filter_columns(&view.schema, Some(filter));
    columns.push(ID.to_owned());
    let mut scanner = cold.dataset.scan();
    scanner.project(&columns).map_err(TableError::from)?.with_row_id();
    let mut batches = scanner.try_into_stream().await.map_err(TableError::from)?;
    let mut rows = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(TableError::from)? {
        let (view, cold, filter) = (Arc::clone(view), cold.clone(), filter.clone());
        let work = move || {
            let ids = row_ids(&batch)?;
            let segment = Segment::new(&view.schema, batch, None)?;
            let mut shadowed = Bits::default();
            (0..segment.len()).filter(|row| cold.is_shadowed(segment.id(*row))).for_each(|row| shadowed.set(row));
            let passing = view.select(Some(&filter), &segment, Bits::all_but(segment.len(), &shadowed));
            Ok::<Vec<u64>, TableError>(passing.iter().map(|row| ids[row as usize]).collect())
        };
        rows.extend(tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))??);
    }
    Ok(rows)
}

/// What the index proposes: enough rows that are not shadowed and, if `passing` is given, are among those. When the
/// nearest parts hold fewer than are wanted, all are looked into: rows that pass may all be far away.
async fn proposed(
    view: &Arc<View>,
    cold: &ColdTable,
    wanted: &Wanted,
    index: &Nearest,
    passing: Option<Covered>,
) -> Result<ColdRows, SearchError> {
    let (name, spec) = column(view, wanted)?;
    let near = (wanted.vector.as_deref().unwrap_or_default(), spec.metric);
    let (some, all) = (probes(view.totals.rows), all_parts());
    let enough = (limit(wanted) * PER_ROW).max(MIN_CANDIDATES);
    let read = columns(view, name, Some((cold.include, enough)));
    if let Some(Covered { rows: passing, mask }) = passing {
        let least = limit(wanted).min(passing);
        let mut rows = index.propose(near, (enough, some * FILTERED), Some(mask.clone())).await?;
        if rows.len() < least {
            rows = index.propose(near, (enough, all), Some(mask)).await?;
        }
        return take(view, cold, &rows, &read).await;
    }
    // Of the rows counted here some may be in memtables; to look for more than there are does no harm.
    let least = limit(wanted).min(usize::try_from(view.totals.rows).unwrap_or(usize::MAX));
    let rows = index.propose(near, (enough, some), None).await?;
    let found = take(view, cold, &rows, &read).await?;
    let live = rows.len() - shadowed(cold, &found).len();
    if live >= least && (live == rows.len() || rows.len() < enough) {
        return Ok(found);
    }
    let mut rows = past_shadowed(view, cold, index, near, (enough, some * FILTERED)).await?;
    if rows.len() < least {
        rows = past_shadowed(view, cold, index, near, (enough, all)).await?;
    }
    take(view, cold, &rows, &read).await
}

/// What the index proposes of `probes` parts past the rows that are shadowed: it is looked further, at ids alone, until
/// those that stand in the way are all known.
async fn past_shadowed(
    view: &View,
    cold: &ColdTable,
    index: &Nearest,
    near: (&[f32], Metric),
    (enough, probes): (usize, usize),
) -> Result<Vec<u64>, SearchError> {
    let most = enough + cold.shadows();
    let mut look = enough;
    let blocked = loop {
        look = look.saturating_mul(WIDER).min(most);
        let rows = index.propose(near, (look, probes), None).await?;
        let ids = take(view, cold, &rows, &(Vec::new(), false)).await?;
        let shadowed = shadowed(cold, &ids);
        if look == most || rows.len() < look || rows.len() - shadowed.len() >= enough {
            break shadowed;
        }
    };
    let mask = RowAddrMask::from_block(RowAddrTreeMap::from_iter(blocked));
    Ok(index.propose(near, (enough, probes), Some(mask)).await?)
}

fn shadowed(cold: &ColdTable, found: &ColdRows) -> Vec<u64> {
    let rows = (0_u32..).zip(&found.rows);
    rows.filter(|(row, _)| cold.is_shadowed(found.segment.id(*row))).map(|(_, at)| *at).collect()
}

/// The nearest rows of fragments that the index does not cover, among those that pass. However many there are, little
/// more than as many as are wanted is held.
async fn each_of(
    view: &Arc<View>,
    cold: &ColdTable,
    wanted: &Arc<Wanted>,
    fragments: Vec<Fragment>,
    passing: Option<Arc<HashSet<u64>>>,
) -> Result<Vec<ColdRows>, SearchError> {
    let (mut found, mut nearest) = (Vec::new(), Vec::new());
    if fragments.is_empty() {
        return Ok(found);
    }
    let (name, _) = column(view, wanted)?;
    let mut scanner = cold.dataset.scan();
    scanner.with_fragments(fragments).project(&[ID, name]).map_err(TableError::from)?.with_row_id();
    let mut batches = scanner.try_into_stream().await.map_err(TableError::from)?;
    while let Some(batch) = batches.try_next().await.map_err(TableError::from)? {
        let (view, cold, wanted) = (Arc::clone(view), cold.clone(), Arc::clone(wanted));
        let passing = passing.clone();
        let work = move || {
            let all = cold_rows(&view, batch)?;
            let passes = |place: &Place| passing.as_ref().is_none_or(|p| p.contains(&all.rows[place.1 as usize]));
            let mut best = best(&view, &cold, &wanted, std::slice::from_ref(&all), passes);
            nearest.extend(best.iter().map(|candidate| candidate.key));
            nearest.sort_unstable_by(f64::total_cmp);
            nearest.truncate(limit(&wanted));
            best.retain(|candidate| nearest.last().is_some_and(|worst| candidate.key <= *worst));
            let mut kept = vec![false; all.rows.len()];
            best.iter().for_each(|candidate| kept[candidate.at.1 as usize] = true);
            let batch =
                filter_record_batch(all.segment.batch(), &BooleanArray::from(kept)).map_err(TableError::from)?;
            Ok::<_, TableError>((cold_rows(&view, batch)?, nearest))
        };
        let (rows, all) = tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))??;
        nearest = all;
        found.push(rows);
    }
    Ok(found)
}

/// Rows of a batch with ids, vectors and places.
fn cold_rows(view: &View, batch: RecordBatch) -> Result<ColdRows, TableError> {
    let rows = row_ids(&batch)?;
    Ok(ColdRows { segment: Arc::new(Segment::new(&view.schema, batch, None)?), rows, whole: false })
}

fn probes(rows: u64) -> usize {
    usize::try_from(partitions(rows) / ONE_IN).unwrap_or(usize::MAX).max(MIN_PROBES)
}

/// As many parts as an index may have.
fn all_parts() -> usize {
    usize::try_from(partitions(u64::MAX)).unwrap_or(usize::MAX)
}

/// What is read of candidates beside their ids: the vector, and all that the answer carries if that is little.
fn columns(view: &View, vector: &str, include: Option<(Include, usize)>) -> (Vec<String>, bool) {
    let bytes = view.totals.bytes / view.totals.rows.max(1);
    let include = include.filter(|(_, rows)| bytes * *rows as u64 <= WHOLE_BYTES);
    let mut columns = vec![vector.to_owned()];
    columns.extend(include.iter().flat_map(|(include, _)| include_columns(&view.schema, *include)));
    columns.sort_unstable();
    columns.dedup();
    (columns, include.is_some())
}

fn row_ids(batch: &RecordBatch) -> Result<Vec<u64>, TableError> {
    let rows = batch.column_by_name(ROW).and_then(|c| c.as_primitive_opt::<UInt64Type>());
    rows.map(|rows| rows.values().to_vec()).ok_or_else(|| TableError::Damaged("no row ids".to_owned()))
}

/// Rows by their places, with `columns` beside the id.
async fn take(
    view: &View,
    cold: &ColdTable,
    rows: &[u64],
    (columns, whole): &(Vec<String>, bool),
) -> Result<ColdRows, SearchError> {
    if rows.is_empty() {
        let nothing = RecordBatch::new_empty(Arc::new(arrow_schema(&view.schema)));
        let segment = Arc::new(Segment::new(&view.schema, nothing, None)?);
        return Ok(ColdRows { segment, rows: Vec::new(), whole: *whole });
    }
    let columns: Vec<&str> = std::iter::once(ID).chain(columns.iter().map(String::as_str)).collect();
    let projection = cold.dataset.schema().project(&columns).map_err(TableError::from)?;
    let batch = cold.dataset.take_rows(rows, projection).await.map_err(TableError::from)?;
    if batch.num_rows() != rows.len() {
        return Err(TableError::Damaged("rows are missing from the table".to_owned()).into());
    }
    let segment = Arc::new(Segment::new(&view.schema, batch, None)?);
    Ok(ColdRows { segment, rows: rows.to_vec(), whole: *whole })
}

/// A candidate that is kept: where it was read, and where it is.
type Place = (usize, u32);

/// Measures candidates and keeps the best, with all that an answer carries of them.
async fn measure(
    view: &Arc<View>,
    cold: &ColdTable,
    wanted: &Arc<Wanted>,
    found: Vec<ColdRows>,
) -> Result<Streamed, SearchError> {
    let found = Arc::new(found);
    let best: Vec<Candidate<Place>> = {
        let (view, cold, wanted, found) = (Arc::clone(view), cold.clone(), Arc::clone(wanted), Arc::clone(&found));
        let work = move || best(&view, &cold, &wanted, &found, |_| true);
        tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))?
    };
    let mut near = Kept::new(&wanted.keep);
    let mut room = cold.room;
    let read = (include_columns(&view.schema, cold.include), true);
    for some in best.chunks(AT_ONCE) {
        let taken = if some.iter().all(|c| found[c.at.0].whole) {
            None
        } else {
            let rows: Vec<u64> = some.iter().map(|c| found[c.at.0].rows[c.at.1 as usize]).collect();
            Some(take(view, cold, &rows, &read).await?)
        };
        for (at, candidate) in (0_u32..).zip(some) {
            let (segment, row) = match &taken {
                Some(taken) => (&taken.segment, at),
                None => (&found[candidate.at.0].segment, candidate.at.1),
            };
            let record = segment.record(&view.schema, row, cold.include);
            if !room.take(usize::try_from(record.logical_bytes()).unwrap_or(usize::MAX)) {
                return Err(SearchError::TooLarge);
            }
            near.offer(candidate.key, &candidate.id, |_| None, || At::Segment(Arc::clone(segment), row));
        }
    }
    Ok(Streamed { near, texts: Texts::default() })
}

/// The best of those that pass, by the exact distance.
fn best(
    view: &View,
    cold: &ColdTable,
    wanted: &Wanted,
    found: &[ColdRows],
    passes: impl Fn(&Place) -> bool,
) -> Vec<Candidate<Place>> {
    let mut top: TopK<Place> = TopK::new(limit(wanted));
    let Some(probe) = wanted.probe(&view.schema) else { return Vec::new() };
    for (place, found) in found.iter().enumerate() {
        for row in (0..found.segment.len()).take_while(|_| !view.abandoned.is()) {
            let id = found.segment.id(row);
            let Some((vector, norm)) = found.segment.vector(wanted.column, row) else { continue };
            if !cold.is_shadowed(id) && passes(&(place, row)) {
                let distance = probe.distance(vector, norm);
                if wanted.is_near(distance) {
                    top.offer(f64::from(distance), id, || (place, row));
                }
            }
        }
    }
    top.into_sorted()
}

/// Rows wanted. Groups are not looked for in an index.
fn limit(wanted: &Wanted) -> usize {
    match wanted.keep {
        Keep::Best(limit) | Keep::Leaders(_, limit) | Keep::Members(_, limit, _) => limit,
    }
}
