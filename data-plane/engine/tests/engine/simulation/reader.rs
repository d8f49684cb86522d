//! Readers: ask any node for anybody's rows. Whoever answers must answer with what is fresh.

use std::sync::Arc;

use agentdb_data_plane_engine::{Commit, Include, Mode, Query, ReadError, ReadOf, Record, TimeError};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::calls::judge_time;
use super::client::{REACH, RECORDS, own, row, row_of, vector_of};
use super::model::{Model, Place, Row, Rows, Violation};
use super::process::Process;
use super::run::{Run, breathe};
use crate::support::DOCS;

/// Reads of a reader in a hundred that reach a node which is perhaps not the owner.
const ASTRAY: u32 = 50;
const TOP_K: usize = 5;

/// Reads until the clients are done.
pub async fn work(run: Arc<Run>, mut random: ChaCha8Rng, clients: usize) {
    let _in_work = run.working("reader");
    while !run.is_over() {
        let Some(process) = run.pick(&mut random, ASTRAY) else {
            breathe().await;
            continue;
        };
        // Some requests wait for a node that stands still.
        if process.pause.is_paused() && random.random_bool(0.9) {
            breathe().await;
            continue;
        }
        let client = random.random_range(0..clients);
        let collection = if random.random_bool(0.6) { DOCS.to_owned() } else { own(client) };
        let (run_, process_) = (Arc::clone(&run), Arc::clone(&process));
        let reading = match random.random_range(0..4_u32) {
            0 => {
                let ids = (0..RECORDS).map(|record| row(client, record)).collect();
                tokio::spawn(fetch(run_, process_, collection, ids))
            }
            1 => tokio::spawn(scan(run_, process_, collection)),
            2 => {
                let commit = known(&mut random, &run.model.lock());
                tokio::spawn(past(run_, process_, collection, commit))
            }
            _ => {
                let probe = (row(client, 0), random.random_range(0..60));
                tokio::spawn(nearest(run_, process_, collection, probe))
            }
        };
        tokio::select! {
            _ = reading => {}
            // It is on its way and will be judged when it is answered; the reader goes on.
            () = process.pause.paused() => {}
        }
        for _ in 0..random.random_range(0..4_u32) {
            breathe().await;
        }
    }
}

/// Asks for some rows and judges the answer.
pub async fn fetch(run: Arc<Run>, process: Arc<Process>, name: String, ids: Vec<String>) {
    let _in_work = run.working("fetch");
    let begun = run.model.lock().newest();
    let read = process.call(&run, process.ns.fetch_stored(&name, &ids, Include::ALL)).await;
    let Some(read) = answered(&run, &process, &name, begun, read) else { return };
    let judge = || {
        let model = run.model.lock();
        let mut rows: Vec<(Place, Option<Row>)> = Vec::with_capacity(ids.len());
        for (id, stored) in ids.iter().zip(&read.value) {
            let place = (name.clone(), id.clone());
            let seen = stored.as_ref().map(|stored| row_of(&stored.record)).transpose()?;
            if let Some((seen, stored)) = seen.zip(stored.as_ref()) {
                model.judge_commit(&place, seen, stored.commit)?;
            }
            rows.push((place, seen));
        }
        model.judge_rows(&rows, read.commit)
    };
    run.judged(judge().map_err(|v: Violation| of(&process, "fetch", &v)));
}

/// Asks for all rows and judges the answer.
async fn scan(run: Arc<Run>, process: Arc<Process>, name: String) {
    let _in_work = run.working("scan");
    let begun = run.model.lock().newest();
    let read = process.call(&run, process.ns.scan(&name, None, None, 1000, Include::ALL)).await;
    let Some(read) = answered(&run, &process, &name, begun, read) else { return };
    let judged = values(&read.value.records).and_then(|seen| run.model.lock().judge_all(&name, &seen, read.commit));
    run.judged(judged.map_err(|v| of(&process, "scan", &v)));
}

/// Asks for the nearest rows; each must be one that may be seen.
async fn nearest(run: Arc<Run>, process: Arc<Process>, name: String, probe: (String, u64)) {
    let _in_work = run.working("query");
    let begun = run.model.lock().newest();
    let vector = vector_of(&probe.0, probe.1);
    let query = Query { include: Include::ALL, ..Query::new(Mode::Vector { vector }, TOP_K) };
    let read = process.call(&run, process.ns.query(&name, query)).await;
    let Some(read) = answered(&run, &process, &name, begun, read) else { return };
    run.count("hits judged", read.value.len() as u64);
    let judge = || {
        let mut rows: Vec<(Place, Option<Row>)> = Vec::with_capacity(read.value.len());
        for hit in &read.value {
            rows.push(((name.clone(), hit.record.id.clone()), Some(row_of(&hit.record)?)));
        }
        run.model.lock().judge_rows(&rows, read.commit)
    };
    run.judged(judge().map_err(|v: Violation| of(&process, "query", &v)));
}

/// Asks for all rows at an older commit and judges the answer.
async fn past(run: Arc<Run>, process: Arc<Process>, name: String, commit: Commit) {
    let _in_work = run.working("past");
    let (kept, erased) = {
        let model = run.model.lock();
        (model.keeps(commit), commit < model.erased())
    };
    let read = async {
        let past = process.ns.at_commit(commit).await?;
        Ok(past.scan(&name, None, None, 1000, Include::ALL).await?)
    };
    let read: Option<Result<_, TimeError>> = process.call(&run, read).await;
    let judged = match read {
        Some(Ok(_) | Err(TimeError::Read(ReadError::NoSuchCollection))) if erased && process.is_judged(&run) => {
            Err("it was erased before the read began".to_owned())
        }
        Some(Ok(read)) if process.is_judged(&run) => {
            run.count("past reads judged", 1);
            let at = if read.commit == commit { Ok(()) } else { Err(format!("it is of {}", read.commit)) };
            at.and(values(&read.value.records)).and_then(|seen| run.model.lock().judge_all(&name, &seen, commit))
        }
        Some(Err(TimeError::Read(ReadError::NoSuchCollection))) if process.is_judged(&run) => {
            run.model.lock().judge(&(name.clone(), String::new()), None, commit)
        }
        // The log may have been trimmed while it was read.
        Some(Err(TimeError::Gone { .. })) if !kept => Ok(()),
        Some(Err(error)) => judge_time(&run, &process, Some(commit), &error),
        Some(Ok(_)) | None => Ok(()),
    };
    run.judged(judged.map_err(|v| of(&process, &format!("read of {name} at {commit}"), &v)));
}

/// A commit that a snapshot keeps, or an older one.
pub fn known(random: &mut ChaCha8Rng, model: &Model) -> Commit {
    let snapshots = model.snapshots();
    if snapshots.is_empty() || random.random_bool(0.6) {
        return older(random, model, model.newest());
    }
    *snapshots.values().nth(random.random_range(0..snapshots.len())).expect("there are so many")
}

/// One of the last commits, or now and then any, at most `to`.
pub fn older(random: &mut ChaCha8Rng, model: &Model, to: Commit) -> Commit {
    let last = model.newest().saturating_sub(REACH).max(model.oldest());
    let any = last > to || random.random_bool(0.1);
    random.random_range(if any { model.first() } else { last }..=to)
}

pub fn values(records: &[Record]) -> Result<Rows, Violation> {
    records.iter().map(|record| Ok((record.id.clone(), row_of(record)?))).collect()
}

/// The answer, when there is one that must be right: not behind what was acknowledged before it began.
fn answered<T>(
    run: &Run,
    process: &Process,
    name: &str,
    begun: Commit,
    read: Option<Result<ReadOf<T>, ReadError>>,
) -> Option<ReadOf<T>> {
    let read = read?;
    if !process.is_judged(run) {
        return None;
    }
    match read {
        Ok(read) => {
            run.count("reads judged", 1);
            if read.commit < begun {
                let (at, by) = (read.commit, process.generation);
                run.violation(format!("generation {by} read commit {at}; {begun} was acknowledged before it began"));
            }
            return Some(read);
        }
        Err(ReadError::NoSuchCollection) => {
            let judged = run.model.lock().judge_absent(name, begun);
            run.judged(judged.map_err(|v| of(process, "read", &v)));
        }
        Err(ReadError::NoLease) => run.count("refused for want of a lease", 1),
        Err(ReadError::Fenced) if process.is_newest(run) && !process.faulty.is_dead() => {
            run.violation("a read was fenced, but there is no other writer".to_owned());
        }
        Err(ReadError::Fenced | ReadError::Closed | ReadError::Unavailable(_)) => {}
        Err(other) => run.violation(format!("a good read was refused: {other}")),
    }
    None
}

fn of(process: &Process, what: &str, violation: &str) -> Violation {
    format!("{what} by generation {}: {violation}", process.generation)
}
