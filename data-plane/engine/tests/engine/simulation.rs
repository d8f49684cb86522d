//! Seeded simulation over a failing store: many writers, folds, crashes at any call, two owners at once.
//!
//! `SIM_SEEDS` sets how many seeds run (200 without it), `SIM_FIRST` the first. A violation prints its seed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::world::{self, Events};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Seeds that run at the same time; most of the time they wait for a store that hangs.
const PARALLEL: usize = 12;

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
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
                    let outcome = runtime.block_on(world::run(seed));
                    let mut results = results.lock().expect("lock");
                    match outcome {
                        Ok(events) => results.1.add(events),
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
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 200));
    let (found, events) = simulate(first, seeds, false);
    println!("{seeds} seeds: {events:?}");
    assert!(found.is_empty(), "{} of {seeds} seeds:\n{}", found.len(), found.join("\n"));
    // A quiet run would prove nothing.
    for (what, count) in [
        ("crashes", events.crashes),
        ("takeovers", events.takeovers),
        ("writes refused by an old owner", events.fenced),
        ("folds", events.folds),
        ("failed folds", events.failed_folds),
        ("unknown outcomes", events.unknown),
        ("acknowledged writes", events.acknowledged),
    ] {
        assert!(seeds < 20 || count > 0, "no {what} in {seeds} seeds");
    }
}

#[cfg(feature = "planted-bugs")]
#[test]
fn every_planted_bug_is_caught() {
    use agentdb_data_plane_engine::planted::{Bug, plant};
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 200));
    for bug in [
        Bug::OwnConflictIsFencing,
        Bug::AcknowledgeBeforePut,
        Bug::CheckpointBeforeFold,
        Bug::ReplayCountsUsageTwice,
        Bug::AnswersForgottenByFold,
        Bug::FoldSkipsDeletes,
    ] {
        plant(bug);
        let (found, _) = simulate(first, seeds, true);
        plant(Bug::None);
        assert!(!found.is_empty(), "{bug:?} was not caught in {seeds} seeds");
        println!("{bug:?}: {}", found[0]);
    }
}
