//! Seeded simulation: many clients, two nodes, a store that fails, and a plain model of what may be seen.
//!
//! `SIM_SEEDS` sets how many seeds run (100 without it), `SIM_FIRST` the first. A violation prints its seed, and
//! `SIM_FIRST=<seed> SIM_SEEDS=1` runs it again. Seeded are the choices of clients, of the store and of whoever
//! stops, kills and replaces nodes, and the clocks. Not seeded: the order in which threads of Lance finish, and
//! time-outs, which are of real milliseconds; so a seed that fails rarely may need some tries.

mod branches;
mod calls;
mod check;
mod client;
mod feed;
mod model;
mod plan;
mod process;
mod reader;
mod run;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use run::{Events, Run};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Seeds that run at the same time; some of the time they wait for a store that hangs.
const PARALLEL: usize = 8;
/// A seed that takes longer is stuck, also on a machine that has much else to do.
const STUCK: Duration = Duration::from_secs(300);

/// Runs seeds, each in a runtime of its own, and gives violations and what happened in all.
fn simulate(first: u64, seeds: u64, stop_at_first: bool) -> (Vec<String>, Events) {
    let next = AtomicU64::new(first);
    let results = Mutex::new((Vec::new(), Events::default()));
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    let enough = stop_at_first && !results.lock().expect("lock").0.is_empty();
                    if seed >= first + seeds || enough {
                        break;
                    }
                    let run = Arc::new(Run::new());
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
                    let ended = runtime
                        .block_on(async { tokio::time::timeout(STUCK, world::run(seed, Arc::clone(&run))).await });
                    let outcome = ended.unwrap_or_else(|_| Err(format!("seed {seed}: {}", run.stuck())));
                    runtime.shutdown_background();
                    let mut results = results.lock().expect("lock");
                    match outcome {
                        Ok(events) => results.1.add(&events),
                        Err(violation) => results.0.push(violation),
                    }
                }
            });
        }
    });
    results.into_inner().expect("lock")
}

#[cfg(not(feature = "planted-bugs"))]
#[test]
fn nothing_lost_nothing_stale_nothing_resurrected_counted_once() {
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 100));
    let (found, events) = simulate(first, seeds, false);
    println!("{seeds} seeds: {events}");
    assert!(found.is_empty(), "{} of {seeds} seeds:\n{}", found.len(), found.join("\n"));
    // A quiet run would prove nothing.
    assert!(seeds < 50 || events.missing().is_empty(), "no {:?} in {seeds} seeds", events.missing());
}

#[cfg(feature = "planted-bugs")]
#[test]
fn every_planted_bug_is_caught() {
    use agentdb_data_plane_engine::planted::{Bug, plant};
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 200));
    let only = std::env::var("SIM_BUG").ok();
    for bug in Bug::ALL.into_iter().filter(|bug| only.as_ref().is_none_or(|name| format!("{bug:?}") == *name)) {
        plant(bug);
        let (found, _) = simulate(first, seeds, true);
        plant(Bug::None);
        assert!(!found.is_empty(), "{bug:?} was not caught in {seeds} seeds");
        println!("{bug:?}: {}", found[0]);
    }
}
