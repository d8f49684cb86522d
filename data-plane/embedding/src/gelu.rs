//! GELU from a table.
//!
//! The exact function needs `erf`, which would take longer than the matrix products around it. It is smooth
//! and meets 0 and x at both ends, so a table with linear interpolation is as good as 32-bit floats are:
//! the error is at most step² / 8 · max|f''| = (1/512)² / 8 · 0.8 < 4e-7.

use std::sync::Arc;

/// Beyond ±`REACH` the function is 0 or x to the precision of f32.
const REACH: f32 = 8.0;
const STEPS_PER_UNIT: f32 = 512.0;
const STEPS: usize = (2.0 * REACH * STEPS_PER_UNIT) as usize;

#[derive(Clone)]
pub(crate) struct Gelu {
    /// Value at each step and the rise to the next.
    table: Arc<[(f32, f32)]>,
}

impl Gelu {
    pub(crate) fn new() -> Self {
        let at = |step: usize| exact(step as f64 / f64::from(STEPS_PER_UNIT) - f64::from(REACH));
        let table = (0..STEPS).map(|step| (at(step) as f32, (at(step + 1) - at(step)) as f32)).collect();
        Self { table }
    }

    #[inline]
    pub(crate) fn apply(&self, x: f32) -> f32 {
        let place = (x + REACH) * STEPS_PER_UNIT;
        // Negative places and NaN become 0 here; both are outside the table and handled below.
        let step = place as usize;
        match self.table.get(step) {
            Some((value, rise)) if place >= 0.0 => value + rise * (place - step as f32),
            _ if x < 0.0 => 0.0,
            _ => x,
        }
    }
}

/// x · Φ(x), with Φ by the series of the normal distribution: Φ(x) = ½ + φ(x) (x + x³/3 + x⁵/(3·5) + ...).
fn exact(x: f64) -> f64 {
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let mut term = x;
    let mut sum = x;
    let mut odd = 3.0;
    while term.abs() > sum.abs() * f64::EPSILON {
        term *= x * x / odd;
        sum += term;
        odd += 2.0;
    }
    x * (0.5 + density * sum)
}

#[cfg(test)]
mod tests {
    use super::Gelu;

    /// Φ(1) = 0.8413447460685429 and so on: values of the normal distribution from tables.
    #[test]
    fn meets_the_exact_function() {
        let gelu = Gelu::new();
        for (x, expected) in [
            (0.0, 0.0),
            (1.0, 0.841_344_8),
            (-1.0, -0.158_655_25),
            (2.0, 1.954_499_7),
            (-2.0, -0.045_500_264),
            (0.001_3, 0.000_650_674_2),
            (-3.7, -0.000_398_843_2),
            (7.999_9, 7.999_9),
            (-7.999_9, 0.0),
            (8.0, 8.0),
            (-8.0, 0.0),
            (1e30, 1e30),
            (-1e30, 0.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::NEG_INFINITY, 0.0),
        ] {
            let found = gelu.apply(x);
            assert!(found == expected || (found - expected).abs() < 1e-6, "gelu({x}) = {found}, not {expected}");
        }
        assert!(gelu.apply(f32::NAN).is_nan());
    }
}
