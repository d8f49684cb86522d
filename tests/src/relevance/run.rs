//! Asks for every page by its line, and counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::collection::Collection;
use super::pages::{Page, SOURCES};
use crate::bench::page::put;

/// Answers that are looked at.
const TOP_K: usize = 10;

/// What was found in one language.
struct Found {
    language: &'static str,
    pages: usize,
    first: usize,
    among_ten: usize,
    median: Duration,
}

/// Measures all languages and writes `docs/performance.md`.
///
/// # Errors
/// When the pages cannot be fetched or the engine fails.
pub async fn run(page: &Path) -> Result<()> {
    let mut all = Vec::new();
    for source in SOURCES {
        let found = language(source.language, source.pages()?).await?;
        println!(
            "{}: {} pages, first {:.3}, among ten {:.3}, median {:?}",
            found.language,
            found.pages,
            share(found.first, found.pages),
            share(found.among_ten, found.pages),
            found.median
        );
        all.push(found);
    }
    put(page, "texts", &report(&all))
}

async fn language(language: &'static str, pages: Vec<Page>) -> Result<Found> {
    let mut same: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for page in &pages {
        same.entry(&page.about).or_default().push(&page.name);
    }
    let collection = Collection::of(pages.iter().map(|p| (p.name.clone(), p.text.clone())).collect()).await?;
    let (mut first, mut among_ten, mut times) = (0, 0, Vec::new());
    for page in &pages {
        let asked = Instant::now();
        let found = collection.ask(&page.about, TOP_K).await?;
        times.push(asked.elapsed());
        // Several pages may say the same of themselves; each of them is right.
        let right = |id: &String| same[page.about.as_str()].contains(&id.as_str());
        first += usize::from(found.first().is_some_and(right));
        among_ten += usize::from(found.iter().any(right));
    }
    collection.close().await;
    times.sort_unstable();
    Ok(Found { language, pages: pages.len(), first, among_ten, median: times[times.len() / 2] })
}

#[expect(clippy::cast_precision_loss, reason = "hundreds of pages")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn report(all: &[Found]) -> String {
    let mut text = String::from(
        "## Full text in three languages\n\nWritten by `make texts`. Manual pages (Debian packages `manpages`, \
         `manpages-zh`, `manpages-ja`): the question is the line that a page has about itself, the text is the page \
         without it, and right is the page of that line. BM25 through the engine, one collection a language, folded and \
         in memory.\n\n| language | pages | right page first | among the first ten | p50 |\n|---|---:|---:|---:|---:|\n",
    );
    for found in all {
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} % | {:.1} % | {:.2} ms |",
            found.language,
            found.pages,
            100.0 * share(found.first, found.pages),
            100.0 * share(found.among_ten, found.pages),
            found.median.as_secs_f64() * 1e3
        );
    }
    text
}
