//! The graph beside bare `hnsw_rs` on clustered vectors: build time, memory, and for growing widths recall@10, latency
//! and queries a second on one thread and on all cores; then the graph under filters.
//!
//! `cargo run -p agentdb-data-plane-graph --example measure -- [rows] [dimension] [links] [build width] [no-baseline]`

#![expect(clippy::disallowed_methods, reason = "it measures real time")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]

use std::time::{Duration, Instant};

use agentdb_data_plane_graph::{Graph, Metric, Params, Search};
use hnsw_rs::prelude::{DistDot, Hnsw};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const CLUSTERS: usize = 1_000;
const SPREAD: f32 = 0.6;
const QUERIES: usize = 500;
const K: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, or: usize| arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(or);
    let (count, dimension, links, build_width) = (number(0, 100_000), number(1, 384), number(2, 16), number(3, 128));
    let data = Data::new(count, dimension);
    println!("{count} vectors of {dimension}, {CLUSTERS} clusters, recall@{K} of {QUERIES} queries");
    let graph = build(&data, links, build_width);
    for width in [24, 32, 48, 64, 96, 128, 192, 256] {
        data.measure("graph", width, |query, width| data.ask(&graph, query, width, usize::MAX, |_| true));
    }
    for every in [10_u32, 100] {
        println!("every {every}th row passes");
        for width in [32, 64, 128] {
            data.measure_filtered(&graph, width, every);
        }
    }
    if arguments.iter().all(|a| a != "no-baseline") {
        baseline(&data, links, build_width);
    }
}

fn build(data: &Data, links: usize, build_width: usize) -> Graph {
    let began = Instant::now();
    let sample: Vec<&[f32]> = data.vectors.iter().step_by(data.vectors.len() / 1_000 + 1).map(Vec::as_slice).collect();
    let graph = Graph::new(data.dimension, Metric::Cosine, Params { links, build_width, seed: 1 }, &sample);
    let rows: Vec<(u32, &[f32])> = (0..).zip(data.vectors.iter().map(Vec::as_slice)).collect();
    graph.add(&rows, &|| false);
    let bytes = graph.memory_bytes() / graph.len().max(1);
    println!("graph: built in {:.1} s on one thread, {bytes} bytes a row", began.elapsed().as_secs_f32());
    graph
}

fn baseline(data: &Data, links: usize, build_width: usize) {
    let began = Instant::now();
    let index = Hnsw::<f32, DistDot>::new(links, data.vectors.len(), 16, build_width, DistDot);
    let rows: Vec<(&Vec<f32>, usize)> = data.vectors.iter().zip(0..).collect();
    index.parallel_insert(&rows);
    println!("hnsw_rs: built in {:.1} s on all cores", began.elapsed().as_secs_f32());
    for width in [24, 32, 48, 64, 96, 128, 192, 256] {
        data.measure("hnsw_rs", width, |query, width| {
            index.search(query, K, width).iter().map(|n| u32::try_from(n.d_id).expect("fits")).collect()
        });
    }
}

struct Data {
    dimension: usize,
    vectors: Vec<Vec<f32>>,
    queries: Vec<Vec<f32>>,
    truth: Vec<Vec<u32>>,
}

impl Data {
    fn new(count: usize, dimension: usize) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(384);
        let centres: Vec<Vec<f32>> = (0..CLUSTERS).map(|_| direction(dimension, &mut chance)).collect();
        let mut near = || {
            let centre = &centres[chance.random_range(0..CLUSTERS)];
            let away = direction(dimension, &mut chance);
            unit(centre.iter().zip(&away).map(|(a, b)| a + SPREAD * b).collect())
        };
        let vectors: Vec<Vec<f32>> = (0..count).map(|_| near()).collect();
        let queries: Vec<Vec<f32>> = (0..QUERIES).map(|_| near()).collect();
        let truth = queries.iter().map(|query| nearest(query, &vectors, |_| true)).collect();
        Self { dimension, vectors, queries, truth }
    }

    /// A search and the exact order of what it found.
    fn ask(&self, graph: &Graph, query: &[f32], width: usize, visits: usize, accept: impl Fn(u32) -> bool) -> Vec<u32> {
        let found = graph.search(query, Search { width, enough: usize::MAX, visits }, &mut |label| accept(label));
        let mut near: Vec<(f32, u32)> =
            found.near.iter().map(|(label, _)| (-dot(query, &self.vectors[*label as usize]), *label)).collect();
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        near.into_iter().take(K).map(|(_, label)| label).collect()
    }

    fn measure(&self, name: &str, width: usize, ask: impl Fn(&[f32], usize) -> Vec<u32> + Sync) {
        let mut times: Vec<Duration> = Vec::new();
        let mut hits = 0;
        for (query, truth) in self.queries.iter().zip(&self.truth) {
            let began = Instant::now();
            let found = ask(query, width);
            times.push(began.elapsed());
            hits += found.iter().filter(|label| truth.contains(label)).count();
        }
        let alone = QUERIES as f64 / times.iter().sum::<Duration>().as_secs_f64();
        let (threads, began) = (std::thread::available_parallelism().map_or(1, usize::from), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.queries.iter().for_each(|query| drop(std::hint::black_box(ask(query, width)))));
            }
        });
        let together = (QUERIES * threads) as f64 / began.elapsed().as_secs_f64();
        times.sort_unstable();
        println!(
            "{name} width {width}: recall {:.4}, p50 {:.3} ms, p99 {:.3} ms, {alone:.0}/s alone, {together:.0}/s on {threads} threads",
            hits as f64 / (QUERIES * K) as f64,
            times[QUERIES / 2].as_secs_f64() * 1e3,
            times[QUERIES * 99 / 100].as_secs_f64() * 1e3,
        );
    }

    fn measure_filtered(&self, graph: &Graph, width: usize, every: u32) {
        let passes = |label: u32| label.is_multiple_of(every);
        let (mut times, mut hits, mut visits) = (Vec::new(), 0, 0);
        for query in self.queries.iter().take(100) {
            let truth = nearest(query, &self.vectors, passes);
            let began = Instant::now();
            let found = self.ask(graph, query, width, usize::MAX, passes);
            times.push(began.elapsed());
            visits += graph
                .search(query, Search { width, enough: usize::MAX, visits: usize::MAX }, &mut |label| passes(label))
                .visits;
            hits += found.iter().filter(|label| truth.contains(label)).count();
        }
        times.sort_unstable();
        println!(
            "graph width {width}: recall {:.4}, p50 {:.3} ms, p99 {:.3} ms, {} rows looked at",
            hits as f64 / (100 * K) as f64,
            times[50].as_secs_f64() * 1e3,
            times[99].as_secs_f64() * 1e3,
            visits / 100
        );
    }
}

fn nearest(query: &[f32], vectors: &[Vec<f32>], passes: impl Fn(u32) -> bool) -> Vec<u32> {
    let rows = (0_u32..).zip(vectors).filter(|(label, _)| passes(*label));
    let mut near: Vec<(f32, u32)> = rows.map(|(label, vector)| (-dot(query, vector), label)).collect();
    near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    near.into_iter().take(K).map(|(_, label)| label).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    <f32 as simsimd::SpatialSimilarity>::dot(a, b).unwrap_or(0.0) as f32
}

fn direction(dimension: usize, chance: &mut ChaCha8Rng) -> Vec<f32> {
    unit((0..dimension).map(|_| chance.random_range(-1.0_f32..1.0)).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}
