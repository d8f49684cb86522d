//! The way from a stranger to a checked bill.

use std::time::Duration;

use agentdb_data_plane_embedding::TokenCounter;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::Client;
use super::ingest::ingest;
use super::options::Options;
use super::pages;
use super::passages::{Passage, of_page};
use super::questions::{PASS, QUESTIONS, Question, TOP};
use super::report::{adds_up, agree, print_invoice, print_usage, thousands};
use super::tally::Did;
use crate::harness::{Account, Api, Service, cache};

const NAMESPACE: &str = "manual";
const COLLECTION: &str = "passages";
/// Characters of a passage that are shown.
const SHOWN: usize = 160;

/// Steps with the time each took.
struct Steps {
    started: Instant,
    rows: Vec<(String, Duration)>,
}

impl Steps {
    fn done(&mut self, what: impl Into<String>) {
        self.rows.push((what.into(), self.started.elapsed()));
        self.started = Instant::now();
    }
}

/// Runs the demo.
///
/// # Errors
/// Anything the service refused, usage that is not what was done, or too few questions answered.
pub async fn run(options: Options) -> Result<()> {
    let (texts, counter) = (pages()?, token_counter()?);
    let mut steps = Steps { started: Instant::now(), rows: Vec::new() };
    let mut passages = Vec::new();
    for page in &texts {
        let of_page = of_page(&page.name, &page.source, options.passages_per_page, &counter)?;
        ensure!(!of_page.is_empty(), "{} has no text", page.name);
        passages.extend(of_page);
    }
    let cut = format!("{} pages cut into {} passages", thousands(texts.len() as u64), thousands(passages.len() as u64));
    println!(
        "the PostgreSQL manual: {cut} of 120 to 200 tokens, at most {} a page: the first of each section, then the \
         second of each, and so on",
        options.passages_per_page
    );
    steps.done(cut);
    match &options.url {
        Some(url) => against(url, &options, &passages, &counter, steps).await,
        None => {
            let service = Service::on(options.place).await?;
            steps.done(format!("own service started, data in {:?}", options.place));
            println!("own service at {} (data: {:?})", service.base(), options.place);
            against(&service.base(), &options, &passages, &counter, steps).await?;
            service.stop().await
        }
    }
}

fn token_counter() -> Result<TokenCounter> {
    let dir = match std::env::var_os("AGENTDB_EMBEDDINGS_MODEL_DIR") {
        Some(dir) => dir.into(),
        None => cache()?.join("models/all-MiniLM-L6-v2"),
    };
    Ok(TokenCounter::load(&dir)?)
}

async fn against(
    url: &str,
    options: &Options,
    passages: &[Passage],
    counter: &TokenCounter,
    mut steps: Steps,
) -> Result<()> {
    let (account, client) = set_up(url, &mut steps).await?;
    let commit = ingest(&client, passages, options).await?;
    steps.done(format!("{} passages ingested and embedded", thousands(passages.len() as u64)));

    let reply = client.patiently(Did::Read { records: 0 }, async |c| c.count(&json!({})).await).await?;
    let stored = reply.result()["count"].as_u64().or(reply.result().as_u64());
    ensure!(stored == Some(passages.len() as u64), "{} passages written, but {}", passages.len(), reply.text());
    ensure!(reply.commit()? >= commit, "the count is older than the last write");

    let mut found = 0;
    let mut times = Vec::new();
    for (number, question) in QUESTIONS.iter().enumerate() {
        let (hit, time) = ask(&client, number + 1, question, counter).await?;
        found += usize::from(hit);
        times.push(time);
    }
    steps.done(format!("{} questions asked", QUESTIONS.len()));

    let tally = client.tally();
    let settled = account.usage_when("usage equal to what was done", |usage| agree(&tally, usage)).await;
    let usage = match settled {
        Ok(usage) => usage,
        Err(_) => account.usage().await?,
    };
    let invoice = account.invoice().await?;
    steps.done("usage reported and invoiced");
    print_invoice(&invoice);
    let equal = print_usage(&tally, &usage, &invoice);

    times.sort_unstable();
    println!("\n| step | time |\n|---|---:|");
    for (what, time) in &steps.rows {
        println!("| {what} | {:.1} s |", time.as_secs_f64());
    }
    println!(
        "| a question, median and slowest | {:.0} ms, {:.0} ms |",
        millis(times[times.len() / 2]),
        millis(times[times.len() - 1])
    );
    println!("| data requests, waits for the edition's rate | {}, {} |", thousands(tally.requests), client.waits());
    println!("| questions with their page among the first {TOP} | {found} of {} |", QUESTIONS.len());
    ensure!(adds_up(&invoice), "the invoice's lines do not add up to its total");
    ensure!(equal, "usage differs from what was done");
    ensure!(found >= PASS, "only {found} questions found their page, {PASS} must");
    println!("\ngreen: usage is what was done, and {found} of {} questions found their page", QUESTIONS.len());
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// From nobody to an empty collection.
async fn set_up(url: &str, steps: &mut Steps) -> Result<(Account, Client)> {
    let account = Account::sign_up(&Api::anonymous(url)?).await.with_context(|| format!("sign-up at {url}"))?;
    let edition = account.api.get(&account.path("/edition")).await?.expect(200)?;
    println!("signed up and verified as {}, organisation {} ({})", account.email, account.org, edition.json["edition"]);
    let key = account.key("demo", NAMESPACE, &["read", "write"]).await?;
    let id = account.namespace(NAMESPACE).await?;
    println!("API key {}, namespace {id}", key.id);
    let client = Client::new(account.api.with_key(&key.secret).collection(NAMESPACE, COLLECTION));
    let schema = json!({
        "text": {"language": "en"},
        "embedding_model": "all-MiniLM-L6-v2",
        "attributes": {"page": "string", "title": "string", "number": "int"},
    });
    client.patiently(Did::Create, async |c| c.create(&schema).await).await?;
    steps.done("signed up, verified, key, namespace, collection");
    Ok((account, client))
}

/// Asks one question, shows what came, and tells whether one of its pages is among the first.
async fn ask(client: &Client, number: usize, question: &Question, counter: &TokenCounter) -> Result<(bool, Duration)> {
    let tokens = counter.tokens(question.text)?.ids.len() as u64;
    let body = json!({"text": question.text, "mode": "hybrid", "top_k": TOP, "include": ["text", "attributes"]});
    let started = Instant::now();
    let reply = client.patiently(Did::Query { tokens }, async |c| c.query(&body).await).await?;
    let time = started.elapsed();
    let hits = hits(reply.result()).with_context(|| format!("no hits in {}", reply.text()))?;
    let page = |hit: &Value| hit["attributes"]["page"].as_str().unwrap_or_default().to_owned();
    let place = hits.iter().position(|hit| question.pages.contains(&page(hit).as_str()));
    println!("\n{number}. {}", question.text);
    for (rank, hit) in hits.iter().enumerate().take(TOP) {
        let mark = if Some(rank) == place { "*" } else { " " };
        let score = hit["score"].as_f64().unwrap_or(f64::NAN);
        println!("  {mark} {score:.4} {:<34} {}", page(hit), excerpt(hit["text"].as_str().unwrap_or_default()));
    }
    println!(
        "    {}; {:.0} ms; receipt: {} milli-units of query, {} tokens, commit {}",
        place.map_or_else(|| "page NOT found".to_owned(), |rank| format!("page found at {}", rank + 1)),
        millis(time),
        reply.units("query"),
        reply.units("embedding_tokens"),
        reply.commit()?,
    );
    Ok((place.is_some(), time))
}

/// The hits of a query's result, which is the list or holds it.
fn hits(result: &Value) -> Option<&Vec<Value>> {
    result.as_array().or_else(|| result["hits"].as_array())
}

/// The beginning of a passage after its heading, on one line.
fn excerpt(text: &str) -> String {
    let body = text.split_once('\n').map_or(text, |(_, body)| body).replace('\n', " ");
    body.chars().take(SHOWN).collect()
}
