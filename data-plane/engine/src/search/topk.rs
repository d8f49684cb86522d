//! The best `k` by key, ties broken by id, so that the answer does not depend on where rows are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A candidate; smaller keys are better.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<T> {
    pub(crate) key: f64,
    pub(crate) id: Box<str>,
    pub(crate) at: T,
}

impl<T> PartialEq for Candidate<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Candidate<T> {}

impl<T> PartialOrd for Candidate<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Candidate<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.total_cmp(&other.key).then_with(|| self.id.cmp(&other.id))
    }
}

/// Keeps the best `limit` candidates.
pub(crate) struct TopK<T> {
    limit: usize,
    worst_first: BinaryHeap<Candidate<T>>,
}

impl<T> TopK<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, worst_first: BinaryHeap::with_capacity(limit.min(1024) + 1) }
    }

    /// Offers a candidate; `id` and `at` are made only when it gets in.
    pub(crate) fn offer(&mut self, key: f64, id: &str, at: impl FnOnce() -> T) {
        if self.worst_first.len() >= self.limit {
            let Some(worst) = self.worst_first.peek() else { return };
            if key.total_cmp(&worst.key).then_with(|| id.cmp(&worst.id)) != Ordering::Less {
                return;
            }
            self.worst_first.pop();
        }
        self.worst_first.push(Candidate { key, id: id.into(), at: at() });
    }

    /// Best first.
    pub(crate) fn into_sorted(self) -> Vec<Candidate<T>> {
        self.worst_first.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_offers_does_not_matter() {
        let rows = [(2.0, "b"), (1.0, "z"), (1.0, "a"), (3.0, "c"), (1.0, "m")];
        let best = |order: &[usize]| {
            let mut top = TopK::new(3);
            for i in order {
                top.offer(rows[*i].0, rows[*i].1, || ());
            }
            top.into_sorted().into_iter().map(|c| c.id).collect::<Vec<_>>()
        };
        assert_eq!(best(&[0, 1, 2, 3, 4]), ["a", "m", "z"].map(Box::from));
        assert_eq!(best(&[4, 3, 2, 1, 0]), best(&[0, 1, 2, 3, 4]));
    }
}
