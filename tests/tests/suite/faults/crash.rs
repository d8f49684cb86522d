//! `kill -9` at any moment loses nothing that was acknowledged, and counts it once.

use std::collections::BTreeSet;
use std::time::Duration;

use agentdb_tests::harness::{Collection, Service};
use anyhow::{Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

const WRITERS: usize = 50;
const CRASHES: usize = 10;
/// What one small record written alone costs.
const UNITS: u64 = 2_000;
const FETCHED_AT_ONCE: usize = 100;

/// What one writer knows when the service is gone.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<String>,
    /// Sent, never answered: it may be there or not.
    unanswered: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_amid_fifty_writers_lose_no_acknowledged_record_and_count_each_once() -> Result<()> {
    let mut service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("crash").await?;
    let key = account.key("writers", "*", &["read", "write"]).await?;
    let records = account.api.with_key(&key.secret).collection("crash", "records");
    let created = records.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;

    let mut all = Seen::default();
    for crash in 0..CRASHES {
        // A little later each time, so that the kill meets other moments of the engine's work.
        let seen = write_until_killed(&mut service, &records, crash, 40 * (crash + 1)).await?;
        ensure!(!seen.acknowledged.is_empty(), "nothing was acknowledged before crash {crash}");
        all.acknowledged.extend(seen.acknowledged);
        all.unanswered.extend(seen.unanswered);
        let began = tokio::time::Instant::now();
        service.start_again().await?;
        let recovery = began.elapsed().as_secs_f64();
        let there = present(&records, &all.acknowledged).await?;
        ensure!(there.len() == all.acknowledged.len(), "lost after crash {crash}: {:?}", missing(&all, &there));
        println!("crash {crash}: {} acknowledged so far, all there; ready after {recovery:.1} s", there.len());
    }

    // A write is in the log together with its usage, so what was unanswered and is there is counted as well.
    let survivors = present(&records, &all.unanswered).await?.len();
    let writes = (all.acknowledged.len() + survivors) as u64;
    let expected = created.units("write") + writes * UNITS;
    println!("{} acknowledged, {survivors} of {} unanswered are there", all.acknowledged.len(), all.unanswered.len());
    account.usage_when(&format!("{expected} write units"), |u| u.of_key("write", &key.id) == expected).await?;
    let counted = records.count(&json!({})).await?.expect(200)?;
    assert_eq!(counted.result()["count"], writes, "{}", counted.text());
    service.stop().await
}

/// Lets the writers run until `enough` writes are acknowledged, then kills the service under them.
async fn write_until_killed(service: &mut Service, records: &Collection, crash: usize, enough: usize) -> Result<Seen> {
    let (acknowledged, mut counted) = tokio::sync::mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let records = records.clone();
        let acknowledged = acknowledged.clone();
        writers.spawn(async move {
            let mut seen = Seen::default();
            for n in 0.. {
                let id = format!("c{crash}-w{writer}-{n}");
                let record = json!({"id": id, "attributes": {"n": n}});
                match records.upsert(&[record]).await {
                    Ok(reply) if reply.status == 200 => {
                        assert_eq!(reply.units("write"), UNITS, "{}", reply.text());
                        seen.acknowledged.push(id);
                        let _ = acknowledged.send(());
                    }
                    Ok(reply) => panic!("{id}: {} {}", reply.status, reply.text()),
                    Err(_) => {
                        seen.unanswered.push(id);
                        break;
                    }
                }
            }
            seen
        });
    }
    drop(acknowledged);
    let wait = async {
        for _ in 0..enough {
            ensure!(counted.recv().await.is_some(), "all writers ended before crash {crash}");
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await??;
    service.kill().await?;
    let mut all = Seen::default();
    while let Some(seen) = writers.join_next().await {
        let seen = seen?;
        all.acknowledged.extend(seen.acknowledged);
        all.unanswered.extend(seen.unanswered);
    }
    Ok(all)
}

async fn present(records: &Collection, ids: &[String]) -> Result<BTreeSet<String>> {
    let mut there = BTreeSet::new();
    for part in ids.chunks(FETCHED_AT_ONCE) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        let reply = records.fetch(&part).await?.expect(200)?;
        there.extend(reply.ids().into_iter().map(str::to_owned));
    }
    Ok(there)
}

fn missing<'a>(all: &'a Seen, there: &BTreeSet<String>) -> Vec<&'a String> {
    all.acknowledged.iter().filter(|id| !there.contains(*id)).collect()
}
