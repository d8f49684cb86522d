//! Distances. One kernel on two slices serves every row, wherever it is, so equal rows have equal distances
//! to the last bit.

use lance_linalg::distance::dot::dot_f32;
use lance_linalg::distance::l2::l2_f32;

use crate::schema::Metric;

/// A query vector and what is computed of it once.
pub(crate) struct Probe<'a> {
    vector: &'a [f32],
    norm: f32,
    metric: Metric,
}

/// The Euclidean length.
pub(crate) fn norm(vector: &[f32]) -> f32 {
    dot_f32(vector, vector).sqrt()
}

impl<'a> Probe<'a> {
    pub(crate) fn new(vector: &'a [f32], metric: Metric) -> Self {
        Self { vector, norm: norm(vector), metric }
    }

    pub(crate) fn vector(&self) -> &'a [f32] {
        self.vector
    }

    /// The distance to `other`, whose length is `other_norm`. Never NaN for finite input.
    pub(crate) fn distance(&self, other: &[f32], other_norm: f32) -> f32 {
        match self.metric {
            Metric::Dot => -dot_f32(self.vector, other),
            Metric::Euclidean => l2_f32(self.vector, other).max(0.0).sqrt(),
            Metric::Cosine => {
                let lengths = self.norm * other_norm;
                if lengths > 0.0 && lengths.is_finite() {
                    1.0 - (dot_f32(self.vector, other) / lengths).clamp(-1.0, 1.0)
                } else {
                    1.0
                }
            }
        }
    }
}

/// The score of a distance: higher is better.
pub(crate) fn score(metric: Metric, distance: f32) -> f32 {
    match metric {
        Metric::Cosine => 1.0 - distance,
        Metric::Dot => -distance,
        Metric::Euclidean => 1.0 / (1.0 + distance),
    }
}
