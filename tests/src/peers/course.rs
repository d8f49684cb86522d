//! What every contender goes through.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::contender::Contender;
use super::data::{CLIENTS, Data, TOP_K};
use super::figures::{Loop, OfShare};
use super::share::Share;
use crate::bench::measure::closed_loop;

/// The share of true neighbours that a search has to find.
pub const WANTED: f64 = 0.95;
/// The recall of a slow search is known well enough after this time and so many queries.
const ENOUGH: Duration = Duration::from_secs(15);
const AT_LEAST: usize = 50;

/// Finds the effort for each share and measures with it, `time` for each number of clients.
pub async fn course<C: Contender>(contender: &Arc<C>, data: &Arc<Data>, time: Duration) -> Result<Vec<OfShare>> {
    let mut shares = Vec::new();
    for share in Share::EACH {
        let (effort, recall) = tune(&**contender, data, share).await?;
        let effort = if C::KNOB.is_empty() { String::new() } else { format!("{} {effort}", C::KNOB) };
        println!("{share:?}: {effort} recall {recall:.4}");
        let mut loops = Vec::new();
        for clients in CLIENTS {
            loops.push(ask(contender, data, share, clients, time).await?);
            println!("{share:?}: {:?}", loops.last());
        }
        shares.push(OfShare { below: share.below(), effort, recall, loops });
    }
    Ok(shares)
}

/// The least effort that reaches the recall on the tuning queries and holds it on the measured ones, whose recall is
/// given; or the most there is.
async fn tune<C: Contender>(contender: &C, data: &Data, share: Share) -> Result<(u32, f64)> {
    let clients = CLIENTS.into_iter().max().unwrap_or(1);
    // More effort finds no less, so the least is found by halving: some servers have to start for another.
    let (mut least, mut most) = (0, C::EFFORTS.len().saturating_sub(1));
    while least < most {
        let middle = least.midpoint(most);
        contender.prepare(C::EFFORTS[middle], clients).await?;
        if recall(contender, data, share, data.tuning()).await? < WANTED {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    let mut reached = (0, 0.0);
    for &effort in &C::EFFORTS[least..] {
        contender.prepare(effort, clients).await?;
        reached = (effort, recall(contender, data, share, data.measured()).await?);
        if reached.1 >= WANTED {
            break;
        }
    }
    Ok(reached)
}

/// Recall on the queries; on the first of them when each takes long.
async fn recall<C: Contender>(contender: &C, data: &Data, share: Share, queries: Range<usize>) -> Result<f64> {
    let begun = Instant::now();
    let (mut asked, mut found) = (0, 0);
    for query in queries {
        let truth = data.answer(share, query);
        let answer = contender.search(0, query, share).await?;
        found += truth.iter().filter(|id| answer.contains(id)).count();
        asked += 1;
        if asked >= AT_LEAST && begun.elapsed() > ENOUGH {
            break;
        }
    }
    Ok(found as f64 / (asked * TOP_K) as f64)
}

async fn ask<C: Contender>(
    contender: &Arc<C>,
    data: &Arc<Data>,
    share: Share,
    clients: usize,
    time: Duration,
) -> Result<Loop> {
    let (contender, queries) = (Arc::clone(contender), data.measured());
    let figures = closed_loop(clients, time, move |client, number| {
        let contender = Arc::clone(&contender);
        let query = queries.start + number % queries.len();
        async move {
            let found = contender.search(client, query, share).await?;
            anyhow::ensure!(!found.is_empty(), "query {query} found nothing");
            Ok(())
        }
    })
    .await?;
    Ok(Loop::from(figures))
}
