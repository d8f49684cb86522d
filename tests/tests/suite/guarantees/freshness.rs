//! An acknowledged write is seen by whoever asks next.

use agentdb_tests::harness::{Collection, Place, Service};
use anyhow::{Context as _, Result, ensure};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

/// Writes, each of one record. `AGENTDB_TEST_FRESH_WRITES` sets another number.
const WRITES: usize = 10_000;
const WORKERS: usize = 16;
const DIMENSION: usize = 8;
/// Folds run all the time, so that rows are read from memory, from tables, and while they move.
const FOLDS: [(&str, &str); 2] = [("node.engine.fold_rows", "500"), ("node.engine.fold_interval_s", "1")];

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_write_is_read_back_at_once_on_another_connection() -> Result<()> {
    let writes = match std::env::var("AGENTDB_TEST_FRESH_WRITES") {
        Ok(text) => text.parse().context("AGENTDB_TEST_FRESH_WRITES")?,
        Err(_) => WRITES,
    };
    ensure!(writes >= 100, "AGENTDB_TEST_FRESH_WRITES={writes} would show nothing");
    let service = Service::with(Place::Directory, &FOLDS).await?;
    let account = service.account().await?;
    account.namespace("fresh").await?;
    let api = account.data().await?;
    let schema = json!({"vector": {"dimension": DIMENSION, "metric": "euclidean"}, "attributes": {"n": "int"}});
    api.collection("fresh", "writes").create(&schema).await?.expect(201)?;

    let began = tokio::time::Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let both = Both {
            writer: api.on_new_connection()?.collection("fresh", "writes"),
            reader: api.on_new_connection()?.collection("fresh", "writes"),
        };
        workers.spawn(work(both, worker, writes));
    }
    let mut done = Done::default();
    while let Some(outcome) = workers.join_next().await {
        done.add(&outcome??);
    }
    println!(
        "{} new records, {} replaced, {} removed, each read back by query and by fetch, 0 stale, in {:.1} s",
        done.new,
        done.replaced,
        done.removed,
        began.elapsed().as_secs_f64()
    );
    assert_eq!(done.new + done.replaced + done.removed, writes);
    let left = api.collection("fresh", "writes").count(&json!({})).await?.expect(200)?;
    assert_eq!(left.result()["count"], done.new - done.removed, "{}", left.text());
    service.stop().await
}

#[derive(Default)]
struct Done {
    new: usize,
    replaced: usize,
    removed: usize,
}

impl Done {
    fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.replaced += other.replaced;
        self.removed += other.removed;
    }
}

/// Two connections to one collection.
struct Both {
    writer: Collection,
    reader: Collection,
}

/// A record as it was last written: its number gives its vector.
struct Written {
    id: String,
    n: usize,
}

/// Every tenth write removes one of the worker's records, every third replaces one, the others are new.
async fn work(both: Both, worker: usize, writes: usize) -> Result<Done> {
    let mut rng = StdRng::seed_from_u64(worker as u64);
    let mut own: Vec<Written> = Vec::new();
    let mut done = Done::default();
    for (turn, n) in (worker..writes).step_by(WORKERS).enumerate() {
        if turn % 10 == 9 {
            let gone = own.swap_remove(rng.random_range(0..own.len()));
            both.remove(&gone).await?;
            done.removed += 1;
        } else if turn % 3 == 2 {
            let at = rng.random_range(0..own.len());
            let before = own[at].n;
            own[at].n = n;
            both.write(&own[at]).await?;
            both.is_gone(&own[at].id, before).await?;
            done.replaced += 1;
        } else {
            let new = Written { id: format!("w{n}"), n };
            both.write(&new).await?;
            own.push(new);
            done.new += 1;
        }
    }
    Ok(done)
}

impl Both {
    async fn write(&self, record: &Written) -> Result<()> {
        let (id, n, vector) = (&record.id, record.n, vector(record.n));
        let written = json!({"id": id, "vector": vector, "attributes": {"n": n}});
        let commit = self.writer.upsert(&[written]).await?.expect(200)?.commit()?;
        let asked = json!({"vector": vector, "top_k": 1, "include": ["attributes"]});
        let found = self.reader.query(&asked).await?.expect(200)?;
        ensure!(is(&found.ids(), found.hits(), id, n), "{id} is not found: {}", found.text());
        ensure!(found.commit()? >= commit, "the query saw commit {} after {commit}", found.commit()?);
        let fetched = self.reader.fetch(&[id]).await?.expect(200)?;
        ensure!(is(&fetched.ids(), fetched.records(), id, n), "{id} is not there: {}", fetched.text());
        ensure!(fetched.commit()? >= commit, "the fetch saw commit {} after {commit}", fetched.commit()?);
        Ok(())
    }

    async fn remove(&self, record: &Written) -> Result<()> {
        let id = &record.id;
        let removed = self.writer.delete(&[id]).await?.expect(200)?;
        ensure!(removed.result()["deleted"] == 1, "{id}: {}", removed.text());
        self.is_gone(id, record.n).await?;
        let fetched = self.reader.fetch(&[id]).await?.expect(200)?;
        ensure!(fetched.records().is_empty(), "{id} is still there: {}", fetched.text());
        ensure!(fetched.commit()? >= removed.commit()?, "the fetch saw commit {}", fetched.commit()?);
        Ok(())
    }

    /// What the record was at number `n` is found no more.
    async fn is_gone(&self, id: &str, n: usize) -> Result<()> {
        let asked = json!({"vector": vector(n), "top_k": 3, "include": ["attributes"]});
        let found = self.reader.query(&asked).await?.expect(200)?;
        let stale = found.hits().iter().any(|hit| hit["id"] == id && hit["attributes"]["n"] == n);
        ensure!(!stale, "{id} is still found as it was: {}", found.text());
        Ok(())
    }
}

fn is(ids: &[&str], records: &[Value], id: &str, n: usize) -> bool {
    ids == [id] && records.first().is_some_and(|record| record["attributes"]["n"] == n)
}

/// The same number always gives the same vector, and no two numbers the same.
fn vector(n: usize) -> Vec<Value> {
    let mut rng = StdRng::seed_from_u64(n as u64);
    (0..DIMENSION).map(|_| json!(f64::from(rng.random_range(-1.0_f32..1.0)))).collect()
}
