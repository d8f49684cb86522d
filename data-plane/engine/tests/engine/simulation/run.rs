//! What everybody in one world shares: the model, the time, the way to the owner, and what went wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agentdb_clock::ManualClock;
use parking_lot::Mutex;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::model::{Model, Violation};
use super::process::Process;
use crate::support::wire::Wire;

/// What happened in a run, to show that it was not a quiet one.
#[derive(Debug, Default, Clone)]
pub struct Events(BTreeMap<&'static str, u64>);

#[cfg(not(feature = "planted-bugs"))]
const EXPECTED: [&str; 41] = [
    "acknowledged writes",
    "branches compared",
    "branches deleted",
    "cold queries",
    "commits that were gone",
    "compactions",
    "crashes",
    "deaths during a takeover",
    "deletes by filter",
    "drains",
    "erased commits refused",
    "erases",
    "evictions",
    "failed folds",
    "feeds followed",
    "files of tables removed",
    "folds",
    "graph searches",
    "hits judged",
    "index builds",
    "past reads judged",
    "patches",
    "patches by filter",
    "pauses",
    "pauses beyond the retention",
    "reads judged",
    "refused for want of a lease",
    "rewinds",
    "rewinds to snapshots",
    "snapshots",
    "snapshots compared",
    "snapshots deleted",
    "takeovers",
    "unknown outcomes",
    "writes behind a rewind that they were beside",
    "writes on a condition",
    "writes refused by an old owner",
    "writes refused for their condition",
    "writes taken back by a rewind that they were beside",
    "writes to branches",
    "writes to two collections",
];

impl Events {
    pub fn count(&mut self, what: &'static str, many: u64) {
        *self.0.entry(what).or_default() += many;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, many) in &other.0 {
            self.count(what, *many);
        }
    }

    /// What should have happened in a long run and did not.
    #[cfg(not(feature = "planted-bugs"))]
    pub fn missing(&self) -> Vec<&'static str> {
        EXPECTED.into_iter().filter(|what| self.0.get(what).is_none_or(|many| *many == 0)).collect()
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(what, many)| format!("{many} {what}")).collect();
        write!(f, "{}", parts.join(", "))
    }
}

#[derive(Default)]
struct Route {
    owner: Option<Arc<Process>>,
    /// Every process that was not cleared away, the owner among them.
    all: Vec<Arc<Process>>,
}

pub struct Run {
    pub model: Mutex<Model>,
    pub clock: ManualClock,
    pub wire: Arc<Wire>,
    /// Held by clients whose writes depend on what there is; alone by one that takes the namespace back, or erases.
    pub turns: Arc<RwLock<()>>,
    abandoned: Mutex<CancellationToken>,
    in_work: Mutex<BTreeMap<&'static str, u32>>,
    stage: Mutex<&'static str>,
    route: Mutex<Route>,
    generation: AtomicU64,
    steps: AtomicU64,
    busy: AtomicU64,
    events: Arc<Mutex<Events>>,
    violations: Arc<Mutex<Vec<Violation>>>,
}

impl Run {
    pub fn new() -> Self {
        let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        Self {
            model: Mutex::default(),
            clock,
            wire: Arc::default(),
            turns: Arc::default(),
            abandoned: Mutex::default(),
            in_work: Mutex::default(),
            stage: Mutex::default(),
            route: Mutex::default(),
            generation: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            events: Arc::default(),
            violations: Arc::default(),
        }
    }

    /// Of another namespace in the same world.
    pub fn beside(&self, model: Model) -> Self {
        Self {
            model: Mutex::new(model),
            clock: self.clock.clone(),
            wire: Arc::clone(&self.wire),
            events: Arc::clone(&self.events),
            violations: Arc::clone(&self.violations),
            ..Self::new()
        }
    }

    /// Time passes. Nodes that run renew their leases, unless those were taken.
    pub fn tick(&self, time: Duration) {
        self.clock.advance(time);
        for process in &self.route.lock().all {
            if !process.pause.is_paused() && !process.faulty.is_dead() {
                process.lease.renew();
            }
        }
    }

    pub fn owned_by(&self, process: &Arc<Process>) {
        let mut route = self.route.lock();
        route.owner = Some(Arc::clone(process));
        route.all.push(Arc::clone(process));
    }

    pub fn no_owner(&self) {
        self.route.lock().owner = None;
    }

    /// All processes, which nobody reaches any more.
    pub fn clear(&self) -> Vec<Arc<Process>> {
        std::mem::take(&mut *self.route.lock()).all
    }

    /// The owner, or with `astray` of a hundred any process that lives.
    pub fn pick(&self, random: &mut ChaCha8Rng, astray: u32) -> Option<Arc<Process>> {
        let route = self.route.lock();
        let living: Vec<_> = route.all.iter().filter(|process| !process.faulty.is_dead()).collect();
        if !living.is_empty() && random.random_range(0..100) < astray {
            return Some(Arc::clone(living[random.random_range(0..living.len())]));
        }
        route.owner.clone().filter(|owner| !owner.faulty.is_dead())
    }

    /// Something begins that a quiet moment waits for; it ends when what this returns is dropped.
    pub fn working(self: &Arc<Self>, what: &'static str) -> InWork {
        *self.in_work.lock().entry(what).or_default() += 1;
        InWork { run: Arc::clone(self), what }
    }

    /// Returns when nothing is in work.
    pub async fn quiet(&self) {
        while !self.in_work.lock().is_empty() {
            breathe().await;
        }
    }

    pub fn stage(&self, stage: &'static str) {
        *self.stage.lock() = stage;
    }

    /// Where a run hangs.
    pub fn stuck(&self) -> String {
        format!("stuck in `{}`; in work: {:?}", self.stage.lock(), self.in_work.lock())
    }

    /// The number of a takeover that begins.
    pub fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// How many clients are at work.
    pub fn begin(&self, clients: usize) {
        self.busy.store(clients as u64, Ordering::SeqCst);
        *self.abandoned.lock() = CancellationToken::new();
    }

    /// Cancelled when a client gives up before it knows what became of its write: others do not wait to be alone.
    pub fn abandoned(&self) -> CancellationToken {
        self.abandoned.lock().clone()
    }

    pub fn client_ended(&self) {
        self.busy.fetch_sub(1, Ordering::SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }

    pub fn stepped(&self) {
        self.steps.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns when the clients have made so many steps more, or are done.
    pub async fn progress(&self, steps: u64) {
        let wanted = self.steps.load(Ordering::SeqCst) + steps;
        while self.steps.load(Ordering::SeqCst) < wanted && !self.is_over() {
            breathe().await;
        }
    }

    pub fn count(&self, what: &'static str, many: u64) {
        self.events.lock().count(what, many);
    }

    pub fn events(&self) -> Events {
        self.events.lock().clone()
    }

    pub fn violation(&self, what: Violation) {
        self.violations.lock().push(what);
    }

    pub fn judged(&self, outcome: Result<(), Violation>) {
        if let Err(violation) = outcome {
            self.violation(violation);
        }
    }

    /// The first violation.
    pub fn verdict(&self) -> Result<(), Violation> {
        self.violations.lock().first().map_or(Ok(()), |first| Err(first.clone()))
    }
}

/// Something in work.
pub struct InWork {
    run: Arc<Run>,
    what: &'static str,
}

impl Drop for InWork {
    fn drop(&mut self) {
        let mut in_work = self.run.in_work.lock();
        let left = in_work.get(self.what).copied().unwrap_or(1) - 1;
        if left == 0 {
            in_work.remove(self.what);
        } else {
            in_work.insert(self.what, left);
        }
    }
}

/// Lets others run.
pub async fn breathe() {
    tokio::time::sleep(Duration::from_micros(200)).await;
}
