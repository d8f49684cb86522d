//! A reader of the feed who began at an older commit holds what a scan finds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agentdb_data_plane_engine::{Change, Commit, FeedError, Include, Namespace, ReadError};

use super::calls::judge_time;
use super::check::names;
use super::client::row_of;
use super::model::{Rows, Violation};
use super::process::Process;
use super::reader::{known, values};
use super::run::Run;
use super::world::World;

/// The last commits may have changed nothing: then the feed waits.
const SOON: Duration = Duration::from_millis(10);

/// The rows of the collections that are there.
type State = BTreeMap<String, Rows>;

/// Follows the feed from a commit that is known to the newest one, on a node that nobody else asks.
pub async fn compare(world: &mut World, process: &Process) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let after = known(&mut world.random, &run.model.lock());
    let Some(state) = state_at(&run, process, after).await? else { return Ok(()) };
    let followed = follow(&run, process, after, state).await.map_err(|v| format!("the feed after {after}: {v}"))?;
    let Some(followed) = followed else { return Ok(()) };
    let there = scanned(&process.ns).await?;
    if followed != there {
        return Err(format!("who follows the feed after {after} holds {followed:?}, and there is {there:?}"));
    }
    run.count("feeds followed", 1);
    Ok(())
}

/// What a reader holds in the end; `None` when the history does not reach back far enough.
async fn follow(run: &Run, process: &Process, after: Commit, mut held: State) -> Result<Option<State>, Violation> {
    let newest = process.ns.commit();
    let mut feed = match process.ns.changes(after, Include::ALL).await {
        Ok(feed) => feed,
        // The commit is kept for a snapshot, and what comes after it is not.
        Err(FeedError::Gone { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut last = after;
    while feed.delivered() < newest {
        let Ok(next) = tokio::time::timeout(SOON, feed.next()).await else { continue };
        let next = next.map_err(|error| error.to_string())?;
        if next.commit <= last {
            return Err(format!("{} comes after {last}", next.commit));
        }
        last = next.commit;
        for change in next.changes {
            match change {
                Change::Rewound { to } => match state_at(run, process, to).await? {
                    Some(state) => held = state,
                    None => return Ok(None),
                },
                change => apply(&mut held, change)?,
            }
        }
    }
    Ok(Some(held))
}

fn apply(held: &mut State, change: Change) -> Result<(), Violation> {
    match change {
        Change::Created { collection, .. } => {
            if held.insert(collection.to_string(), Rows::new()).is_some() {
                return Err(format!("{collection} is created, and was there"));
            }
        }
        Change::Dropped { collection } => {
            held.remove(&*collection);
        }
        Change::Upserted { collection, record } => {
            let rows = held.get_mut(&*collection).ok_or_else(|| format!("{collection} is written, and not there"))?;
            rows.insert(record.id.clone(), row_of(&record)?);
        }
        Change::Deleted { collection, id } => {
            if let Some(rows) = held.get_mut(&*collection) {
                rows.remove(&*id);
            }
        }
        Change::Rewound { to } => return Err(format!("nobody has looked at {to}")),
    }
    Ok(())
}

/// An older state; `None` when it is not kept, or has no room in memory.
async fn state_at(run: &Run, process: &Process, commit: Commit) -> Result<Option<State>, Violation> {
    let past = match process.ns.at_commit(commit).await {
        Ok(past) => past,
        Err(error) => return judge_time(run, process, Some(commit), &error).map(|()| None),
    };
    let mut state = State::new();
    for name in names() {
        match past.scan(&name, None, None, 1000, Include::ALL).await {
            Ok(read) => drop(state.insert(name, values(&read.value.records)?)),
            Err(ReadError::NoSuchCollection) => {}
            Err(error) => return Err(format!("{name} at {commit}: {error}")),
        }
    }
    Ok(Some(state))
}

async fn scanned(ns: &Namespace) -> Result<State, Violation> {
    let mut state = State::new();
    for name in names() {
        match ns.scan(&name, None, None, 1000, Include::ALL).await {
            Ok(read) => drop(state.insert(name, values(&read.value.records)?)),
            Err(ReadError::NoSuchCollection) => {}
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Ok(state)
}
