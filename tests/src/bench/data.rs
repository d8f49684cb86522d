//! What is searched: clustered vectors, and the passages of the manual with their real vectors.

use agentdb_data_plane_embedding::{Embedder, MAX_TEXTS, TokenCounter};
use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::demo::{Passage, of_page, pages};
use crate::harness::cache;

/// Numbers of a vector.
pub const DIMENSION: usize = 384;
/// Queries, asked in turn.
const QUERIES: usize = 500;
/// How far a vector lies from its cluster's centre, both having length 1.
const SPREAD: f32 = 0.6;

/// Vectors around centres, as embeddings of real text lie, and queries of the same kind. The same in every run.
pub struct Clustered {
    pub vectors: Vec<Vec<f32>>,
    pub queries: Vec<Vec<f32>>,
}

impl Clustered {
    /// `count` vectors around `clusters` centres: the more of them share one, the harder their order is to find.
    pub fn new(count: usize, clusters: usize) -> Self {
        let mut chance = StdRng::seed_from_u64(384);
        let centres: Vec<Vec<f32>> = (0..clusters).map(|_| direction(&mut chance)).collect();
        let mut near = || {
            let centre = &centres[chance.random_range(0..clusters)];
            let away = direction(&mut chance);
            unit(centre.iter().zip(&away).map(|(a, b)| a + SPREAD * b).collect())
        };
        let vectors = (0..count).map(|_| near()).collect();
        let queries = (0..QUERIES).map(|_| near()).collect();
        Self { vectors, queries }
    }
}

/// A direction: in so many dimensions uniform numbers are near enough to having no preference.
fn direction(chance: &mut StdRng) -> Vec<f32> {
    unit((0..DIMENSION).map(|_| chance.random_range(-1.0_f32..1.0)).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

/// Passages of the manual and their vectors.
pub struct Text {
    pub passages: Vec<Passage>,
    pub vectors: Vec<Vec<f32>>,
    pub embedder: Embedder,
}

impl Text {
    pub async fn new(per_page: usize) -> Result<Self> {
        let dir = match std::env::var_os("AGENTDB_EMBEDDINGS_MODEL_DIR") {
            Some(dir) => dir.into(),
            None => cache()?.join("models/all-MiniLM-L6-v2"),
        };
        let counter = TokenCounter::load(&dir)?;
        let mut passages = Vec::new();
        for page in pages()? {
            passages.extend(of_page(&page.name, &page.source, per_page, &counter)?);
        }
        let embedder = tokio::task::spawn_blocking(move || Embedder::load(&dir)).await??;
        let mut vectors = Vec::with_capacity(passages.len());
        for part in passages.chunks(MAX_TEXTS) {
            let texts = part.iter().map(|passage| passage.text.clone()).collect();
            vectors.extend(embedder.embed(texts).await?.vectors);
        }
        Ok(Self { passages, vectors, embedder })
    }
}
