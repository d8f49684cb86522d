//! Choosing and writing links. Only the one insertion that runs writes.

use std::sync::atomic::Ordering;

use crate::chunk::{NONE, in_use};
use crate::key::{distance_of, key, row_of};
use crate::rows::Rows;

/// Of candidates, nearest first, those that no chosen one is nearer to than the row itself: links in all directions
/// rather than many in one (the heuristic of Malkov and Yashunin 2018). Places that are left over go to the nearest of
/// the others (its `keepPrunedConnections`): rows of a dense cluster are found through one another.
pub(crate) fn choose(rows: &Rows, candidates: &[u64], wanted: usize) -> Vec<u64> {
    let mut chosen: Vec<u64> = Vec::with_capacity(wanted);
    let mut others: Vec<u64> = Vec::new();
    for candidate in candidates {
        if chosen.len() >= wanted {
            break;
        }
        let Some((chunk, at)) = rows.find(row_of(*candidate)) else { continue };
        let point = chunk.point(at);
        let own = distance_of(*candidate);
        if chosen.iter().all(|other| rows.distance(&point, row_of(*other)) >= own) {
            chosen.push(*candidate);
        } else {
            others.push(*candidate);
        }
    }
    let left_over = wanted - chosen.len();
    chosen.extend(others.into_iter().take(left_over));
    chosen
}

/// Writes a row's own links in a layer.
pub(crate) fn set(rows: &Rows, row: u32, level: u8, links: &[u64]) {
    let Some((chunk, at)) = rows.find(row) else { return };
    let places = chunk.links(at, level);
    let links = links.iter().map(|link| row_of(*link)).chain(std::iter::repeat(NONE));
    for (place, link) in places.iter().zip(links) {
        place.store(link, Ordering::Release);
    }
}

/// Links `from` to `to`, `distance` apart. When `from` has no place left its links are chosen anew.
pub(crate) fn join(rows: &Rows, from: u32, to: u32, distance: f32, level: u8) {
    let Some((chunk, at)) = rows.find(from) else { return };
    let places = chunk.links(at, level);
    let used = in_use(places).count();
    if let Some(free) = places.get(used) {
        free.store(to, Ordering::Release);
        return;
    }
    let point = chunk.point(at);
    let mut candidates: Vec<u64> = in_use(places).map(|row| key(rows.distance(&point, row), row)).collect();
    candidates.push(key(distance, to));
    candidates.sort_unstable();
    set(rows, from, level, &choose(rows, &candidates, places.len()));
}
