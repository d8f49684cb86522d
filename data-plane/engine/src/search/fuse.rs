//! Two rankings into one.

use std::collections::HashMap;

use super::query::Fusion;
use super::topk::Candidate;
use super::view::At;

/// The constant of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009).
const RRF_K: f64 = 60.0;

/// A fused row and its parts.
#[derive(Debug)]
pub(super) struct Fused {
    pub(super) at: At,
    pub(super) id: Box<str>,
    pub(super) score: f64,
    /// Distance and rank.
    pub(super) vector: Option<(f64, u32)>,
    /// BM25 and rank.
    pub(super) text: Option<(f64, u32)>,
}

/// Fuses vector candidates (keys are distances) and text candidates (keys are negated scores), best first.
pub(super) fn fuse(vector: &[Candidate<At>], text: &[Candidate<At>], fusion: Fusion) -> Vec<Fused> {
    let vector_scale = Scale::of(vector);
    let text_scale = Scale::of(text);
    let mut rows: HashMap<Box<str>, Fused> = HashMap::new();
    let fresh = |c: &Candidate<At>| Fused { at: c.at.clone(), id: c.id.clone(), score: 0.0, vector: None, text: None };
    for (rank, candidate) in (1_u32..).zip(vector) {
        let row = rows.entry(candidate.id.clone()).or_insert_with(|| fresh(candidate));
        row.vector = Some((candidate.key, rank));
        row.score += match fusion {
            Fusion::Rrf => 1.0 / (RRF_K + f64::from(rank)),
            Fusion::Weighted(alpha) => f64::from(alpha) * vector_scale.unit(candidate.key),
        };
    }
    for (rank, candidate) in (1_u32..).zip(text) {
        let row = rows.entry(candidate.id.clone()).or_insert_with(|| fresh(candidate));
        row.text = Some((-candidate.key, rank));
        row.score += match fusion {
            Fusion::Rrf => 1.0 / (RRF_K + f64::from(rank)),
            Fusion::Weighted(alpha) => (1.0 - f64::from(alpha)) * text_scale.unit(candidate.key),
        };
    }
    let mut rows: Vec<Fused> = rows.into_values().collect();
    rows.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    rows
}

/// Maps the best key to 1 and the worst to 0.
struct Scale {
    best: f64,
    worst: f64,
}

impl Scale {
    fn of(sorted: &[Candidate<At>]) -> Self {
        Self { best: sorted.first().map_or(0.0, |c| c.key), worst: sorted.last().map_or(0.0, |c| c.key) }
    }

    fn unit(&self, key: f64) -> f64 {
        let width = self.worst - self.best;
        if width > 0.0 { (self.worst - key) / width } else { 1.0 }
    }
}
