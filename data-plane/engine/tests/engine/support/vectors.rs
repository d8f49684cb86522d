//! Vectors in clusters, each a function of its number, so that as many as one likes can be made anywhere.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CLUSTERS: usize = 200;
/// How far rows lie around the middle of their cluster, whose numbers are in -1..1.
const SPREAD: f32 = 0.6;

pub struct Clustered {
    seed: u64,
    centres: Vec<Vec<f32>>,
}

impl Clustered {
    pub fn new(seed: u64, dimension: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let centres = (0..CLUSTERS).map(|_| (0..dimension).map(|_| random.random_range(-1.0..1.0)).collect());
        Self { seed, centres: centres.collect() }
    }

    /// The `i`th vector.
    pub fn vector(&self, i: usize) -> Vec<f32> {
        self.around(i as u64)
    }

    /// The `i`th query: a vector that is no row.
    pub fn query(&self, i: usize) -> Vec<f32> {
        self.around(u64::MAX - i as u64)
    }

    fn around(&self, number: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let centre = &self.centres[random.random_range(0..CLUSTERS)];
        centre.iter().map(|x| x + SPREAD * random.random_range(-1.0..1.0_f32)).collect()
    }

    /// For each query the numbers of the `k` of the first `rows` rows that are nearest by cosine, best first.
    pub fn nearest(&self, queries: &[Vec<f32>], rows: usize, k: usize) -> Vec<Vec<u32>> {
        let unit = |v: &[f32]| {
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            v.iter().map(|x| x / length).collect::<Vec<f32>>()
        };
        let queries: Vec<Vec<f32>> = queries.iter().map(|q| unit(q)).collect();
        let mut found: Vec<Vec<(f32, u32)>> = vec![Vec::with_capacity(rows); queries.len()];
        for i in 0..rows {
            let row = unit(&self.vector(i));
            for (query, found) in queries.iter().zip(&mut found) {
                found.push((-row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>(), i as u32));
            }
        }
        let best = |mut found: Vec<(f32, u32)>| {
            found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            found.into_iter().take(k).map(|(_, i)| i).collect()
        };
        found.into_iter().map(best).collect()
    }
}
