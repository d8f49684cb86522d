//! Seeded simulation over a failing store: many writers, folds, crashes at any call, two owners at once.
//!
//! `SIM_SEEDS` sets how many seeds run (200 without it), `SIM_FIRST` the first. A violation prints its seed.

mod support;

use support::world;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs seeds on two threads, each seed in a runtime of its own whose timers jump.
fn violations(first: u64, seeds: u64, stop_at_first: bool) -> Vec<String> {
    let next = std::sync::atomic::AtomicU64::new(first);
    let found = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let enough = stop_at_first && !found.lock().expect("lock").is_empty();
                    if seed >= first + seeds || enough {
                        break;
                    }
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
                    if let Err(violation) = runtime.expect("runtime").block_on(world::run(seed)) {
                        found.lock().expect("lock").push(violation);
                    }
                }
            });
        }
    });
    found.into_inner().expect("lock")
}

#[cfg(not(feature = "planted-bugs"))]
#[test]
fn nothing_lost_nothing_stale_nothing_resurrected_counted_once() {
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 200));
    let found = violations(first, seeds, false);
    assert!(found.is_empty(), "{} of {seeds} seeds:\n{}", found.len(), found.join("\n"));
}

#[cfg(feature = "planted-bugs")]
#[test]
fn every_planted_bug_is_caught() {
    use agentdb_data_plane_engine::planted::{Bug, plant};
    let (first, seeds) = (number("SIM_FIRST", 1), number("SIM_SEEDS", 200));
    for bug in [Bug::OwnConflictIsFencing, Bug::AcknowledgeBeforePut, Bug::CheckpointBeforeFold] {
        plant(bug);
        let found = violations(first, seeds, true);
        plant(Bug::None);
        assert!(!found.is_empty(), "{bug:?} was not caught in {seeds} seeds");
        println!("{bug:?}: {}", found[0]);
    }
}
