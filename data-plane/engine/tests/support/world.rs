//! A seeded world: writers that come and go over one failing store, and a plain map that knows what may be
//! there.
//!
//! Each client owns its records, so for every record there is a newest acknowledged value and, after it,
//! values whose outcome nobody was told. What a read shows must be one of these. A write that was refused
//! must not show. Retried writes carry an idempotency key and must count once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{Clock, ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    Config, Environment, FoldError, Idempotency, Include, Metric, Namespace, OpenError, ReadError, Record, Schema,
    Store, UsageDelta, VectorSpec, WriteError, WriteMeta, Writer,
};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::faulty::{Faulty, Rates};
use super::{DOCS, PREFIX};

const CLIENTS: usize = 4;
const RECORDS: usize = 6;
const OPERATIONS: usize = 10;
const EPOCHS: usize = 4;
const RETENTION: Duration = Duration::from_secs(60);
/// How long a write waits on a store that hangs; shorter than a hang.
const IMPATIENCE: Duration = Duration::from_millis(60);

/// What the model knows of one record. `None` is "not there".
#[derive(Debug, Clone, Default)]
struct Known {
    /// The newest value that was acknowledged or seen.
    settled: Option<u64>,
    /// Values written after it whose outcome is not known.
    open: Vec<Option<u64>>,
}

/// A client's own state; survives the writers.
struct Client {
    number: usize,
    random: ChaCha8Rng,
    rows: BTreeMap<String, Known>,
    next_value: u64,
    /// Usage that was acknowledged, and that of writes with unknown outcome.
    counted: u64,
    maybe_counted: u64,
    /// A write to be tried again with its key, as its outcome is not known.
    retry: Option<Write>,
    unknown: u32,
    acknowledged: u32,
}

#[derive(Debug, Clone)]
struct Write {
    key: [u8; 32],
    id: String,
    value: Option<u64>,
}

/// What went wrong, in words.
pub type Violation = String;

/// What happened in a run, to show that it was not a quiet one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Events {
    pub crashes: u32,
    pub takeovers: u32,
    pub folds: u32,
    pub failed_folds: u32,
    pub unknown: u32,
    pub acknowledged: u32,
}

impl Events {
    pub fn add(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.takeovers += other.takeovers;
        self.folds += other.folds;
        self.failed_folds += other.failed_folds;
        self.unknown += other.unknown;
        self.acknowledged += other.acknowledged;
    }
}

/// Runs one seed. `Err` is a violation of what the engine promises.
pub async fn run(seed: u64) -> Result<Events, Violation> {
    let mut world = World::new(seed);
    world.setup().await?;
    for epoch in 0..EPOCHS {
        world.epoch().await.map_err(|v| format!("seed {seed}, epoch {epoch}: {v}"))?;
        world.check().await.map_err(|v| format!("seed {seed}, after epoch {epoch}: {v}"))?;
    }
    let mut events = world.events;
    events.unknown = world.clients.iter().map(|c| c.unknown).sum();
    events.acknowledged = world.clients.iter().map(|c| c.acknowledged).sum();
    Ok(events)
}

struct World {
    random: ChaCha8Rng,
    disk: Arc<dyn ObjectStore>,
    clock: ManualClock,
    generation: u64,
    clients: Vec<Client>,
    events: Events,
}

impl World {
    fn new(seed: u64) -> Self {
        let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let clients = (0..CLIENTS).map(|number| Client {
            number,
            random: ChaCha8Rng::seed_from_u64(seed ^ (number as u64 + 1) << 32),
            rows: (0..RECORDS).map(|r| (format!("c{number}-r{r}"), Known::default())).collect(),
            next_value: 1,
            counted: 0,
            maybe_counted: 0,
            retry: None,
            unknown: 0,
            acknowledged: 0,
        });
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            disk: Arc::new(InMemory::new()),
            clock: ManualClock::at(start),
            generation: 0,
            clients: clients.collect(),
            events: Events::default(),
        }
    }

    async fn setup(&mut self) -> Result<(), Violation> {
        let (ns, _) = self.open(Rates::default()).await.map_err(|e| e.to_string())?;
        let vector = VectorSpec { dimension: 2, metric: Metric::Euclidean };
        let schema = Schema { vector: Some(vector), ..Schema::default() };
        ns.create_collection(DOCS, schema, WriteMeta::default()).await.map_err(|e| e.to_string())?;
        ns.close().await;
        Ok(())
    }

    async fn open(&mut self, rates: Rates) -> Result<(Arc<Namespace>, Arc<Faulty>), OpenError> {
        self.open_in(rates, None).await
    }

    /// A new process opens the namespace, and may die while it does.
    async fn open_in(
        &mut self,
        rates: Rates,
        crash_in: Option<u64>,
    ) -> Result<(Arc<Namespace>, Arc<Faulty>), OpenError> {
        self.generation += 1;
        let patient = rates.hang == 0 && crash_in.is_none();
        let faulty = Arc::new(Faulty::new(Arc::clone(&self.disk), self.random.random(), rates));
        if let Some(calls) = crash_in {
            faulty.crash_in(calls);
        }
        let store = Store::over(Arc::clone(&faulty) as Arc<dyn ObjectStore>, self.budget());
        let writer = Writer { writer_id: Uuid::from_u128(self.random.random()), generation: self.generation };
        let environment = Environment {
            clock: Arc::new(self.clock.clone()) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(self.random.random())),
        };
        let config = Config {
            background_fold: false,
            retention: RETENTION,
            write_timeout: if patient { Duration::from_secs(60) } else { IMPATIENCE },
            ..Config::default()
        };
        Namespace::open(&store, PREFIX, writer, config, environment).await.map(|ns| (ns, faulty))
    }

    /// Some processes have no memory for folded rows and stream them.
    fn budget(&mut self) -> usize {
        if self.random.random_bool(0.25) { 0 } else { 1 << 30 }
    }

    async fn epoch(&mut self) -> Result<(), Violation> {
        let rates = match self.random.random_range(0..4) {
            0 => Rates::default(),
            1 => Rates { fail_before: 40, fail_after: 40, own_conflict: 40, hang: 0 },
            2 => Rates { own_conflict: 120, ..Rates::default() },
            _ => Rates { fail_before: 30, fail_after: 30, own_conflict: 30, hang: 40 },
        };
        // One process dies while it takes over; the next one must not mind.
        if self.random.random_bool(0.2) {
            let calls = self.random.random_range(1..12);
            let died = self.open_in(Rates::default(), Some(calls)).await;
            if let Ok((ns, faulty)) = died {
                faulty.kill();
                ns.close().await;
            }
        }
        // A store that fails may not let anybody in for a while.
        let mut opened = None;
        for _ in 0..6 {
            match self.open(rates).await {
                Ok(found) => {
                    opened = Some(found);
                    break;
                }
                Err(OpenError::Unavailable(_)) => {}
                Err(error) => return Err(format!("the namespace does not open: {error}")),
            }
        }
        let Some((ns, faulty)) = opened else { return Ok(()) };
        let crash = self.random.random_bool(0.6);
        if crash {
            faulty.crash_in(self.random.random_range(1..50));
        }
        // Time passes between writes, sometimes more than the retention.
        let pause = if self.random.random_bool(0.3) { RETENTION * 2 } else { Duration::from_secs(1) };
        self.clock.advance(pause);
        let rival = !crash && self.random.random_bool(0.5);
        let alone = !rival;
        let mut clients = std::mem::take(&mut self.clients);
        let folds = self.random.random_range(0..4_u32);
        let folder = fold_now_and_then(Arc::clone(&ns), folds, self.random.random());
        let taking_over = async {
            if rival {
                for _ in 0..self.random.random_range(1..60_u32) {
                    tokio::task::yield_now().await;
                }
                return self.open(Rates::default()).await.ok();
            }
            None
        };
        let running = futures::future::join_all(clients.iter_mut().map(|client| client.run(&ns, alone, &faulty)));
        let work = async { futures::join!(running, folder, taking_over) };
        // A dead process answers nobody: what was in flight stays open.
        let ended = tokio::select! {
            biased;
            () = faulty.death() => None,
            ended = work => Some(ended),
        };
        self.clients = clients;
        self.events.crashes += u32::from(ended.is_none());
        let (outcomes, folded, successor) = ended.unwrap_or_else(|| (Vec::new(), Ok(()), None));
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        if alone && matches!(folded, Err(FoldError::Fenced)) && !faulty.is_dead() {
            return Err("a fold was fenced, but there is no other writer".to_owned());
        }
        if let Some((ns, _)) = successor {
            // The old owner is still there: whatever it does now must not matter.
            self.events.takeovers += 1;
            self.succeed(&ns).await?;
        }
        if !faulty.is_dead() {
            let _ = ns.fold().await;
        }
        self.events.folds += u32::try_from(ns.stats().folds).unwrap_or(u32::MAX);
        self.events.failed_folds += u32::try_from(ns.stats().failed_folds).unwrap_or(u32::MAX);
        faulty.kill();
        ns.close().await;
        Ok(())
    }

    /// The clients go on with the new owner, while the old one still runs.
    async fn succeed(&mut self, ns: &Arc<Namespace>) -> Result<(), Violation> {
        let healthy = Arc::new(Faulty::new(Arc::clone(&self.disk), 0, Rates::default()));
        let running = self.clients.iter_mut().map(|client| client.run(ns, true, &healthy));
        futures::future::join_all(running).await.into_iter().collect::<Result<Vec<()>, _>>()?;
        if self.random.random_bool(0.7) {
            ns.fold().await.map_err(|e| format!("the owner's fold failed on a healthy store: {e}"))?;
        }
        ns.close().await;
        Ok(())
    }

    /// A healthy process opens the namespace and everything is compared.
    async fn check(&mut self) -> Result<(), Violation> {
        let (ns, _) = self.open(Rates::default()).await.map_err(|e| format!("does not open: {e}"))?;
        self.compare(&ns).await?;
        // Twice what nobody was told: now with an answer.
        let healthy = Arc::new(Faulty::new(Arc::clone(&self.disk), 0, Rates::default()));
        for client in &mut self.clients {
            client.finish(&ns, &healthy).await?;
        }
        self.compare(&ns).await?;
        ns.fold().await.map_err(|e| format!("a fold fails on a healthy store: {e}"))?;
        self.compare(&ns).await?;
        ns.close().await;
        let (ns, _) = self.open(Rates::default()).await.map_err(|e| format!("does not open again: {e}"))?;
        self.compare(&ns).await?;
        ns.close().await;
        Ok(())
    }

    async fn compare(&mut self, ns: &Namespace) -> Result<(), Violation> {
        let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.map_err(|e| format!("scan: {e}"))?.value.records;
        let found: HashMap<&str, u64> = found.iter().map(|r| (r.id.as_str(), value_of(r))).collect();
        let count = ns.count(DOCS, None).await.map_err(|e| format!("count: {e}"))?.value;
        if count != found.len() as u64 {
            return Err(format!("count says {count}, a scan finds {}", found.len()));
        }
        let usage: HashMap<Uuid, u64> = ns.usage().into_iter().map(|(key, n)| (key.key, n)).collect();
        for client in &mut self.clients {
            for (id, known) in &mut client.rows {
                let seen = found.get(id.as_str()).copied();
                if seen != known.settled && !known.open.contains(&seen) {
                    return Err(format!("{id} is {seen:?}; acknowledged {:?}, open {:?}", known.settled, known.open));
                }
                // Every writer that could still settle one is gone.
                let retried = client.retry.as_ref().filter(|w| w.id == *id).map(|w| w.value);
                *known = Known { settled: seen, open: retried.into_iter().collect() };
            }
            let used = usage.get(&client.key()).copied().unwrap_or(0);
            if !(client.counted..=client.counted + client.maybe_counted).contains(&used) {
                return Err(format!(
                    "client {} used {used}; acknowledged {}, open {}",
                    client.number, client.counted, client.maybe_counted
                ));
            }
        }
        Ok(())
    }
}

async fn fold_now_and_then(ns: Arc<Namespace>, folds: u32, seed: u64) -> Result<(), FoldError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut last = Ok(());
    for _ in 0..folds {
        for _ in 0..random.random_range(0..80_u32) {
            tokio::task::yield_now().await;
        }
        last = ns.fold().await;
    }
    last
}

fn value_of(record: &Record) -> u64 {
    record.metadata.as_ref().and_then(serde_json::Value::as_u64).unwrap_or(0)
}

impl Client {
    fn key(&self) -> Uuid {
        Uuid::from_u128(self.number as u128 + 1)
    }

    /// Writes and reads until done or until the writer is gone.
    async fn run(&mut self, ns: &Namespace, alone: bool, faulty: &Faulty) -> Result<(), Violation> {
        for _ in 0..OPERATIONS {
            if !self.write(ns, alone, faulty).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn next_write(&mut self) -> Write {
        let id = format!("c{}-r{}", self.number, self.random.random_range(0..RECORDS));
        self.next_value += 1;
        let value = self.random.random_bool(0.75).then_some(self.next_value);
        let mut key = [0; 32];
        self.random.fill(&mut key);
        Write { key, id, value }
    }

    /// Settles the write whose outcome is open.
    async fn finish(&mut self, ns: &Namespace, healthy: &Faulty) -> Result<(), Violation> {
        if self.retry.is_some() {
            self.write(ns, true, healthy).await?;
        }
        if self.retry.is_some() {
            return Err("a write on a healthy store was not done".to_owned());
        }
        Ok(())
    }

    /// Does one write, the one whose outcome is open before a new one; false when the writer is gone.
    async fn write(&mut self, ns: &Namespace, alone: bool, faulty: &Faulty) -> Result<bool, Violation> {
        let again = self.retry.is_some();
        let write = self.retry.clone().unwrap_or_else(|| self.next_write());
        // Noted before it is sent: this future may be dropped when the process dies.
        self.maybe_counted = 1;
        self.retry = Some(write.clone());
        let known = self.rows.get_mut(&write.id).ok_or("no such row in the model")?;
        if !known.open.contains(&write.value) {
            known.open.push(write.value);
        }
        let meta = WriteMeta {
            usage: vec![UsageDelta { key: self.key(), meter: "write".to_owned(), hour: 500_000, amount: 1 }],
            idempotency: Some(Idempotency {
                scope_key: write.key,
                request_hash: [1; 32],
                answer: Bytes::from_static(b"x"),
            }),
        };
        let done = match write.value {
            Some(value) => {
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                let vector = Some(vec![value as f32, self.number as f32]);
                let record = Record { id: write.id.clone(), vector, metadata: Some(value.into()), ..Record::default() };
                ns.upsert(DOCS, vec![record], meta).await
            }
            None => ns.delete(DOCS, vec![write.id.clone()], meta).await,
        };
        let known = self.rows.get_mut(&write.id).ok_or("no such row in the model")?;
        match done {
            Ok(_) => {
                *known = Known { settled: write.value, open: Vec::new() };
                self.counted += 1;
                self.maybe_counted = 0;
                self.retry = None;
                self.acknowledged += 1;
                self.read_back(ns, &write, faulty).await
            }
            Err(WriteError::Unavailable(_)) => {
                self.unknown += 1;
                Ok(true)
            }
            Err(WriteError::Fenced) if alone && !faulty.is_dead() => {
                Err("a write was fenced, but there is no other writer".to_owned())
            }
            Err(refused @ (WriteError::Fenced | WriteError::Closed | WriteError::Backpressure(_))) => {
                // Nothing was done, unless an earlier try of the same write is still open.
                if !again {
                    known.open.pop();
                    self.maybe_counted = 0;
                    self.retry = None;
                }
                if matches!(refused, WriteError::Backpressure(_)) {
                    tokio::time::sleep(IMPATIENCE).await;
                    return Ok(true);
                }
                Ok(false)
            }
            Err(other) => Err(format!("a good write was refused: {other}")),
        }
    }

    /// An acknowledged write is seen at once.
    async fn read_back(&self, ns: &Namespace, write: &Write, faulty: &Faulty) -> Result<bool, Violation> {
        match ns.fetch(DOCS, std::slice::from_ref(&write.id), Include::ALL).await {
            Ok(read) => {
                let seen = read.value[0].as_ref().map(value_of);
                if seen != write.value {
                    return Err(format!("{} was acknowledged as {:?} and reads {seen:?}", write.id, write.value));
                }
                Ok(true)
            }
            Err(ReadError::Unavailable(_)) => Ok(true),
            Err(ReadError::Fenced | ReadError::Closed) => Ok(false),
            Err(other) => Err(format!("a read failed: {other}, dead: {}", faulty.is_dead())),
        }
    }
}
