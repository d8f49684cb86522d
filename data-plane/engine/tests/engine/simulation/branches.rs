//! Branches, at a quiet moment of their parent. Each is what its parent was at the branch's commit, with what was
//! written to the branch: a client does so now and then, over a store that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_data_plane_engine::{Branch, Commit, Namespace, OpenError, WriteMeta};
use rand::RngExt;

use super::calls::judge_time;
use super::check::{compare_all, compare_past, fold};
use super::client::Client;
use super::model::Violation;
use super::run::Run;
use super::world::{CLIENTS, World};
use crate::support::faulty::Rates;

/// Tries of writes each time that a client opens a branch.
const TRIES: usize = 3;

/// A branch that was opened, and the one client that writes to it.
pub struct Line {
    run: Arc<Run>,
    client: Client,
}

impl Line {
    fn new(world: &mut World, commit: Commit) -> Self {
        let model = world.run.model.lock().branch(commit);
        let client = Client::of_branch(world.random.random_range(0..CLIENTS), world.random.random());
        Self { run: Arc::new(world.run.beside(model)), client }
    }

    fn acknowledged(&self) -> u64 {
        self.run.model.lock().acknowledged().count() as u64
    }
}

/// Compares all branches. Some are deleted then.
pub async fn compare(world: &mut World, ns: &Namespace) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let branches = ns.branches().map_err(|e| format!("branches: {e}"))?;
    let made: BTreeMap<String, Commit> = branches.iter().map(|branch| (branch.name.clone(), branch.commit)).collect();
    if made != *run.model.lock().branches() {
        return Err(format!("the branches are {made:?}, not {:?}", run.model.lock().branches()));
    }
    world.branches.retain(|name, _| made.contains_key(name));
    for branch in branches {
        let opened = world.branches.remove(&branch.name);
        let mut line = opened.unwrap_or_else(|| Line::new(world, branch.commit));
        compare_one(world, &branch, &mut line).await.map_err(|v| format!("{branch:?}: {v}"))?;
        run.count("branches compared", 1);
        if world.random.random_bool(0.6) {
            let deleted = ns.delete_branch(&branch.name, WriteMeta::default()).await;
            deleted.map_err(|e| format!("{branch:?} is not deleted: {e}"))?;
            run.model.lock().branch_deleted(&branch.name);
        } else {
            world.branches.insert(branch.name, line);
        }
    }
    Ok(())
}

async fn compare_one(world: &mut World, branch: &Branch, line: &mut Line) -> Result<(), Violation> {
    let before = line.acknowledged();
    if world.random.random_bool(0.6) {
        write(world, branch, line).await?;
    }
    let opened = world.open_at(&branch.prefix, &line.run, Rates::default(), true, None).await;
    let process = opened.map_err(|e| format!("does not open: {e}"))?;
    line.client.finish(&line.run, &process).await?;
    line.client.ask_again(&line.run, &process.ns).await?;
    world.run.count("writes to branches", line.acknowledged() - before);
    compare_all(&line.run, &process.ns).await?;
    if world.random.random_bool(0.3) {
        fold(world, &process).await?;
        // What it finds that the branch does not need is not its parent's.
        let _ = process.ns.clean_up().await;
        compare_all(&line.run, &process.ns).await?;
    }
    if world.random.random_bool(0.3) {
        match process.ns.at_commit(branch.commit).await {
            Ok(past) => compare_past(&line.run, &past, branch.commit).await?,
            Err(error) => judge_time(&line.run, &process, Some(branch.commit), &error)?,
        }
    }
    world.end(&process).await;
    line.run.verdict()
}

/// A client opens a branch, writes to it, and goes or dies.
async fn write(world: &mut World, branch: &Branch, line: &mut Line) -> Result<(), Violation> {
    // A store that hangs takes long, and nothing is done beside it.
    let rates = Rates { hang: 0, ..world.rates() };
    let process = match world.open_at(&branch.prefix, &line.run, rates, true, None).await {
        Ok(process) => process,
        Err(OpenError::Unavailable(_)) => return Ok(()),
        Err(error) => return Err(format!("does not open: {error}")),
    };
    if world.random.random_bool(0.3) {
        process.faulty.crash_in(world.random.random_range(1..40));
    }
    for _ in 0..TRIES {
        if !process.faulty.is_dead() {
            line.client.begin_rows(&line.run);
            line.client.step(&line.run, &process).await;
        }
    }
    if world.random.random_bool(0.3) {
        let _ = process.call(&line.run, process.ns.fold()).await;
    }
    world.end(&process).await;
    Ok(())
}
