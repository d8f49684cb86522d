//! One life of a node: its handle on the namespace, its clock, its lease, its way to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use agentdb_clock::{Clock, ManualClock};
use agentdb_data_plane_engine::{Lease, Namespace, Store};
use chrono::{DateTime, TimeDelta, Utc};

use super::run::Run;
use crate::support::faulty::Faulty;
use crate::support::pause::{Frozen, Pause};

/// How long a lease holds without being renewed.
pub const VALIDITY: Duration = Duration::from_secs(10);

/// The time of the world, with a wall clock that may be wrong.
#[derive(Debug)]
pub struct NodeClock {
    world: ManualClock,
    skew_ms: AtomicI64,
}

impl NodeClock {
    pub fn new(world: &ManualClock, skew_ms: i64) -> Self {
        Self { world: world.clone(), skew_ms: AtomicI64::new(skew_ms) }
    }

    /// Somebody sets the wall clock.
    pub fn jump(&self, ms: i64) {
        self.skew_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for NodeClock {
    fn now(&self) -> DateTime<Utc> {
        self.world.now() + TimeDelta::milliseconds(self.skew_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.world.monotonic()
    }
}

/// A node's lease, or none at all: then only the log decides who owns the namespace, and reads of an owner that was
/// taken over may be stale.
#[derive(Debug)]
pub struct NodeLease {
    world: ManualClock,
    leased: bool,
    until_ms: AtomicU64,
    taken: AtomicBool,
}

impl NodeLease {
    pub fn new(world: &ManualClock, leased: bool) -> Self {
        let lease = Self { world: world.clone(), leased, until_ms: AtomicU64::new(0), taken: AtomicBool::new(false) };
        lease.renew();
        lease
    }

    pub fn renew(&self) {
        if !self.taken.load(Ordering::SeqCst) {
            self.until_ms.store(millis(self.world.monotonic() + VALIDITY), Ordering::SeqCst);
        }
    }

    /// Somebody else takes it: it is not renewed any more, and holds until it runs out.
    pub fn take(&self) {
        self.taken.store(true, Ordering::SeqCst);
    }
}

impl Lease for NodeLease {
    fn is_valid(&self) -> bool {
        !self.leased || millis(self.world.monotonic()) < self.until_ms.load(Ordering::SeqCst)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub struct Process {
    pub ns: Arc<Namespace>,
    pub store: Store,
    /// Whether it has memory for all rows.
    pub roomy: bool,
    pub faulty: Arc<Faulty>,
    pub clock: Arc<NodeClock>,
    pub lease: Arc<NodeLease>,
    pub pause: Arc<Pause>,
    pub generation: u64,
    pub leased: bool,
}

impl Process {
    /// A call of somebody outside. `None` when the process dies before it answers. What it answers, it must be
    /// allowed to answer at that very moment.
    pub async fn call<T, E>(&self, run: &Run, work: impl Future<Output = Result<T, E>>) -> Option<Result<T, E>> {
        let done = tokio::select! {
            biased;
            () = self.faulty.death() => return None,
            done = Frozen::new(&self.pause, work) => done,
        };
        if done.is_ok() && !self.lease.is_valid() {
            run.violation(format!("the node of generation {} answered without its lease", self.generation));
        }
        Some(done)
    }

    /// Whether nobody has come after it.
    pub fn is_newest(&self, run: &Run) -> bool {
        run.generation() == self.generation
    }

    /// Whether what it answers must be right: without a lease, only while it is the newest.
    pub fn is_judged(&self, run: &Run) -> bool {
        self.leased || self.is_newest(run)
    }

    /// Kills it and clears away what is left.
    pub async fn end(&self) {
        self.pause.resume();
        self.faulty.kill();
        self.ns.close().await;
    }
}
