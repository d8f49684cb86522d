//! What is kept of a ranking: the best rows; or the best row of each of the best groups; or the best rows of known
//! groups. All take room for what they keep only, however many rows are offered.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::topk::{Candidate, TopK};
use super::view::At;
use crate::filter::ValueRef;

/// A group, known by the hash of its value; 128 bits, so that no two are taken for one. `None`: the value is null.
pub(super) type GroupKey = Option<u128>;

/// The group of a value of an attribute.
pub(super) fn group_of(value: Option<&ValueRef<'_>>) -> GroupKey {
    Some(match value? {
        ValueRef::Str(text) => xxh3_128(text.as_bytes()),
        ValueRef::Int(n) | ValueRef::Timestamp(n) => xxh3_128(&n.to_le_bytes()),
        // Both zeros are one number.
        ValueRef::Float(f) => xxh3_128(&(f + 0.0).to_le_bytes()),
        ValueRef::Bool(b) => u128::from(*b),
        ValueRef::List(_) => return None,
    })
}

/// What is to be kept.
#[derive(Debug, Clone)]
pub(super) enum Keep {
    /// This many best rows.
    Best(usize),
    /// The best row of each of this many groups by a column.
    Leaders(usize, usize),
    /// This many best rows of each of the groups by a column.
    Members(usize, usize, Arc<HashSet<GroupKey>>),
}

/// What was kept so far.
pub(super) enum Kept {
    Best(TopK<At>),
    Leaders {
        column: usize,
        limit: usize,
        best: HashMap<GroupKey, Candidate<At>>,
        order: BTreeSet<Candidate<GroupKey>>,
    },
    Members {
        column: usize,
        size: usize,
        groups: Arc<HashSet<GroupKey>>,
        best: HashMap<GroupKey, TopK<At>>,
    },
}

impl Kept {
    pub(super) fn new(keep: &Keep) -> Self {
        match keep {
            Keep::Best(limit) => Self::Best(TopK::new(*limit)),
            Keep::Leaders(column, limit) => {
                Self::Leaders { column: *column, limit: *limit, best: HashMap::new(), order: BTreeSet::new() }
            }
            Keep::Members(column, size, groups) => {
                Self::Members { column: *column, size: *size, groups: Arc::clone(groups), best: HashMap::new() }
            }
        }
    }

    /// Whether a row with these attributes may be kept, before its key is computed.
    pub(super) fn may_keep<'a>(&self, attribute: impl FnOnce(usize) -> Option<ValueRef<'a>>) -> bool {
        match self {
            Self::Best(_) | Self::Leaders { .. } => true,
            Self::Members { column, groups, .. } => groups.contains(&group_of(attribute(*column).as_ref())),
        }
    }

    /// Offers a row; smaller keys are better. What it needs is made only when it is kept.
    pub(super) fn offer<'a>(
        &mut self,
        key: f64,
        id: &str,
        attribute: impl FnOnce(usize) -> Option<ValueRef<'a>>,
        at: impl FnOnce() -> At,
    ) {
        match self {
            Self::Best(top) => top.offer(key, id, at),
            Self::Members { column, size, groups, best } => {
                let group = group_of(attribute(*column).as_ref());
                if groups.contains(&group) {
                    best.entry(group).or_insert_with(|| TopK::new(*size)).offer(key, id, at);
                }
            }
            Self::Leaders { column, limit, best, order } => {
                let before = |at: f64, of: &str| key.total_cmp(&at).then_with(|| id.cmp(of)).is_lt();
                // Behind the worst of as many groups as are wanted nothing is wanted any more.
                let worst = order.last().filter(|_| best.len() >= *limit);
                if worst.is_some_and(|worst| !before(worst.key, &worst.id)) {
                    return;
                }
                let group = group_of(attribute(*column).as_ref());
                if best.get(&group).is_some_and(|known| !before(known.key, &known.id)) {
                    return;
                }
                order.insert(Candidate { key, id: id.into(), at: group });
                if let Some(known) = best.insert(group, Candidate { key, id: id.into(), at: at() }) {
                    order.remove(&Candidate { key: known.key, id: known.id, at: group });
                }
                if best.len() > *limit
                    && let Some(last) = order.pop_last()
                {
                    best.remove(&last.at);
                }
            }
        }
    }

    /// Best first.
    pub(super) fn into_sorted(self) -> Vec<Candidate<At>> {
        let mut all: Vec<Candidate<At>> = match self {
            Self::Best(top) => return top.into_sorted(),
            Self::Leaders { best, .. } => best.into_values().collect(),
            Self::Members { best, .. } => best.into_values().flat_map(TopK::into_sorted).collect(),
        };
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_row_of_each_of_the_best_groups_is_kept_in_whatever_order_they_are_offered() {
        let rows: Vec<(f64, String, i64)> =
            (0..200).map(|n| (f64::from(n * 37 % 50), format!("r{n:03}"), i64::from(n * 13 % 17))).collect();
        let mut sorted = rows.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        let mut seen = HashSet::new();
        let expected: Vec<&str> =
            sorted.iter().filter(|row| seen.insert(row.2)).map(|row| row.1.as_str()).take(5).collect();
        let reversed: Vec<_> = rows.iter().rev().cloned().collect();
        for offered in [&rows, &sorted, &reversed] {
            let mut kept = Kept::new(&Keep::Leaders(0, 5));
            for (key, id, group) in offered {
                kept.offer(*key, id, |_| Some(ValueRef::Int(*group)), || At::Remote(0));
            }
            let found = kept.into_sorted();
            assert_eq!(found.iter().map(|found| &*found.id).collect::<Vec<_>>(), expected);
        }
        let mut none = Kept::new(&Keep::Leaders(0, 0));
        none.offer(1.0, "a", |_| None, || At::Remote(0));
        assert!(none.into_sorted().is_empty());
    }
}
