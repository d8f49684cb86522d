//! `kill -9` at any moment loses nothing that was acknowledged, and counts it once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use agentdb_tests::harness::{Collection, Place, Service, Tally};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const WRITERS: usize = 50;
const CRASHES: i64 = 10;
/// What one small record written, or removed, alone costs.
const UNITS: u64 = 2_000;
const FETCHED_AT_ONCE: usize = 100;
/// Small and often, so that kills meet folds, checkpoints and trims as well.
const FOLDS: [(&str, &str); 2] = [("node.engine.fold_rows", "150"), ("node.engine.fold_interval_s", "1")];

/// One write: the record's number, or `None` when it is removed. A number is never used twice.
#[derive(Clone, Debug)]
struct Write {
    id: String,
    n: Option<i64>,
}

/// What the writers know when the service is gone.
#[derive(Default)]
struct Seen {
    /// In the order of each writer; no two writers have an id in common.
    acknowledged: Vec<Write>,
    /// Sent, never answered: each may be done or not.
    in_doubt: Vec<Write>,
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_amid_fifty_writers_lose_no_acknowledged_write_and_count_each_once() -> Result<()> {
    let mut service = Service::with(Place::Directory, &FOLDS).await?;
    let account = service.account().await?;
    account.namespace("crash").await?;
    let key = account.key("writers", "*", &["read", "write"]).await?;
    let records = account.api.with_key(&key.secret).collection("crash", "records");
    let mut reads = Tally::default();
    let created = reads.add(records.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?);

    // What must be there, by id: the number, or that it was removed.
    let mut model: BTreeMap<String, Option<i64>> = BTreeMap::new();
    let (mut acknowledged, mut in_doubt, mut survived) = (0, 0, 0);
    for crash in 0..CRASHES {
        // A little later each time, so that the kill meets other moments of the engine's work.
        let enough = 40 * usize::try_from(crash + 1)?;
        let seen = write_until_killed(&mut service, &records, crash, enough).await?;
        ensure!(!seen.acknowledged.is_empty(), "nothing was acknowledged before crash {crash}");
        acknowledged += seen.acknowledged.len();
        in_doubt += seen.in_doubt.len();
        model.extend(seen.acknowledged.into_iter().map(|write| (write.id, write.n)));
        // As the build of an index leaves it that is killed.
        let left = service.data_dir().join("scratch/left");
        std::fs::write(&left, "vectors").with_context(|| left.display().to_string())?;
        let began = tokio::time::Instant::now();
        service.start_again().await?;
        let recovery = began.elapsed().as_secs_f64();
        ensure!(!left.exists(), "after crash {crash}: {} is there still", left.display());

        let ids: Vec<String> = model.keys().cloned().chain(seen.in_doubt.iter().map(|w| w.id.clone())).collect();
        let there = numbers(&records, &ids, &mut reads).await?;
        for write in seen.in_doubt {
            let before = model.get(&write.id).copied().flatten();
            let now = there.get(&write.id).copied();
            if now == write.n {
                survived += 1;
                model.insert(write.id, write.n);
            } else {
                ensure!(now == before, "{write:?} was in doubt; {before:?} was there before it, {now:?} is there now");
            }
        }
        let kept: BTreeMap<String, i64> = model.iter().filter_map(|(id, n)| n.map(|n| (id.clone(), n))).collect();
        ensure!(there == kept, "after crash {crash}: {:?}", differences(&kept, &there));
        println!("crash {crash}: {acknowledged} acknowledged so far, all there; ready after {recovery:.1} s");
    }

    // A write is in the log together with its usage, so what was in doubt and was done is counted as well.
    let expected = created.units("write") + (acknowledged + survived) as u64 * UNITS;
    println!("{acknowledged} acknowledged, {survived} of {in_doubt} unanswered were done");
    let live = model.values().flatten().count();
    let counted = reads.add(records.count(&json!({})).await?.expect(200)?);
    assert_eq!(counted.result()["count"], live, "{}", counted.text());
    let exact = |usage: &agentdb_tests::harness::Usage, extra: u64| {
        usage.of_key("write", &key.id) == expected + extra && usage.of_key("query", &key.id) == reads.of("query")
    };
    account.usage_when(&format!("{expected} write units"), |usage| exact(usage, 0)).await?;
    // What was counted twice would show in a report that follows.
    records.upsert(&[json!({"id": "last", "attributes": {"n": 0}})]).await?.expect(200)?;
    account.usage_when("one write more", |usage| exact(usage, UNITS)).await?;
    let checkpoints = checkpoints(&service.objects_dir())?;
    ensure!(checkpoints > 2, "only {checkpoints} checkpoints: the kills met no folds");
    service.stop().await
}

/// Lets the writers run until `enough` writes are acknowledged, then kills the service under them.
async fn write_until_killed(service: &mut Service, records: &Collection, crash: i64, enough: usize) -> Result<Seen> {
    let (acknowledged, mut counted) = tokio::sync::mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let records = records.clone();
        let acknowledged = acknowledged.clone();
        writers.spawn(async move {
            let mut seen = Seen::default();
            for at in 0.. {
                let write = nth(crash, writer, at);
                let sent = match write.n {
                    Some(n) => records.upsert(&[json!({"id": write.id, "attributes": {"n": n}})]).await,
                    None => records.delete(&[&write.id]).await,
                };
                match sent {
                    Ok(reply) if reply.status == 200 => {
                        assert_eq!(reply.units("write"), UNITS, "{}", reply.text());
                        seen.acknowledged.push(write);
                        let _ = acknowledged.send(());
                    }
                    Ok(reply) => panic!("{write:?}: {} {}", reply.status, reply.text()),
                    Err(_) => {
                        seen.in_doubt.push(write);
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
        all.in_doubt.extend(seen.in_doubt);
    }
    Ok(all)
}

/// What a writer does at its `at`th turn of a life: two new records, the one it writes again and again, and the removal
/// of the first of the two.
fn nth(crash: i64, writer: usize, at: i64) -> Write {
    let n = Some(crash * 1_000_000 + at);
    let new = |at: i64| format!("c{crash}-w{writer}-{at}");
    match at % 4 {
        0 | 1 => Write { id: new(at), n },
        2 => Write { id: format!("again-w{writer}"), n },
        _ => Write { id: new(at - 3), n: None },
    }
}

/// The numbers of the records that are there, by id.
async fn numbers(records: &Collection, ids: &[String], reads: &mut Tally) -> Result<BTreeMap<String, i64>> {
    let mut there = BTreeMap::new();
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    for part in ids.chunks(FETCHED_AT_ONCE) {
        let reply = reads.add(records.fetch(part).await?.expect(200)?);
        for record in reply.records() {
            let number =
                |record: &Value| Some((record["id"].as_str()?.to_owned(), record["attributes"]["n"].as_i64()?));
            let (id, n) = number(record).with_context(|| format!("torn: {record}"))?;
            there.insert(id, n);
        }
    }
    Ok(there)
}

fn differences<'a>(
    kept: &'a BTreeMap<String, i64>,
    there: &'a BTreeMap<String, i64>,
) -> Vec<(&'a String, Option<&'a i64>, Option<&'a i64>)> {
    let ids = kept.keys().chain(there.keys().filter(|id| !kept.contains_key(*id)));
    ids.map(|id| (id, kept.get(id), there.get(id))).filter(|(_, kept, there)| kept != there).collect()
}

/// How many checkpoints stand below a directory.
fn checkpoints(dir: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            count += checkpoints(&path)?;
        } else if dir.file_name().is_some_and(|name| name == "checkpoint") {
            count += 1;
        }
    }
    Ok(count)
}
