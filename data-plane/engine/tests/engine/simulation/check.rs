//! A quiet moment: a healthy node opens the namespace and everything is compared, before and after a fold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agentdb_data_plane_engine::{
    Branch, Commit, Config, Environment, Include, Mode, Namespace, PastState, Query, ReadError, SoleOwner, Store,
    TimeError, WriteMeta, Writer,
};
use rand::RngExt;
use uuid::Uuid;

use super::calls::{self, Told, judge_time};
use super::client::{Client, RECORDS, key_of, own, row, row_of, vector_of};
use super::model::{Change, Row, Rows, Violation};
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
    let (run, ns) = (Arc::clone(&world.run), Arc::clone(&process.ns));
    compare(world, &process).await?;
    for client in &mut *clients {
        client.finish(&run, &process).await?;
        client.ask_again(&run, &ns).await?;
    }
    compare(world, &process).await?;
    if world.random.random_bool(0.15) {
        erase(world, &process).await?;
        compare(world, &process).await?;
    }
    fold(world, &process).await?;
    compare(world, &process).await?;
    compare_pasts(world, &process).await?;
    compare_branches(world, &ns).await?;
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
async fn fold(world: &mut World, process: &Process) -> Result<(), Violation> {
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

/// Erases rows of a client, for which there may be no branches. What was before cannot be read any more.
async fn erase(world: &mut World, process: &Process) -> Result<(), Violation> {
    let (run, ns) = (Arc::clone(&world.run), &process.ns);
    for branch in ns.branches().map_err(|e| format!("branches: {e}"))? {
        delete_branch(&run, ns, &branch).await?;
    }
    let client = world.random.random_range(0..CLIENTS);
    let ids = (0..world.random.random_range(1..RECORDS)).map(|record| row(client, record)).collect();
    let (number, op, before) = {
        let mut model = run.model.lock();
        let before = model.newest();
        let number = model.sent(client, world.random.random(), DOCS, Change::Erase(ids), None);
        (number, model.op(number).clone(), before)
    };
    let mut told = calls::write(ns, &op, 1).await;
    if told.is_err() {
        // As for a fold.
        run.wire.arrive().await;
        told = calls::write(ns, &op, 1).await;
    }
    match told.map_err(|e| format!("an erase fails on a healthy store: {e}"))? {
        Told::Committed(committed) => run.model.lock().told(number, &committed, false)?,
        Told::Branch(branch) => return Err(format!("an erase made {branch:?}")),
    }
    match ns.at_commit(before).await {
        Err(TimeError::Gone { .. }) => Ok(()),
        other => Err(format!("commit {before} can be read after an erase: {other:?}")),
    }
}

fn names() -> Vec<String> {
    std::iter::once(DOCS.to_owned()).chain((0..CLIENTS).map(own)).collect()
}

async fn compare(world: &mut World, process: &Process) -> Result<(), Violation> {
    let (run, ns) = (Arc::clone(&world.run), &process.ns);
    let there = ns.collections().map_err(|e| format!("collections: {e}"))?;
    for name in names() {
        let begun = run.model.lock().newest();
        if !there.value.iter().any(|info| info.name == name) {
            run.model.lock().judge_absent(&name, begun)?;
            continue;
        }
        let read = ns.scan(&name, None, None, 1000, Include::ALL).await.map_err(|e| format!("scan: {e}"))?;
        if read.commit < begun {
            return Err(format!("commit {begun} was acknowledged, and the namespace is at {}", read.commit));
        }
        let seen = values(&read.value.records)?;
        run.model.lock().judge_all(&name, &seen, read.commit)?;
        let count = ns.count(&name, None).await.map_err(|e| format!("count: {e}"))?.value;
        if count != seen.len() as u64 || seen.len() != read.value.records.len() {
            return Err(format!("{name}: count says {count}, a scan finds {}", read.value.records.len()));
        }
        if world.random.random_bool(0.5) {
            evict(&run, process);
        }
        let probe = (row(world.random.random_range(0..CLIENTS), 0), world.random.random_range(0..120));
        compare_nearest(&run, process, &name, &seen, &probe).await?;
    }
    compare_usage(&run, ns)
}

/// The snapshots, and some older commits.
async fn compare_pasts(world: &mut World, process: &Process) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let made = process.ns.snapshots().map_err(|e| format!("snapshots: {e}"))?;
    let made: BTreeMap<String, Commit> = made.into_iter().map(|snapshot| (snapshot.name, snapshot.commit)).collect();
    if made != *run.model.lock().snapshots() {
        return Err(format!("the snapshots are {made:?}, not {:?}", run.model.lock().snapshots()));
    }
    for _ in 0..PASTS {
        let commit = known(&mut world.random, &run.model.lock());
        let compared = match process.ns.at_commit(commit).await {
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

async fn compare_past(run: &Run, past: &PastState, commit: Commit) -> Result<(), Violation> {
    for name in names() {
        let read = past.scan(&name, None, None, 1000, Include::ALL).await;
        judge_state(run, &name, read.map(|read| read.value.records), commit)?;
    }
    Ok(())
}

/// What a collection is at an older commit.
fn judge_state(
    run: &Run,
    name: &str,
    read: Result<Vec<agentdb_data_plane_engine::Record>, ReadError>,
    commit: Commit,
) -> Result<(), Violation> {
    match read {
        Ok(records) => run.model.lock().judge_all(name, &values(&records)?, commit),
        Err(ReadError::NoSuchCollection) => run.model.lock().judge(&(name.to_owned(), String::new()), None, commit),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// Each branch is what the namespace was at its commit. Some are deleted then.
async fn compare_branches(world: &mut World, ns: &Namespace) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let branches = ns.branches().map_err(|e| format!("branches: {e}"))?;
    let made: BTreeMap<String, Commit> = branches.iter().map(|branch| (branch.name.clone(), branch.commit)).collect();
    if made != *run.model.lock().branches() {
        return Err(format!("the branches are {made:?}, not {:?}", run.model.lock().branches()));
    }
    for branch in branches {
        compare_branch(world, &branch).await.map_err(|v| format!("{branch:?}: {v}"))?;
        run.count("branches compared", 1);
        if world.random.random_bool(0.5) {
            delete_branch(&run, ns, &branch).await?;
        }
    }
    Ok(())
}

async fn delete_branch(run: &Run, ns: &Namespace, branch: &Branch) -> Result<(), Violation> {
    let deleted = ns.delete_branch(&branch.name, WriteMeta::default()).await;
    deleted.map_err(|e| format!("{branch:?} is not deleted: {e}"))?;
    run.model.lock().branch_deleted(&branch.name);
    Ok(())
}

async fn compare_branch(world: &mut World, branch: &Branch) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let store = Store::over(Arc::clone(&world.disk), 1 << 20);
    // Nobody else opens a branch, and generations grow from check to check.
    let writer = Writer { writer_id: Uuid::from_u128(world.random.random()), generation: run.generation() };
    let entropy = Arc::new(agentdb_clock::SeededEntropy::new(world.random.random()));
    let environment = Environment { clock: Arc::new(run.clock.clone()), entropy, lease: Arc::new(SoleOwner) };
    let config = Config { background_fold: false, ..Config::default() };
    let ns = Namespace::open(&store, &branch.prefix, writer, config, environment).await.map_err(|e| e.to_string())?;
    for name in names() {
        let read = ns.scan(&name, None, None, 1000, Include::ALL).await;
        judge_state(&run, &name, read.map(|read| read.value.records), branch.commit)?;
    }
    ns.close().await;
    Ok(())
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
