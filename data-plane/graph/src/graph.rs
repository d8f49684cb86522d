//! The index and its face.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::chunk::{CHUNK_ROWS, Chunk, NONE, memory_of};
use crate::code::{Coder, Metric, Point};
use crate::key::{distance_of, key, row_of};
use crate::link;
use crate::rows::Rows;
use crate::scratch::Scratch;
use crate::walk::{Bounds, Walked, walk};

/// The highest layer there can be.
const MAX_LEVEL: u8 = 12;
/// How many of the nearest rows are looked at for one with the same code.
const COPY_CANDIDATES: usize = 8;
/// Kept for later searches, at most.
const MAX_SCRATCH: usize = 32;
/// Candidates kept in a layer above those that are asked for, and handed on to the next as entries. A single one ends in
/// the wrong one of many clusters that lie far apart, and a walk does not get out of it: at 100,000 rows around 200
/// centres 12 of 300 queries found none of their nearest at a width of 24, and with 16 none did, for a third fewer visits.
const DESCENT_WIDTH: usize = 16;
/// Rows a graph holds at most, so that row numbers fit.
const MAX_ROWS: u32 = u32::MAX - (CHUNK_ROWS as u32) * 2;

/// How a graph is built.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    /// Links of a row in the upper layers; in the bottom layer twice as many. 2..=64.
    pub links: usize,
    /// Candidates that the links of a new row are chosen from. At least `links`.
    pub build_width: usize,
    /// Decides the layers of rows.
    pub seed: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self { links: 16, build_width: 128, seed: 0 }
    }
}

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Candidates kept, and given back at most. More are slower and find more of the nearest. At least 1.
    pub width: usize,
    /// When fewer than `width`: so many accepted ones are enough, if `width` were found accepted or not. So a search
    /// that accepts few does not go on for as many of them as it would keep of all. At least 1.
    pub enough: usize,
    /// Rows looked at, at most.
    pub visits: usize,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Labels, nearest first, with the squared Euclidean distance of their codes. Comparable only with one another.
    pub near: Vec<(u32, f32)>,
    /// Whether the search ended by itself. If not, there may be nearer rows that it had no visits left for.
    pub complete: bool,
    /// Rows looked at.
    pub visits: usize,
}

/// An index of vectors by label. See the crate's documentation.
#[derive(Debug)]
pub struct Graph {
    params: Params,
    coder: Coder,
    rows: RwLock<Arc<Rows>>,
    /// The row to begin at and its layer, or [`NO_ENTRY`].
    entry: AtomicU64,
    linked: AtomicUsize,
    scratch: Mutex<Vec<Scratch>>,
    /// Held by the one insertion that runs.
    growing: Mutex<()>,
}

const NO_ENTRY: u64 = u64::MAX;

impl Graph {
    /// An empty index. The codes are made to fit `sample`, a few hundred or thousand of the vectors to come.
    pub fn new(dimension: usize, metric: Metric, params: Params, sample: &[&[f32]]) -> Self {
        let links = params.links.clamp(2, 64);
        Self {
            params: Params { links, build_width: params.build_width.max(links), ..params },
            coder: Coder::fit(dimension, metric, sample),
            rows: RwLock::default(),
            entry: AtomicU64::new(NO_ENTRY),
            linked: AtomicUsize::new(0),
            scratch: Mutex::default(),
            growing: Mutex::default(),
        }
    }

    /// Adds rows by label, one after the other, and says how many it added: all, unless `stop` said to stop or the graph
    /// is full. Labels ascend from row to row and call to call. Each row can be found as soon as it is linked. What comes in one call shares blocks, so a few thousand at
    /// once are better than a few. A second call waits for the first.
    pub fn add(&self, rows: &[(u32, &[f32])], stop: &dyn Fn() -> bool) -> usize {
        let _one_at_a_time = lock(&self.growing);
        let mut scratch = self.take_scratch();
        let mut added = 0;
        for batch in rows.chunks(CHUNK_ROWS) {
            let before = self.snapshot();
            let first = before.end();
            if first >= MAX_ROWS {
                break;
            }
            let level = |at: usize| self.level(u64::from(first) + at as u64);
            let all = Arc::new(before.with(Chunk::new(&self.coder, batch, self.params.links, level)));
            *self.rows.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&all);
            for row in (first..).take(batch.len()) {
                if stop() {
                    return added;
                }
                self.insert(&all, row, &mut scratch);
                self.linked.fetch_add(1, Ordering::Release);
                added += 1;
            }
        }
        self.give_back(scratch);
        added
    }

    /// The rows nearest to `query` whose labels `accept` takes. `accept` is asked only of rows near enough to be found.
    pub fn search(&self, query: &[f32], search: Search, accept: &mut dyn FnMut(u32) -> bool) -> Found {
        self.search_rows(self.enter(), query, (search, NONE), accept)
    }

    /// The same as if the row of a label were not there, nor its links: what a query that is like the rows, but none of
    /// them, would find. A row with the same code as others is only left out of what is found, as they are there still.
    pub fn search_without(
        &self,
        label: u32,
        query: &[f32],
        search: Search,
        accept: &mut dyn FnMut(u32) -> bool,
    ) -> Found {
        let (entry, rows) = self.enter();
        let row = rows.row_of_label(label);
        let alone = |row: &u32| rows.find(*row).is_some_and(|(chunk, at)| chunk.next_copy(at) == NONE);
        let without = row.filter(alone).unwrap_or(NONE);
        self.search_rows((entry, rows), query, (search, without), &mut |found| found != label && accept(found))
    }

    fn search_rows(
        &self,
        (entry, rows): (u64, Arc<Rows>),
        query: &[f32],
        (search, without): (Search, u32),
        accept: &mut dyn FnMut(u32) -> bool,
    ) -> Found {
        if entry == NO_ENTRY {
            return Found { near: Vec::new(), complete: true, visits: 0 };
        }
        let (mut scratch, mut code) = (self.take_scratch(), vec![0; self.coder.stride()]);
        let point = self.coder.query(query, &mut code);
        let entries = descend(&rows, &point, entry, (0, without), &mut scratch);
        let Search { width, enough, visits } = search;
        let bounds = Bounds { width: width.max(1), enough: enough.max(1), visits, copies: true, without };
        let accept_row = |chunk: &Chunk, at: usize| accept(chunk.label(at));
        let Walked { visits, complete } = walk(&rows, (&point, 0), &entries, bounds, &mut scratch, accept_row);
        let near = scratch.take_best().into_iter().filter_map(|near| {
            let (chunk, at) = rows.find(row_of(near))?;
            Some((chunk.label(at), distance_of(near)))
        });
        let near = near.collect();
        self.give_back(scratch);
        Found { near, complete, visits }
    }

    /// Looks at the codes of the rows of `labels`, and gives the labels of those that may be among the `limit` nearest of
    /// them: what their codes leave open is for the caller to settle by the vectors. Quickest when labels ascend. Labels
    /// that are not there are left out. `None` when `stop` said to stop.
    pub fn scan(
        &self,
        query: &[f32],
        limit: usize,
        labels: &mut dyn Iterator<Item = u32>,
        stop: &dyn Fn() -> bool,
    ) -> Option<Vec<u32>> {
        let (rows, mut code) = (self.snapshot(), vec![0; self.coder.stride()]);
        let point = self.coder.query(query, &mut code);
        if limit == 0 {
            return Some(Vec::new());
        }
        let mut near: Vec<(f32, u32)> = Vec::new();
        // The least upper bounds, as many as are wanted, greatest first: as many rows are certainly no farther.
        let mut far: BinaryHeap<u64> = BinaryHeap::with_capacity(limit.min(CHUNK_ROWS) + 1);
        let mut worst = f32::INFINITY;
        let mut row = 0;
        for (count, label) in labels.enumerate() {
            if count.is_multiple_of(CHUNK_ROWS) && stop() {
                return None;
            }
            let Some((chunk, at)) = rows.find_label(label, &mut row) else { continue };
            let (code, meta) = chunk.code(at);
            let dot = point.dot(code);
            if far.len() == limit && point.is_beyond(dot, meta, worst) {
                continue;
            }
            let (low, high) = point.bounds(dot, meta);
            near.push((low, label));
            if far.len() < limit || high < worst {
                far.push(key(high, 0));
                if far.len() > limit {
                    far.pop();
                }
                if far.len() == limit {
                    worst = far.peek().map_or(worst, |bound| distance_of(*bound));
                }
            }
        }
        Some(near.into_iter().filter(|(low, _)| *low <= worst).map(|(_, label)| label).collect())
    }

    /// Rows that can be found.
    pub fn len(&self) -> usize {
        self.linked.load(Ordering::Acquire)
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory taken by the rows.
    pub fn memory_bytes(&self) -> usize {
        self.snapshot().memory_bytes()
    }

    /// About how much memory so many more rows, added in one call, take.
    pub fn memory_for(&self, rows: usize) -> usize {
        let links = self.params.links;
        // One row in `links` is in the layer above.
        memory_of(rows, self.coder.stride(), links) + rows * size_of::<u32>() * 2
    }

    fn insert(&self, rows: &Rows, row: u32, scratch: &mut Scratch) {
        let Some((chunk, at)) = rows.find(row) else { return };
        let (point, level) = (chunk.point(at), chunk.level(at));
        let entry = self.entry.load(Ordering::Acquire);
        if entry == NO_ENTRY {
            self.entry.store(u64::from(level) << 32 | u64::from(row), Ordering::Release);
            return;
        }
        let top = (entry >> 32) as u8;
        let mut entries = descend(rows, &point, entry, (level, NONE), scratch);
        let width = self.params.build_width;
        let bounds = Bounds { width, enough: width, visits: usize::MAX, copies: false, without: NONE };
        let mut layers: Vec<(u8, Vec<u64>)> = Vec::with_capacity(usize::from(level) + 1);
        for layer in (0..=level.min(top)).rev() {
            walk(rows, (&point, layer), &entries, bounds, scratch, |_, _| true);
            let near = scratch.take_best();
            entries = near.iter().take(DESCENT_WIDTH).copied().collect();
            layers.push((layer, near));
        }
        if layers.last().is_some_and(|(_, near)| hang_on_copy(rows, row, near)) {
            return;
        }
        for (layer, near) in &layers {
            let chosen = link::choose(rows, near, self.params.links);
            link::set(rows, row, *layer, &chosen);
            chosen.iter().for_each(|link| link::join(rows, row_of(*link), row, distance_of(*link), *layer));
        }
        if level > top {
            self.entry.store(u64::from(level) << 32 | u64::from(row), Ordering::Release);
        }
    }

    /// One row in `links` reaches the next layer.
    #[expect(clippy::cast_precision_loss, reason = "53 bits of chance are enough")]
    fn level(&self, row: u64) -> u8 {
        let chance = (mix(self.params.seed ^ mix(row)) >> 11) as f64 / (1_u64 << 53) as f64;
        let level = -(1.0 - chance).ln() / (self.params.links as f64).ln();
        (level as u8).min(MAX_LEVEL)
    }

    /// Where a search begins, and rows among which it is: one that came later is not in an earlier snapshot.
    fn enter(&self) -> (u64, Arc<Rows>) {
        (self.entry.load(Ordering::Acquire), self.snapshot())
    }

    fn snapshot(&self) -> Arc<Rows> {
        Arc::clone(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_scratch(&self) -> Scratch {
        lock(&self.scratch).pop().unwrap_or_default()
    }

    fn give_back(&self, scratch: Scratch) {
        let mut kept = lock(&self.scratch);
        if kept.len() < MAX_SCRATCH {
            kept.push(scratch);
        }
    }
}

/// The rows to enter layer `to` by: the nearest in the layers above it, but for `without`.
fn descend(rows: &Rows, point: &Point<'_>, entry: u64, (to, without): (u8, u32), scratch: &mut Scratch) -> Vec<u64> {
    let width = DESCENT_WIDTH;
    let bounds = Bounds { width, enough: width, visits: usize::MAX, copies: false, without };
    let mut entries = vec![u64::from(row_of(entry))];
    for level in (to + 1..=(entry >> 32) as u8).rev() {
        walk(rows, (point, level), &entries, bounds, scratch, |_, _| true);
        entries = scratch.take_best();
    }
    entries
}

/// Puts a row into the chain of one with the same code, if there is one among the nearest.
fn hang_on_copy(rows: &Rows, row: u32, near: &[u64]) -> bool {
    let Some((chunk, at)) = rows.find(row) else { return false };
    for other in near.iter().take(COPY_CANDIDATES).map(|near| row_of(*near)) {
        let Some((other_chunk, other_at)) = rows.find(other) else { continue };
        if other_chunk.code(other_at) == chunk.code(at) {
            chunk.set_next_copy(at, other_chunk.next_copy(other_at));
            other_chunk.set_next_copy(other_at, row);
            return true;
        }
    }
    false
}

/// A mutex of a thread that panicked guards nothing that could be half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spreads bits (splitmix64).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

const _: () = assert!(NONE > MAX_ROWS, "no row's number is the end of a list");
