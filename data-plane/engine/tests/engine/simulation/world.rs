//! A seeded world: nodes that come and go over one failing store while clients work.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{Clock, SeededEntropy};
use agentdb_data_plane_engine::{Config, Environment, FoldError, Namespace, OpenError, Store, WriteMeta, Writer};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::branches::Line;
use super::client::{Client, RECORDS, own, row, schema};
use super::model::{Change, Target, Violation};
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
/// Rows of a collection from which on its table gets an index; no index is built of fewer.
const INDEX_ROWS: usize = 16;
/// A collection with so many rows gets a graph in memory, too.
const INDEX_ABOVE: usize = INDEX_ROWS * 66;
/// Bytes of memory for folded rows: of few collections, and of all.
const TIGHT: usize = 4 << 10;
const ROOMY: usize = 1 << 30;
/// Files that no version refers to are kept so long, longer than the build of an index takes.
const ORPHAN_GRACE: Duration = Duration::from_secs(1);
/// The most that a wall clock is wrong.
const SKEW_MS: i64 = 2 * 3_600_000;

pub struct World {
    pub random: ChaCha8Rng,
    pub run: Arc<Run>,
    pub disk: Arc<dyn ObjectStore>,
    /// By name, those that were opened.
    pub branches: BTreeMap<String, Line>,
    /// Directories of tables' indexes that were there at some time.
    indexes: BTreeSet<String>,
}

/// Runs one seed. `Err` is a violation of what the engine promises.
pub async fn run(seed: u64, run: Arc<Run>) -> Result<Events, Violation> {
    let (random, disk) = (ChaCha8Rng::seed_from_u64(seed), Arc::new(InMemory::new()));
    let mut world = World { random, run, disk, branches: BTreeMap::new(), indexes: BTreeSet::new() };
    let mut clients = world.setup(seed).await?;
    for epoch in 0..EPOCHS {
        let plan = Plan::choose(&mut world.random);
        let of =
            |what: &str, violation: Violation| format!("seed {seed}, {what} epoch {epoch} ({plan:?}): {violation}");
        clients = world.epoch(plan, clients).await.map_err(|v| of("in", v))?;
        world.run.stage("checking");
        check::all(&mut world, &mut clients).await.map_err(|v| of("after", v))?;
    }
    world.run.count("index builds", world.indexes.len() as u64);
    count_writes(&world.run);
    Ok(world.run.events())
}

fn count_writes(run: &Run) {
    let model = run.model.lock();
    for op in model.acknowledged() {
        run.count("acknowledged writes", 1);
        if op.condition.is_some() {
            run.count("writes on a condition", 1);
        }
        match &op.change {
            Change::Patch(..) => run.count("patches", 1),
            Change::PatchWhere(..) => run.count("patches by filter", 1),
            Change::DeleteWhere(..) => run.count("deletes by filter", 1),
            Change::Snapshot(..) => run.count("snapshots", 1),
            Change::DropSnapshot(_) => run.count("snapshots deleted", 1),
            Change::Branch(..) => run.count("branches", 1),
            Change::DropBranch(_) => run.count("branches deleted", 1),
            Change::Rewind(Target::Commit(_)) => run.count("rewinds", 1),
            Change::Rewind(Target::Snapshot(..)) => run.count("rewinds to snapshots", 1),
            Change::Erase(_) => run.count("erases", 1),
            Change::UpsertBoth(..) => run.count("writes to two collections", 1),
            Change::Create | Change::Drop | Change::Upsert(_) | Change::Delete(_) => {}
        }
    }
    let (before, after) = model.beside_rewinds();
    run.count("writes taken back by a rewind that they were beside", before);
    run.count("writes behind a rewind that they were beside", after);
}

impl World {
    async fn setup(&mut self, seed: u64) -> Result<Vec<Client>, Violation> {
        let process = self.open(Rates::default(), true).await.map_err(|e| e.to_string())?;
        let created = process.ns.create_collection(DOCS, schema(), WriteMeta::default()).await;
        let created = created.map_err(|e| e.to_string())?.commit;
        process.ns.close().await;
        let mut model = self.run.model.lock();
        for client in 0..CLIENTS {
            for collection in [DOCS.to_owned(), own(client)] {
                (0..RECORDS).for_each(|record| model.know((collection.clone(), row(client, record))));
            }
            model.know((own(client), String::new()));
        }
        model.begin(DOCS, created);
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
        let run = Arc::clone(&self.run);
        self.open_at(PREFIX, &run, rates, leased, crash_in).await
    }

    /// The same of the namespace under a prefix.
    pub async fn open_at(
        &mut self,
        prefix: &str,
        run: &Run,
        rates: Rates,
        leased: bool,
        crash_in: Option<u64>,
    ) -> Result<Arc<Process>, OpenError> {
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
        // Some processes have no memory for folded rows and stream them, or for some of them.
        let memory = match self.random.random_range(0..8) {
            0..3 => 0,
            3 => TIGHT,
            _ => ROOMY,
        };
        let store = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, memory);
        let writer = Writer { writer_id: Uuid::from_u128(self.random.random()), generation };
        let entropy = Arc::new(SeededEntropy::new(self.random.random()));
        let environment = Environment { clock: Arc::clone(&clock) as _, entropy, lease: Arc::clone(&lease) as _ };
        let patient = rates.hang == 0 && crash_in.is_none();
        let config = Config {
            background_fold: false,
            history: Duration::ZERO,
            retention: RETENTION,
            orphan_grace: ORPHAN_GRACE,
            index_rows: INDEX_ROWS,
            index_above: INDEX_ABOVE,
            rest: Duration::from_millis(500),
            write_timeout: if patient { Duration::from_secs(60) } else { IMPATIENCE },
            ..Config::default()
        };
        let ns = Namespace::open(&store, prefix, writer, config, environment).await?;
        let roomy = memory == ROOMY;
        Ok(Arc::new(Process { ns, store, roomy, faulty, clock, lease, pause, generation, leased }))
    }

    /// The next owner, as soon as the store lets it in. `None` when it does not.
    pub async fn next_owner(&mut self, rates: Rates, leased: bool) -> Result<Option<Arc<Process>>, Violation> {
        for attempt in 0..8 {
            let rates = if attempt < 5 { rates } else { Rates::default() };
            match self.open(rates, leased).await {
                Ok(process) => {
                    self.run.owned_by(&process);
                    self.keep_up(&process);
                    return Ok(Some(process));
                }
                Err(OpenError::Unavailable(_)) => {}
                Err(error) => return Err(format!("the namespace does not open: {error}")),
            }
        }
        Ok(None)
    }

    /// Folds now and then, and what else is done beside the writes.
    fn keep_up(&mut self, process: &Arc<Process>) {
        let (run, process) = (Arc::clone(&self.run), Arc::clone(process));
        let mut random = ChaCha8Rng::seed_from_u64(self.random.random());
        let in_work = run.working("upkeep");
        tokio::spawn(async move {
            let _in_work = in_work;
            for _ in 0..random.random_range(0..8_u32) {
                for _ in 0..random.random_range(0..20_u32) {
                    breathe().await;
                }
                if random.random_bool(0.2) {
                    evict(&run, &process);
                }
                match process.call(&run, upkeep(&process, random.random_range(0..10))).await {
                    None => return,
                    Some(Err(FoldError::Fenced)) if process.is_newest(&run) => {
                        run.violation("a fold was fenced, but there is no other writer".to_owned());
                    }
                    _ => {}
                }
            }
        });
    }

    /// Notes which indexes the tables have, or had and have left.
    pub async fn note_indexes(&mut self) -> Result<(), Violation> {
        let files: Vec<_> = self.disk.list(None).try_collect().await.map_err(|e| format!("list: {e}"))?;
        let of = |path: &str| path.split_once("/_indices/").map(|(_, rest)| rest.split('/').next().map(str::to_owned));
        self.indexes.extend(files.iter().filter_map(|file| of(file.location.as_ref()).flatten()));
        Ok(())
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
            self.end(&process).await;
        }
    }

    /// Ends a process and counts what it did.
    pub async fn end(&self, process: &Process) {
        let stats = process.ns.stats();
        self.run.count("folds", stats.folds);
        self.run.count("failed folds", stats.failed_folds);
        self.run.count("compactions", stats.storage.compactions);
        self.run.count("files of tables removed", stats.storage.removed.objects);
        process.end().await;
    }

    pub fn rates(&mut self) -> Rates {
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

/// What is done beside the writes, as a call: what its success says is not an answer to anybody, so that it needs no
/// lease.
async fn upkeep(process: &Process, which: u32) -> Result<Infallible, FoldError> {
    match which {
        0 | 1 => process.ns.index_tables().await?,
        2 => process.ns.clean_up().await.map(drop)?,
        _ => process.ns.fold().await?,
    }
    Err(FoldError::Closed)
}

/// Rows that nothing uses at this moment leave the memory.
pub fn evict(run: &Run, process: &Process) {
    let gone = process.store.release_idle(process.clock.monotonic(), Duration::ZERO);
    run.count("evictions", gone as u64);
}
