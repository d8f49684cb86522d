//! Following links towards a point.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::chunk::{Chunk, NONE, in_use};
use crate::code::Point;
use crate::key::{FARTHEST, key, row_of};
use crate::rows::Rows;
use crate::scratch::Scratch;

/// How far a walk goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Rows wanted: the walk ends when none that is still to be followed is nearer than the worst of so many.
    pub(crate) width: usize,
    /// If fewer than `width`: the walk ends when none is nearer than the worst of so many that are taken, nor than the
    /// worst of `width` that are taken or not.
    pub(crate) enough: usize,
    /// Rows looked at, at most.
    pub(crate) visits: usize,
    /// Whether rows are found that hang on others with the same code. They have no links.
    pub(crate) copies: bool,
    /// A row that is passed over as if it were not there, or [`NONE`].
    pub(crate) without: u32,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walked {
    pub(crate) visits: usize,
    /// Whether it ended before it had looked at as many rows as it may.
    pub(crate) complete: bool,
}

/// Fills `scratch.best` with the nearest rows of a layer that `accept` takes, from `entries` on.
pub(crate) fn walk(
    rows: &Rows,
    (point, level): (&Point<'_>, u8),
    entries: &[u64],
    bounds: Bounds,
    scratch: &mut Scratch,
    mut accept: impl FnMut(&Chunk, usize) -> bool,
) -> Walked {
    scratch.clear(rows.end());
    let Scratch { seen, next, best, batch, around, taken } = scratch;
    let by_both = bounds.enough < bounds.width;
    let mut visits = 0;
    let mut worst = FARTHEST;
    batch.extend(entries.iter().map(|entry| row_of(*entry)).filter(|row| seen.insert(*row)));
    seen.insert(bounds.without);
    loop {
        for row in batch.drain(..) {
            let Some((chunk, at)) = rows.find(row) else { continue };
            let (code, meta) = chunk.code(at);
            let near = key(point.distance(code, meta), row);
            visits += 1;
            if near >= worst {
                continue;
            }
            next.push(Reverse(near));
            if by_both {
                push_up_to(around, near, bounds.width);
            }
            let mut copy = (row, chunk, at);
            loop {
                if accept(copy.1, copy.2) {
                    let found = near & !u64::from(u32::MAX) | u64::from(copy.0);
                    push_up_to(best, found, bounds.width);
                    if by_both {
                        push_up_to(taken, found, bounds.enough);
                    }
                }
                worst = if by_both {
                    worst_of(around, bounds.width).max(worst_of(taken, bounds.enough))
                } else {
                    worst_of(best, bounds.width)
                };
                let after = if bounds.copies { copy.1.next_copy(copy.2) } else { NONE };
                // The copies are as far away.
                if after == NONE || near >> 32 >= worst >> 32 || visits >= bounds.visits {
                    break;
                }
                let Some((chunk, at)) = rows.find(after) else { break };
                visits += 1;
                copy = (after, chunk, at);
            }
        }
        let Some(Reverse(nearest)) = next.pop() else { return Walked { visits, complete: true } };
        if nearest >= worst {
            return Walked { visits, complete: true };
        }
        if visits >= bounds.visits {
            return Walked { visits, complete: false };
        }
        if let Some((chunk, at)) = rows.find(row_of(nearest)) {
            batch.extend(in_use(chunk.links(at, level)).filter(|row| seen.insert(*row)));
        }
    }
}

fn push_up_to(heap: &mut BinaryHeap<u64>, near: u64, most: usize) {
    if heap.len() < most {
        heap.push(near);
    } else if let Some(mut worst) = heap.peek_mut()
        && near < *worst
    {
        *worst = near;
    }
}

/// The worst of as many as are wanted.
fn worst_of(heap: &BinaryHeap<u64>, wanted: usize) -> u64 {
    if heap.len() < wanted { FARTHEST } else { heap.peek().copied().unwrap_or(FARTHEST) }
}
