//! What befalls the nodes while the clients work.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::model::Violation;
use super::process::{Process, VALIDITY};
use super::run::breathe;
use super::world::{RETENTION, World};
use crate::support::faulty::Rates;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Only the store fails.
    Quiet,
    /// The owner dies at some call and another takes over at once; perhaps the machine loses its power.
    Crash,
    /// One process dies while it takes over, before the owner comes.
    DieInTakeover,
    /// The owner stands still until long after another has its place, then wakes.
    Pause,
    /// The same without leases: only the log decides.
    PauseWithoutLease,
    /// The owner's lease is taken while it works, and given to another when it has run out.
    Takeover,
    /// Another opens the namespace while the owner works, without leases.
    TwoOwners,
    /// The owner hands over.
    Drain,
}

impl Plan {
    pub fn choose(random: &mut ChaCha8Rng) -> Self {
        match random.random_range(0..16_u32) {
            0 => Self::Quiet,
            1..=4 => Self::Crash,
            5 => Self::DieInTakeover,
            6..=8 => Self::Pause,
            9..=10 => Self::PauseWithoutLease,
            11..=12 => Self::Takeover,
            13..=14 => Self::TwoOwners,
            _ => Self::Drain,
        }
    }

    pub fn is_leased(self) -> bool {
        !matches!(self, Self::PauseWithoutLease | Self::TwoOwners)
    }

    pub async fn carry_out(self, world: &mut World, owner: &Arc<Process>, rates: Rates) -> Result<(), Violation> {
        let steps = world.random.random_range(0..20);
        if world.random.random_bool(0.4) {
            // What takes many calls is hit rarely, when nobody waits for it.
            while !world.run.model.lock().is_under_way() && !world.run.is_over() {
                breathe().await;
            }
        }
        match self {
            Self::Quiet | Self::DieInTakeover => Ok(()),
            Self::Crash => crash(world, owner, rates).await,
            Self::Pause | Self::PauseWithoutLease => pause(world, owner, self.is_leased()).await,
            Self::Takeover => {
                world.run.progress(steps).await;
                take_lease(world, owner);
                world.next_owner(Rates::default(), true).await.map(drop)?;
                world.run.count("takeovers", 1);
                Ok(())
            }
            Self::TwoOwners => {
                world.run.progress(steps).await;
                world.next_owner(Rates::default(), false).await.map(drop)?;
                world.run.count("takeovers", 1);
                world.run.progress(steps).await;
                // The old owner goes on folding, too.
                let _ = owner.ns.fold().await;
                Ok(())
            }
            Self::Drain => {
                world.run.progress(steps).await;
                drain(world, owner).await
            }
        }
    }
}

/// Nobody comes before the validity of the lease that was taken has passed.
fn take_lease(world: &World, owner: &Process) {
    owner.lease.take();
    world.run.no_owner();
    world.run.tick(VALIDITY + Duration::from_secs(1));
}

async fn crash(world: &mut World, owner: &Arc<Process>, rates: Rates) -> Result<(), Violation> {
    owner.faulty.crash_in(world.random.random_range(1..60));
    while !owner.faulty.is_dead() {
        if world.run.is_over() {
            return Ok(());
        }
        world.run.progress(1).await;
    }
    world.run.count("crashes", 1);
    world.run.no_owner();
    if world.random.random_bool(0.5) {
        world.run.wire.power_off(&*world.disk).await;
    }
    // Another process of the same node may come at once, for it can see that this one is dead.
    world.next_owner(rates, true).await.map(drop)
}

async fn pause(world: &mut World, owner: &Arc<Process>, leased: bool) -> Result<(), Violation> {
    owner.pause.pause_in(world.random.random_range(1..80));
    while !owner.pause.is_paused() {
        if world.run.is_over() {
            return Ok(());
        }
        world.run.progress(1).await;
    }
    world.run.count("pauses", 1);
    if leased {
        take_lease(world, owner);
    } else {
        world.run.no_owner();
    }
    let Some(next) = world.next_owner(Rates::default(), leased).await? else { return Ok(()) };
    let some = |world: &mut World| world.random.random_range(1..12);
    let steps = some(world);
    world.run.progress(steps).await;
    if world.random.random_bool(0.6) {
        // Two folds with the retention between them: the second one trims what the sleeper knows.
        let _ = next.ns.fold().await;
        world.run.tick(RETENTION * 2);
        let steps = some(world);
        world.run.progress(steps).await;
        let _ = next.ns.fold().await;
        world.run.count("pauses beyond the retention", 1);
    }
    if leased && world.random.random_bool(0.3) {
        // Somebody sets the clock of the sleeper meanwhile.
        let hours = world.random.random_range(-3..4_i64);
        owner.clock.jump(hours * 3_600_000);
    }
    owner.pause.resume();
    Ok(())
}

async fn drain(world: &mut World, owner: &Arc<Process>) -> Result<(), Violation> {
    let drained = owner.ns.drain().await;
    world.run.no_owner();
    let Some(next) = world.next_owner(Rates::default(), true).await? else { return Ok(()) };
    // Nobody has had the time to write.
    let tail = next.ns.stats().memtable_rows;
    if drained.is_ok() {
        world.run.count("drains", 1);
        if tail > 0 {
            return Err(format!("what was handed over has {tail} rows behind its checkpoint"));
        }
    }
    Ok(())
}
