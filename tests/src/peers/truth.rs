//! Exact answers, by looking at every row.

use std::cmp::Ordering;
use std::thread;

use hnsw_rs::prelude::{DistL2, Distance as _};

use super::data::{TOP_K, Truth};
use super::share::Share;

/// The nearest rows of each query for each share, nearest first, ties by id. For vectors of length 1 the order by
/// Euclidean distance is the order by cosine and by dot product.
pub fn exact(vectors: &[Vec<f32>], queries: &[Vec<f32>]) -> Truth {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let part = queries.len().div_ceil(threads).max(1);
    let mut truth = Truth::default();
    thread::scope(|scope| {
        let workers: Vec<_> = queries
            .chunks(part)
            .map(|part| scope.spawn(move || part.iter().map(|q| of(vectors, q)).collect()))
            .collect();
        for worker in workers {
            let answers: Vec<[[u32; TOP_K]; 3]> =
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for answer in answers {
                for (all, one) in truth.iter_mut().zip(answer) {
                    all.push(one);
                }
            }
        }
    });
    truth
}

fn of(vectors: &[Vec<f32>], query: &[f32]) -> [[u32; TOP_K]; 3] {
    let mut nearest = Share::EACH.map(|share| (share, Nearest::default()));
    for (id, vector) in (0_u32..).zip(vectors) {
        let distance = DistL2.eval(query, vector);
        for (share, nearest) in &mut nearest {
            if share.passes(id) {
                nearest.offer(distance, id);
            }
        }
    }
    nearest.map(|(_, nearest)| nearest.ids())
}

/// The best so far, in order. Places that no row takes hold a row that does not exist.
struct Nearest {
    best: [(f32, u32); TOP_K],
}

impl Default for Nearest {
    fn default() -> Self {
        Self { best: [(f32::INFINITY, u32::MAX); TOP_K] }
    }
}

impl Nearest {
    fn offer(&mut self, distance: f32, id: u32) {
        let nearer = |(than, rival): &(f32, u32)| distance.total_cmp(than).then(id.cmp(rival)) == Ordering::Less;
        if !self.best.last().is_some_and(nearer) {
            return;
        }
        let place = self.best.iter().position(nearer).unwrap_or(TOP_K - 1);
        self.best[place..].rotate_right(1);
        self.best[place] = (distance, id);
    }

    fn ids(&self) -> [u32; TOP_K] {
        self.best.map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rows_that_pass_come_first() {
        let vectors: Vec<Vec<f32>> = (0..2_000).map(|n| vec![1.0, n as f32]).collect();
        let [all, tenth, hundredth] = exact(&vectors, &[vec![1.0, 0.2]]);
        assert_eq!(all[0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(tenth[0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(hundredth[0], [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    }
}
