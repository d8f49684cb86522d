//! A seeded world: nodes that come and go over one failing store while clients work.

use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::SeededEntropy;
use agentdb_data_plane_engine::{Config, Environment, FoldError, Namespace, OpenError, Store, WriteMeta, Writer};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::client::{Client, RECORDS, own, row, schema};
use super::model::Violation;
use super::plan::Plan;
use super::process::{NodeClock, NodeLease, Process};
use super::run::{Events, Run, breathe};
use super::{check, reader};
use crate::support::faulty::{Faulty, Rates};
use crate::support::pause::Pause;
use crate::support::{DOCS, PREFIX};

pub const CLIENTS: usize = 4;
const READERS: usize = 2;
const EPOCHS: usize = 4;
pub const RETENTION: Duration = Duration::from_secs(60);
/// How long a write waits on a store that hangs; shorter than a hang.
const IMPATIENCE: Duration = Duration::from_millis(60);
/// The most that a wall clock is wrong.
const SKEW_MS: i64 = 2 * 3_600_000;

pub struct World {
    pub random: ChaCha8Rng,
    pub run: Arc<Run>,
    pub disk: Arc<dyn ObjectStore>,
}

/// Runs one seed. `Err` is a violation of what the engine promises.
pub async fn run(seed: u64, run: Arc<Run>) -> Result<Events, Violation> {
    let mut world = World { random: ChaCha8Rng::seed_from_u64(seed), run, disk: Arc::new(InMemory::new()) };
    let mut clients = world.setup(seed).await?;
    for epoch in 0..EPOCHS {
        let plan = Plan::choose(&mut world.random);
        let of =
            |what: &str, violation: Violation| format!("seed {seed}, {what} epoch {epoch} ({plan:?}): {violation}");
        clients = world.epoch(plan, clients).await.map_err(|v| of("in", v))?;
        world.run.stage("checking");
        check::all(&mut world, &mut clients).await.map_err(|v| of("after", v))?;
    }
    world.run.count("acknowledged writes", world.run.model.lock().acknowledged() as u64);
    Ok(world.run.events())
}

impl World {
    async fn setup(&mut self, seed: u64) -> Result<Vec<Client>, Violation> {
        let process = self.open(Rates::default(), true).await.map_err(|e| e.to_string())?;
        process.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.map_err(|e| e.to_string())?;
        process.ns.close().await;
        let mut model = self.run.model.lock();
        for client in 0..CLIENTS {
            for collection in [DOCS.to_owned(), own(client)] {
                (0..RECORDS).for_each(|record| model.know((collection.clone(), row(client, record))));
            }
            model.know((own(client), String::new()));
        }
        Ok((0..CLIENTS).map(|number| Client::new(number, seed)).collect())
    }

    /// A new process opens the namespace. One without a lease has a right clock.
    pub async fn open(&mut self, rates: Rates, leased: bool) -> Result<Arc<Process>, OpenError> {
        self.open_and_die(rates, leased, None).await
    }

    /// The same, and the process may die while it opens.
    pub async fn open_and_die(
        &mut self,
        rates: Rates,
        leased: bool,
        crash_in: Option<u64>,
    ) -> Result<Arc<Process>, OpenError> {
        let run = &self.run;
        let generation = run.next_generation();
        let wrong = leased && self.random.random_bool(0.3);
        let skew = if wrong { self.random.random_range(-SKEW_MS..SKEW_MS) } else { 0 };
        let clock = Arc::new(NodeClock::new(&run.clock, skew));
        let lease = Arc::new(NodeLease::new(&run.clock, leased));
        let pause = Arc::new(Pause::default());
        let faulty = Faulty::new(Arc::clone(&self.disk), self.random.random(), rates);
        let faulty = Arc::new(faulty.on(Arc::clone(&pause), Arc::clone(&run.wire)));
        if let Some(calls) = crash_in {
            faulty.crash_in(calls);
        }
        // Some processes have no memory for folded rows and stream them.
        let memory = if self.random.random_bool(0.25) { 0 } else { 1 << 30 };
        let store = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, memory);
        let writer = Writer { writer_id: Uuid::from_u128(self.random.random()), generation };
        let entropy = Arc::new(SeededEntropy::new(self.random.random()));
        let environment = Environment { clock: Arc::clone(&clock) as _, entropy, lease: Arc::clone(&lease) as _ };
        let patient = rates.hang == 0 && crash_in.is_none();
        let config = Config {
            background_fold: false,
            history: Duration::ZERO,
            retention: RETENTION,
            write_timeout: if patient { Duration::from_secs(60) } else { IMPATIENCE },
            ..Config::default()
        };
        let ns = Namespace::open(&store, PREFIX, writer, config, environment).await?;
        Ok(Arc::new(Process { ns, faulty, clock, lease, pause, generation, leased }))
    }

    /// The next owner, as soon as the store lets it in. `None` when it does not.
    pub async fn next_owner(&mut self, rates: Rates, leased: bool) -> Result<Option<Arc<Process>>, Violation> {
        for attempt in 0..8 {
            let rates = if attempt < 5 { rates } else { Rates::default() };
            match self.open(rates, leased).await {
                Ok(process) => {
                    self.run.owned_by(&process);
                    self.fold_now_and_then(&process);
                    return Ok(Some(process));
                }
                Err(OpenError::Unavailable(_)) => {}
                Err(error) => return Err(format!("the namespace does not open: {error}")),
            }
        }
        Ok(None)
    }

    fn fold_now_and_then(&mut self, process: &Arc<Process>) {
        let (run, process) = (Arc::clone(&self.run), Arc::clone(process));
        let mut random = ChaCha8Rng::seed_from_u64(self.random.random());
        let in_work = run.working("fold");
        tokio::spawn(async move {
            let _in_work = in_work;
            for _ in 0..random.random_range(0..4_u32) {
                for _ in 0..random.random_range(0..30_u32) {
                    breathe().await;
                }
                match process.call(&run, fold(&process)).await {
                    None => return,
                    Some(Err(FoldError::Fenced)) if process.is_newest(&run) => {
                        run.violation("a fold was fenced, but there is no other writer".to_owned());
                    }
                    _ => {}
                }
            }
        });
    }

    async fn epoch(&mut self, plan: Plan, clients: Vec<Client>) -> Result<Vec<Client>, Violation> {
        let rates = self.rates();
        let leased = plan.is_leased();
        if plan == Plan::DieInTakeover {
            let calls = self.random.random_range(1..14);
            if let Ok(process) = self.open_and_die(Rates::default(), leased, Some(calls)).await {
                process.end().await;
            }
            self.run.count("deaths during a takeover", 1);
        }
        self.run.stage("opening");
        let Some(owner) = self.next_owner(rates, leased).await? else { return Ok(clients) };
        // Sometimes long after the last one, so that folds trim.
        let pause = if self.random.random_bool(0.3) { RETENTION * 2 } else { Duration::from_secs(1) };
        self.run.tick(pause);
        self.run.begin(clients.len());
        let working: Vec<_> =
            clients.into_iter().map(|client| tokio::spawn(client.work(Arc::clone(&self.run)))).collect();
        for _ in 0..READERS {
            let random = ChaCha8Rng::seed_from_u64(self.random.random());
            tokio::spawn(reader::work(Arc::clone(&self.run), random, CLIENTS));
        }
        self.run.stage("working");
        let carried_out = plan.carry_out(self, &owner, rates).await;
        self.run.stage("waiting for clients");
        let mut clients = Vec::new();
        for client in working {
            clients.push(client.await.map_err(|e| format!("a client failed: {e}"))?);
        }
        self.clear().await;
        carried_out?;
        self.run.verdict()?;
        Ok(clients)
    }

    /// Lets everything end that is under way, then kills all processes.
    async fn clear(&mut self) {
        if self.random.random_bool(0.7) {
            self.run.wire.arrive().await;
        }
        let processes = self.run.clear();
        processes.iter().for_each(|process| process.pause.resume());
        self.run.stage("waiting for what is in work");
        self.run.quiet().await;
        self.run.stage("ending processes");
        for process in processes {
            let stats = process.ns.stats();
            self.run.count("folds", stats.folds);
            self.run.count("failed folds", stats.failed_folds);
            process.end().await;
        }
    }

    fn rates(&mut self) -> Rates {
        match self.random.random_range(0..6) {
            0 => Rates::default(),
            1 => Rates { fail_before: 40, fail_after: 40, own_conflict: 40, ..Rates::default() },
            2 => Rates { own_conflict: 120, slow: 30, ..Rates::default() },
            3 => Rates { late: 60, fail_after: 20, ..Rates::default() },
            4 => Rates { late: 150, slow: 50, ..Rates::default() },
            _ => Rates { fail_before: 30, fail_after: 30, own_conflict: 30, hang: 40, late: 20, ..Rates::default() },
        }
    }
}

/// A fold as a call: what its success says is not an answer to anybody, so that it needs no lease.
async fn fold(process: &Process) -> Result<std::convert::Infallible, FoldError> {
    match process.ns.fold().await {
        Ok(()) => Err(FoldError::Closed),
        Err(error) => Err(error),
    }
}
