//! A quiet moment: a healthy node opens the namespace and everything is compared, before and after a fold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agentdb_data_plane_engine::{Commit, Include, Mode, Namespace, PastState, Query, ReadError, Record, TimeError};
use rand::RngExt;
use uuid::Uuid;

use super::branches;
use super::calls::judge_time;
use super::client::{Client, key_of, own, row, row_of, vector_of};
use super::feed;
use super::model::{Row, Rows, Violation};
use super::process::Process;
use super::reader::{known, values};
use super::run::Run;
use super::world::{CLIENTS, World, evict};
use crate::support::DOCS;
use crate::support::faulty::Rates;

const TOP_K: usize = 5;
/// Older commits that are compared.
const PASTS: usize = 3;

pub async fn all(world: &mut World, clients: &mut [Client]) -> Result<(), Violation> {
    let process = world.open(Rates::default(), true).await.map_err(|e| format!("does not open: {e}"))?;
    let run = Arc::clone(&world.run);
    compare(world, &process).await?;
    for client in &mut *clients {
        client.finish(&run, &process).await?;
    }
    for client in &mut *clients {
        client.ask_again(&run, &process.ns).await?;
    }
    compare(world, &process).await?;
    fold(world, &process).await?;
    compare(world, &process).await?;
    compare_pasts(world, &process).await?;
    feed::compare(world, &process).await?;
    branches::compare(world, &process.ns).await?;
    world.end(&process).await;
    let process = world.open(Rates::default(), true).await.map_err(|e| format!("does not open again: {e}"))?;
    for client in &mut *clients {
        client.ask_again(&run, &process.ns).await?;
    }
    compare(world, &process).await?;
    world.end(&process).await;
    world.note_indexes().await?;
    run.verdict()
}

/// Folds, and builds what indexes are due.
pub async fn fold(world: &mut World, process: &Process) -> Result<(), Violation> {
    let indexes = world.random.random_bool(0.6);
    let fold = async || if indexes { process.ns.index_tables().await } else { process.ns.fold().await };
    if fold().await.is_err() {
        // What an owner before sent long ago has arrived just now, and took the place. It happens once.
        world.run.wire.arrive().await;
        fold().await.map_err(|e| format!("a fold fails on a healthy store: {e}"))?;
    }
    if world.random.random_bool(0.5) {
        process.ns.index().await;
    }
    Ok(())
}

/// The collections that there may be.
pub fn names() -> Vec<String> {
    std::iter::once(DOCS.to_owned()).chain((0..CLIENTS).map(own)).collect()
}

async fn compare(world: &mut World, process: &Process) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    for name in names() {
        let Some(seen) = compare_rows(&run, &process.ns, &name).await? else { continue };
        if world.random.random_bool(0.5) {
            evict(&run, process);
        }
        let probe = (row(world.random.random_range(0..CLIENTS), 0), world.random.random_range(0..120));
        compare_nearest(&run, process, &name, &seen, &probe).await?;
    }
    compare_usage(&run, &process.ns)
}

/// All rows, and what was used for them.
pub async fn compare_all(run: &Run, ns: &Namespace) -> Result<(), Violation> {
    for name in names() {
        compare_rows(run, ns, &name).await?;
    }
    compare_usage(run, ns)
}

/// The rows of a collection, if it is there.
async fn compare_rows(run: &Run, ns: &Namespace, name: &str) -> Result<Option<Rows>, Violation> {
    let begun = run.model.lock().newest();
    let there = ns.collections().map_err(|e| format!("collections: {e}"))?;
    if !there.value.iter().any(|info| info.name == name) {
        run.model.lock().judge_absent(name, begun)?;
        return Ok(None);
    }
    let read = ns.scan(name, None, None, 1000, Include::ALL).await.map_err(|e| format!("scan: {e}"))?;
    if read.commit < begun {
        return Err(format!("commit {begun} was acknowledged, and the namespace is at {}", read.commit));
    }
    let seen = values(&read.value.records)?;
    run.model.lock().judge_all(name, &seen, read.commit)?;
    let count = ns.count(name, None).await.map_err(|e| format!("count: {e}"))?.value;
    if count != seen.len() as u64 || seen.len() != read.value.records.len() {
        return Err(format!("{name}: count says {count}, a scan finds {}", read.value.records.len()));
    }
    Ok(Some(seen))
}

/// The snapshots, and some older commits. What was before an erase can be read no more.
async fn compare_pasts(world: &mut World, process: &Process) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let made = process.ns.snapshots().map_err(|e| format!("snapshots: {e}"))?;
    let made: BTreeMap<String, Commit> = made.into_iter().map(|snapshot| (snapshot.name, snapshot.commit)).collect();
    if made != *run.model.lock().snapshots() {
        return Err(format!("the snapshots are {made:?}, not {:?}", run.model.lock().snapshots()));
    }
    let (first, erased) = {
        let model = run.model.lock();
        (model.first(), model.erased())
    };
    if first < erased {
        let commit = world.random.random_range(first..erased);
        match process.ns.at_commit(commit).await {
            Err(TimeError::Gone { asked, .. }) if asked == commit => run.count("erased commits refused", 1),
            other => return Err(format!("commit {commit} can be read after an erase: {other:?}")),
        }
    }
    for _ in 0..PASTS {
        let commit = known(&mut world.random, &run.model.lock());
        let compared = match process.ns.at_commit(commit).await {
            Ok(_) if commit < erased => Err("it can be read after an erase".to_owned()),
            Ok(past) => compare_past(&run, &past, commit).await,
            Err(error) => {
                judge_time(&run, process, Some(commit), &error)?;
                continue;
            }
        };
        compared.map_err(|v| format!("at {commit}: {v}"))?;
        if made.values().any(|kept| *kept == commit) {
            run.count("snapshots compared", 1);
        }
    }
    Ok(())
}

pub async fn compare_past(run: &Run, past: &PastState, commit: Commit) -> Result<(), Violation> {
    for name in names() {
        let read = past.scan(&name, None, None, 1000, Include::ALL).await;
        judge_state(run, &name, read.map(|read| read.value.records), commit)?;
    }
    Ok(())
}

/// What a collection is at an older commit.
fn judge_state(run: &Run, name: &str, read: Result<Vec<Record>, ReadError>, commit: Commit) -> Result<(), Violation> {
    match read {
        Ok(records) => run.model.lock().judge_all(name, &values(&records)?, commit),
        Err(ReadError::NoSuchCollection) => run.model.lock().judge(&(name.to_owned(), String::new()), None, commit),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// Each client has used one for each write that was done.
fn compare_usage(run: &Run, ns: &Namespace) -> Result<(), Violation> {
    let usage: HashMap<Uuid, u64> = ns.usage().into_iter().map(|(key, n)| (key.key, n)).collect();
    for client in 0..CLIENTS {
        let used = usage.get(&key_of(client)).copied().unwrap_or(0);
        let (least, most) = run.model.lock().used(client);
        if !(least..=most).contains(&used) {
            return Err(format!("client {client} used {used}, not {least} to {most}"));
        }
    }
    Ok(())
}

/// A vector query finds the nearest of the rows that a scan finds.
async fn compare_nearest(
    run: &Run,
    process: &Process,
    name: &str,
    seen: &Rows,
    probe: &(String, u64),
) -> Result<(), Violation> {
    let vector = vector_of(&probe.0, probe.1);
    let mut wanted: Vec<(u64, &str, Row)> = Vec::new();
    for (id, row) in seen {
        let across = u64::from(id.as_bytes()[1].abs_diff(probe.0.as_bytes()[1]));
        wanted.push((row.value.abs_diff(probe.1).pow(2) + across.pow(2), id, *row));
    }
    wanted.sort_unstable_by_key(|(distance, id, _)| (*distance, *id));
    wanted.truncate(TOP_K);
    let (index_reads, graph) = (process.faulty.index_reads(), process.ns.stats().indexed_rows > 0);
    let query = Query { include: Include::ALL, ..Query::new(Mode::Vector { vector }, TOP_K) };
    let read = process.ns.query(name, query).await.map_err(|e| format!("query: {e}"))?;
    let cold = process.faulty.index_reads() > index_reads;
    run.count("cold queries", u64::from(cold));
    run.count("graph searches", u64::from(graph && read.io.gets == 0));
    let hits: Vec<(&str, Row)> = read
        .value
        .iter()
        .map(|hit| Ok((hit.record.id.as_str(), row_of(&hit.record)?)))
        .collect::<Result<_, Violation>>()?;
    let wanted: Vec<(&str, Row)> = wanted.into_iter().map(|(_, id, row)| (id, row)).collect();
    if hits != wanted {
        let how = if cold { "the index of the table" } else { "memory" };
        return Err(format!("{name}: nearest to {probe:?} are {wanted:?}; a query of {how} finds {hits:?}"));
    }
    Ok(())
}
