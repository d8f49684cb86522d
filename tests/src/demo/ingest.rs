//! Passages into the collection, several upserts at once, with progress.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::Client;
use super::options::Options;
use super::passages::Passage;
use super::report::{clock, thousands};
use super::tally::Did;

/// Bytes of text a record may have so that with its vector and attributes it stays below 4 KiB, one step of the price.
const MOST_BYTES: usize = 2_000;

/// Writes all passages; returns the last commit.
pub async fn ingest(client: &Client, passages: &[Passage], options: &Options) -> Result<u64> {
    for passage in passages {
        ensure!(passage.text.len() <= MOST_BYTES, "{} is over {MOST_BYTES} bytes", passage.id());
    }
    let batches = batches(passages, options.batch);
    let started = Instant::now();
    let mut shown = started;
    let (mut done, mut last) = (0, 0);
    let mut replies = stream::iter(batches.iter().enumerate().map(|(number, batch)| write(client, number, batch)))
        .buffer_unordered(options.writers);
    while let Some((records, commit)) = replies.try_next().await? {
        done += records;
        last = last.max(commit);
        if shown.elapsed() >= Duration::from_secs(5) || done == passages.len() {
            shown = Instant::now();
            let spent = started.elapsed();
            println!(
                "  {:>6} of {} passages ({:>3} %), commit {last}, {:.0} passages/s, {}",
                thousands(done as u64),
                thousands(passages.len() as u64),
                done * 100 / passages.len(),
                done as f64 / spent.as_secs_f64(),
                clock(spent),
            );
        }
    }
    Ok(last)
}

/// A lone record would cost as much as two: the price has a floor a request, so the last batch is never that small.
fn batches(passages: &[Passage], size: usize) -> Vec<&[Passage]> {
    let size = size.max(2);
    let whole = passages.len() / size * size;
    let rest = passages.len() - whole;
    let cut = if rest == 1 && whole > size { whole - 1 } else { whole };
    let mut batches: Vec<_> = passages[..cut].chunks(size).collect();
    if cut < passages.len() {
        batches.push(&passages[cut..]);
    }
    batches
}

async fn write(client: &Client, number: usize, batch: &[Passage]) -> Result<(usize, u64)> {
    let records: Vec<Value> = batch.iter().map(record).collect();
    let tokens = batch.iter().map(|passage| passage.tokens).sum();
    let did = Did::Upsert { records: records.len() as u64, tokens };
    // The key makes repeating safe: an upsert that was done already is answered again and not counted again.
    let key = format!("manual-{number}");
    let reply = client.patiently(did, async |collection| collection.upsert_once(&key, &records).await).await?;
    Ok((records.len(), reply.commit()?))
}

fn record(passage: &Passage) -> Value {
    json!({
        "id": passage.id(),
        "text": passage.text,
        "attributes": {"page": passage.page, "title": passage.title, "number": passage.number},
        "metadata": {"section": passage.section},
    })
}
