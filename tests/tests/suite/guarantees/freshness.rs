//! An acknowledged write is seen by whoever asks next.

use agentdb_tests::harness::{Collection, Service};
use anyhow::{Context as _, Result, ensure};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

/// Writes, each of one record. `AGENTDB_TEST_FRESH_WRITES` sets another number.
const WRITES: usize = 10_000;
const WORKERS: usize = 16;
const DIMENSION: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_write_is_read_back_at_once_on_another_connection() -> Result<()> {
    let writes = match std::env::var("AGENTDB_TEST_FRESH_WRITES") {
        Ok(text) => text.parse().context("AGENTDB_TEST_FRESH_WRITES")?,
        Err(_) => WRITES,
    };
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("fresh").await?;
    let api = account.data().await?;
    let schema = json!({"vector": {"dimension": DIMENSION, "metric": "euclidean"}, "attributes": {"n": "int"}});
    api.collection("fresh", "writes").create(&schema).await?.expect(201)?;

    let began = tokio::time::Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let writer = api.on_new_connection()?.collection("fresh", "writes");
        let reader = api.on_new_connection()?.collection("fresh", "writes");
        let own = (worker..writes).step_by(WORKERS);
        workers.spawn(async move {
            for n in own {
                write_and_read_back(&writer, &reader, n).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(outcome) = workers.join_next().await {
        outcome??;
    }
    println!(
        "{writes} writes, each read back by query and by fetch, 0 stale, in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    service.stop().await
}

async fn write_and_read_back(writer: &Collection, reader: &Collection, n: usize) -> Result<()> {
    let id = format!("w{n}");
    let vector = vector(n);
    let record = json!({"id": id, "vector": vector, "attributes": {"n": n}});
    let commit = writer.upsert(&[record]).await?.expect(200)?.commit()?;

    let found = reader.query(&json!({"vector": vector, "top_k": 1, "include": ["attributes"]})).await?.expect(200)?;
    let n_of = |records: &[Value]| records.first().map(|record| record["attributes"]["n"].clone());
    ensure!(
        found.ids() == [id.as_str()] && n_of(found.hits()) == Some(json!(n)),
        "{id} is not found: {}",
        found.text()
    );
    ensure!(found.commit()? >= commit, "the query saw commit {} after {commit}", found.commit()?);

    let fetched = reader.fetch(&[&id]).await?.expect(200)?;
    ensure!(
        fetched.ids() == [id.as_str()] && n_of(fetched.records()) == Some(json!(n)),
        "{id} is not there: {}",
        fetched.text()
    );
    ensure!(fetched.commit()? >= commit, "the fetch saw commit {} after {commit}", fetched.commit()?);
    Ok(())
}

/// The same number always gives the same vector, and no two numbers the same.
fn vector(n: usize) -> Vec<Value> {
    let mut rng = StdRng::seed_from_u64(n as u64);
    (0..DIMENSION).map(|_| json!(f64::from(rng.random_range(-1.0_f32..1.0)))).collect()
}
