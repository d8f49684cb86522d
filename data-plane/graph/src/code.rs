//! Vectors as one signed byte a number, and distances of such codes.
//!
//! A vector is taken relative to the centre of a sample and stretched so that its greatest number becomes 127. All
//! metrics become one form, the squared Euclidean distance `|a|^2 + |b|^2 - 2 a.b`, with the squares of the codes kept
//! beside them. Squares of the codes, not of the vectors: so the error is in proportion to the distance, and rows of a
//! tight cluster far from the centre keep their order.
//! - cosine: of vectors of length 1, so it is `2 - 2 cos`;
//! - Euclidean: as it is;
//! - dot: rows get one more number that makes all of them as long as the longest of the sample, which turns the greatest
//!   dot product into the nearest row (Bachrach et al. 2014); a query gets 0 there, and the rows' squares do not count.
//!
//! Between rows the form is a true distance for every metric, which the choice of links needs.

use simsimd::SpatialSimilarity as _;

/// What nearness means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `1 - cos`; a vector of zeros has distance 1 to everything but its like.
    Cosine,
    /// The negated dot product.
    Dot,
    /// The Euclidean distance.
    Euclidean,
}

/// What a code does not say about its vector.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Meta {
    /// What a code is multiplied with.
    pub(crate) scale: f32,
    /// The square of the length, `extra` included.
    pub(crate) square: f32,
    /// The number at right angles to all others.
    pub(crate) extra: f32,
    /// How far the code is from the vector.
    pub(crate) error: f32,
}

/// A code to measure from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point<'a> {
    pub(crate) code: &'a [i8],
    pub(crate) meta: Meta,
    /// 1, or 0 when the rows' lengths do not count.
    pub(crate) rows_square: f32,
}

/// What single precision makes of sums of squares, relatively.
const ROUNDING: f64 = 4e-6;

impl Point<'_> {
    /// The dot product of the codes, which [`Point::bounds`] and [`Point::is_beyond`] are of.
    pub(crate) fn dot(&self, code: &[i8]) -> f64 {
        i8::dot(self.code, code).unwrap_or(0.0)
    }

    /// Bounds of what orders rows by their vectors, not their codes. By the triangle inequality a distance of vectors is
    /// that of their codes, give or take the distances of codes from vectors; a dot product likewise by Cauchy and
    /// Schwarz. Rounding is allowed for.
    pub(crate) fn bounds(&self, dot: f64, meta: Meta) -> (f32, f32) {
        let (own_error, error) = (f64::from(self.meta.error), f64::from(meta.error));
        if self.rows_square == 0.0 {
            let product = f64::from(self.meta.scale) * f64::from(meta.scale) * dot;
            let (own, length) = (f64::from(self.meta.square).sqrt(), f64::from(meta.square).sqrt());
            let error = own_error * (length + error) + own * error + ROUNDING * (own * length + 1.0);
            return outwards(-product - error, -product + error);
        }
        let (squared, rounding) = self.squared(dot, meta);
        let (near, far) = ((squared - rounding).max(0.0).sqrt(), (squared + rounding).max(0.0).sqrt());
        outwards(near - own_error - error, far + own_error + error)
    }

    /// Whether the lower bound is certainly above `worst`: the same at less cost, without a root. It may say no when it is.
    pub(crate) fn is_beyond(&self, dot: f64, meta: Meta, worst: f32) -> bool {
        if self.rows_square == 0.0 {
            return self.bounds(dot, meta).0 > worst;
        }
        let (squared, rounding) = self.squared(dot, meta);
        let reach = f64::from(worst) + f64::from(self.meta.error) + f64::from(meta.error);
        // More than the bound is rounded by.
        squared - rounding > reach * reach * (1.0 + 1e-5) + f64::from(f32::MIN_POSITIVE)
    }

    /// The squared distance of the codes, and what rounding may make of it.
    fn squared(&self, dot: f64, meta: Meta) -> (f64, f64) {
        let product = f64::from(self.meta.scale) * f64::from(meta.scale) * dot;
        let sum = f64::from(self.meta.square) + f64::from(meta.square);
        (sum - 2.0 * product, ROUNDING * (sum + 1.0))
    }

    /// The distance to a row, up to rounding.
    #[expect(clippy::cast_possible_truncation, reason = "a dot product of bytes fits an i32; f32 is near enough")]
    pub(crate) fn distance(&self, code: &[i8], meta: Meta) -> f32 {
        let dot = i8::dot(self.code, code).unwrap_or(0.0) as f32;
        let product = self.meta.scale * meta.scale * dot + self.meta.extra * meta.extra;
        self.meta.square + self.rows_square * meta.square - 2.0 * product
    }
}

/// Makes codes.
#[derive(Debug)]
pub(crate) struct Coder {
    metric: Metric,
    centre: Box<[f32]>,
    /// Makes the longest vector of the sample one of length 1, so that sums of squares stay in range.
    shrink: f64,
    /// Bytes of a code: whole cache lines, unless that would be mostly padding.
    stride: usize,
}

impl Coder {
    /// Learns the centre and the size of vectors from a sample.
    #[expect(clippy::cast_possible_truncation, reason = "the mean of f32s is one")]
    pub(crate) fn fit(dimension: usize, metric: Metric, sample: &[&[f32]]) -> Self {
        let unit = if dimension > 128 { 64 } else { 16 };
        let stride = dimension.max(1).next_multiple_of(unit);
        let mut coder = Self { metric, centre: vec![0.0; dimension].into(), shrink: 1.0, stride };
        let sample: Vec<Vec<f64>> = sample.iter().map(|vector| coder.prepare(vector)).collect();
        let mut sums = vec![0.0_f64; dimension];
        sample.iter().for_each(|v| sums.iter_mut().zip(v).for_each(|(sum, x)| *sum += x / sample.len() as f64));
        coder.centre = sums.iter().map(|sum| *sum as f32).collect();
        if metric != Metric::Cosine {
            let lengths = sample
                .iter()
                .map(|v| v.iter().zip(&coder.centre).map(|(x, c)| (x - f64::from(*c)).powi(2)).sum::<f64>().sqrt());
            let longest = lengths.fold(0.0, f64::max);
            coder.shrink = if longest > 0.0 { 1.0 / longest } else { 1.0 };
        }
        coder
    }

    /// Bytes of a code.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Writes the code of a row.
    pub(crate) fn row(&self, vector: &[f32], code: &mut [i8]) -> Meta {
        let prepared = self.prepare(vector);
        if self.metric == Metric::Cosine && prepared.iter().all(|x| *x == 0.0) {
            // At right angles to every vector.
            return Meta { scale: 0.0, square: 1.0, extra: 1.0, error: f32::INFINITY };
        }
        let centred: Vec<f64> =
            prepared.iter().zip(&self.centre).map(|(x, c)| (x - f64::from(*c)) * self.shrink).collect();
        let mut meta = quantise(&centred, code);
        if self.metric == Metric::Dot {
            meta.extra = (1.0 - meta.square).max(0.0).sqrt();
            meta.square = meta.square.max(1.0);
        }
        meta
    }

    /// Writes the code of a query.
    pub(crate) fn query<'a>(&self, vector: &[f32], code: &'a mut [i8]) -> Point<'a> {
        let mut prepared = self.prepare(vector);
        let rows_square = if self.metric == Metric::Dot { 0.0 } else { 1.0 };
        if self.metric != Metric::Dot {
            prepared.iter_mut().zip(&self.centre).for_each(|(x, c)| *x -= f64::from(*c));
        }
        prepared.iter_mut().for_each(|x| *x *= self.shrink);
        let meta = quantise(&prepared, code);
        Point { code, meta, rows_square }
    }

    /// A row as a point to measure from.
    pub(crate) fn point(code: &[i8], meta: Meta) -> Point<'_> {
        Point { code, meta, rows_square: 1.0 }
    }

    /// Finite, as long as the dimension, and of length 1 for cosine.
    fn prepare(&self, vector: &[f32]) -> Vec<f64> {
        let finite = vector.iter().map(|x| if x.is_finite() { f64::from(*x) } else { 0.0 });
        let mut vector: Vec<f64> = finite.chain(std::iter::repeat(0.0)).take(self.centre.len()).collect();
        if self.metric == Metric::Cosine {
            let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length > 0.0 {
                vector.iter_mut().for_each(|x| *x /= length);
            }
        }
        vector
    }
}

#[expect(clippy::cast_possible_truncation, reason = "codes are in -127..=127; the rest is near enough in f32")]
fn quantise(vector: &[f64], code: &mut [i8]) -> Meta {
    let greatest = vector.iter().fold(0.0_f64, |greatest, x| greatest.max(x.abs()));
    if greatest <= 0.0 {
        return Meta::default();
    }
    let scale = greatest / 127.0;
    let (mut sum, mut error) = (0.0, 0.0);
    for (to, x) in code.iter_mut().zip(vector) {
        *to = (x / scale).round() as i8;
        sum += f64::from(*to).powi(2);
        error += (x - f64::from(*to) * scale).powi(2);
    }
    Meta { scale: scale as f32, square: (sum * scale * scale) as f32, extra: 0.0, error: error.sqrt() as f32 }
}

/// As single precision, rounded away from each other.
#[expect(clippy::cast_possible_truncation, reason = "that is what it does")]
fn outwards(low: f64, high: f64) -> (f32, f32) {
    ((low as f32).next_down(), (high as f32).next_up())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distances(metric: Metric, query: &[f32], rows: &[Vec<f32>]) -> Vec<f32> {
        let sample: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let coder = Coder::fit(query.len(), metric, &sample);
        let mut asked = vec![0; coder.stride()];
        let point = coder.query(query, &mut asked);
        let measure = |row: &Vec<f32>| {
            let mut code = vec![0; coder.stride()];
            let meta = coder.row(row, &mut code);
            point.distance(&code, meta)
        };
        rows.iter().map(measure).collect()
    }

    #[test]
    fn codes_order_rows_as_the_metric_does() {
        let rows = vec![vec![3.0, 1.0, 0.5], vec![0.3, 0.1, 0.06], vec![-1.0, 2.0, 0.0], vec![0.0, 0.0, 0.0]];
        let query = [3.0, 1.0, 0.4];
        let order = |metric| {
            let distances = distances(metric, &query, &rows);
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|a, b| distances[*a].total_cmp(&distances[*b]));
            order
        };
        assert_eq!(order(Metric::Cosine)[3], 2, "zeros are at distance 1, nearer than the opposite");
        assert_eq!(order(Metric::Dot), [0, 1, 3, 2]);
        assert_eq!(order(Metric::Euclidean), [0, 1, 3, 2]);
    }

    #[test]
    fn great_and_tiny_numbers_stay_in_range() {
        for size in [1e-30_f32, 1.0, 1e30] {
            let rows = vec![vec![size, 0.0], vec![0.0, size], vec![size, size]];
            for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
                let distances = distances(metric, &[size, size * 0.5], &rows);
                assert!(distances.iter().all(|d| d.is_finite()), "{metric:?} {size}: {distances:?}");
                assert!(distances[0] < distances[1], "{metric:?} {size}: {distances:?}");
            }
        }
    }
}
