//! Bare `hnsw_rs`: the graph alone, nothing durable, nothing to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use hnsw_rs::prelude::{DistDot, Hnsw};
use tokio::time::Instant;

use super::contender::Contender;
use super::course::course;
use super::data::{Data, TOP_K};
use super::figures::Outcome;
use super::memory;
use super::share::Share;

const LINKS: usize = 16;
const LAYERS: usize = 16;
const EFFORT_OF_BUILD: usize = 200;
/// Rows inserted at once by all cores.
const PART: usize = 10_000;

struct Bare {
    graph: Hnsw<'static, f32, DistDot>,
    data: Arc<Data>,
    effort: AtomicU32,
    before: u64,
}

/// Builds and measures.
pub async fn hnsw(data: Arc<Data>, time: Duration) -> Result<Outcome> {
    let before = memory::own()?;
    let started = Instant::now();
    let graph = Hnsw::new(LINKS, data.count, LAYERS, EFFORT_OF_BUILD, DistDot {});
    for part in data.parts(PART)? {
        let (first, vectors) = part?;
        let rows: Vec<(&Vec<f32>, usize)> = vectors.iter().zip(first as usize..).collect();
        graph.parallel_insert(&rows);
    }
    let build = started.elapsed();
    println!("built in {build:?}");
    let contender = Arc::new(Bare { graph, data: Arc::clone(&data), effort: AtomicU32::new(0), before });
    let shares = course(&contender, &data, time).await?;
    Ok(Outcome { build, memory: contender.memory()?, shares })
}

impl Contender for Bare {
    const KNOB: &str = "ef";
    const EFFORTS: &[u32] = &[12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096];

    async fn prepare(&self, effort: u32, _: usize) -> Result<()> {
        self.effort.store(effort, Ordering::Relaxed);
        Ok(())
    }

    async fn search(&self, _: usize, query: usize, share: Share) -> Result<Vec<u32>> {
        let effort = self.effort.load(Ordering::Relaxed) as usize;
        let query = &self.data.queries[query];
        let passes = |id: &usize| share.passes(*id as u32);
        let found = match share {
            Share::All => self.graph.search(query, TOP_K, effort),
            Share::Tenth | Share::Hundredth => self.graph.search_filter(query, TOP_K + 1, effort, Some(&passes)),
        };
        // More clients than cores take turns.
        tokio::task::yield_now().await;
        Ok(found.iter().take(TOP_K).map(|hit| hit.d_id as u32).collect())
    }

    fn memory(&self) -> Result<u64> {
        Ok(memory::own()?.saturating_sub(self.before))
    }
}
