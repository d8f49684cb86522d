//! A quiet moment: a healthy node opens the namespace and everything is compared, before and after a fold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agentdb_data_plane_engine::{Include, Mode, Namespace, Query};
use rand::RngExt;
use uuid::Uuid;

use super::client::{Client, key_of, own, row, value_of, vector_of};
use super::model::Violation;
use super::reader::values;
use super::run::Run;
use super::world::{CLIENTS, World};
use crate::support::DOCS;
use crate::support::faulty::Rates;

const TOP_K: usize = 5;

pub async fn all(world: &mut World, clients: &mut [Client]) -> Result<(), Violation> {
    let process = world.open(Rates::default(), true).await.map_err(|e| format!("does not open: {e}"))?;
    let (run, ns) = (Arc::clone(&world.run), Arc::clone(&process.ns));
    compare(world, &ns).await?;
    for client in &mut *clients {
        client.finish(&run, &process).await?;
        client.ask_again(&run, &ns).await?;
    }
    compare(world, &ns).await?;
    if ns.fold().await.is_err() {
        // What an owner before sent long ago has arrived just now, and took the place. It happens once.
        run.wire.arrive().await;
        ns.fold().await.map_err(|e| format!("a fold fails on a healthy store: {e}"))?;
    }
    compare(world, &ns).await?;
    ns.close().await;
    let process = world.open(Rates::default(), true).await.map_err(|e| format!("does not open again: {e}"))?;
    for client in &mut *clients {
        client.ask_again(&run, &process.ns).await?;
    }
    compare(world, &process.ns).await?;
    process.ns.close().await;
    run.verdict()
}

async fn compare(world: &mut World, ns: &Namespace) -> Result<(), Violation> {
    let run = Arc::clone(&world.run);
    let mut names = vec![DOCS.to_owned()];
    names.extend((0..CLIENTS).map(own));
    let there = ns.collections().map_err(|e| format!("collections: {e}"))?;
    for name in names {
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
        let probe = (row(world.random.random_range(0..CLIENTS), 0), world.random.random_range(0..80));
        compare_nearest(ns, &name, &seen, &probe).await?;
    }
    compare_usage(&run, ns)
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
    ns: &Namespace,
    name: &str,
    seen: &BTreeMap<String, u64>,
    probe: &(String, u64),
) -> Result<(), Violation> {
    let vector = vector_of(&probe.0, probe.1);
    let mut wanted: Vec<(u64, &str, u64)> = Vec::new();
    for (id, value) in seen {
        let across = u64::from(id.as_bytes()[1].abs_diff(probe.0.as_bytes()[1]));
        wanted.push((value.abs_diff(probe.1).pow(2) + across.pow(2), id, *value));
    }
    wanted.sort_unstable();
    wanted.truncate(TOP_K);
    let query = Query { include: Include::ALL, ..Query::new(Mode::Vector { vector }, TOP_K) };
    let hits = ns.query(name, query).await.map_err(|e| format!("query: {e}"))?.value;
    let hits: Vec<(&str, u64)> = hits
        .iter()
        .map(|hit| Ok((hit.record.id.as_str(), value_of(&hit.record)?)))
        .collect::<Result<_, Violation>>()?;
    let wanted: Vec<(&str, u64)> = wanted.into_iter().map(|(_, id, value)| (id, value)).collect();
    if hits != wanted {
        return Err(format!("nearest to {probe:?} are {wanted:?}; a query finds {hits:?}"));
    }
    Ok(())
}
