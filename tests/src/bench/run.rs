use std::sync::Arc;

use anyhow::Result;
use tokio::time::Instant;

use super::admission;
use super::data::{Clustered, Text};
use super::direct::Direct;
use super::machine::machine;
use super::options::Options;
use super::page;
use super::report::{Pair, Report};
use super::service::Served;
use crate::demo::questions;
use crate::harness::Scratch;

const CLIENTS: [usize; 2] = [1, 8];
const CLUSTERS: usize = 1_000;

/// Measures, prints and writes the page.
///
/// # Errors
/// Anything that did not answer as it should.
pub async fn run(options: Options) -> Result<()> {
    let machine = machine();
    let mut scratch = Scratch::new()?;
    let started = Instant::now();
    let told = |what: &str| println!("{:>4} s  {what}", started.elapsed().as_secs());
    let clustered = Clustered::new(options.vectors, CLUSTERS);
    told("vectors made");
    let embedding = Instant::now();
    let text = Text::new(options.passages_per_page).await?;
    let embedded_per_second = text.passages.len() as f64 / embedding.elapsed().as_secs_f64();
    told("passages embedded");
    let direct = Direct::open(&scratch, &clustered, &text).await?;
    told("engine filled and folded");
    let served = Served::open(&clustered, &text).await?;
    told("service filled");

    let questions: Arc<Vec<String>> = Arc::new(questions().map(str::to_owned).collect());
    let queries = Arc::new(clustered.queries);
    let pair = |what: &str| Pair { what: what.to_owned(), engine: Vec::new(), http: Vec::new() };
    let (mut near, mut hybrid, mut words) = (pair("nearest vectors"), pair("hybrid"), pair("full text"));
    for clients in CLIENTS {
        near.engine.push(direct.vectors(clients, options.time, &queries).await?);
        near.http.push(served.vectors(clients, options.time, &queries).await?);
        hybrid.engine.push(direct.hybrid(clients, options.time, &text, &questions).await?);
        hybrid.http.push(served.text("hybrid", clients, options.time, &questions).await?);
        words.engine.push(direct.words(clients, options.time, &questions).await?);
        words.http.push(served.text("text", clients, options.time, &questions).await?);
        told(&format!("measured with {clients} clients"));
    }
    let admission = admission::measure(&scratch, options.time).await?;
    let report = Report {
        machine,
        vectors: options.vectors,
        passages: text.passages.len(),
        embedded_per_second,
        pairs: vec![near, hybrid, words],
        admission,
    };
    served.close().await?;
    direct.close().await;
    scratch.succeed();
    let page = report.page();
    println!("\n{page}");
    page::put(&options.out, "bench", &page)?;
    println!("written to {}", options.out.display());
    Ok(())
}
