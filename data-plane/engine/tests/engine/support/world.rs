//! A seeded world: writers that come and go over one failing store, and a plain map that knows what may be
//! there.
//!
//! Each client owns its records, so for every record there is a newest acknowledged value and, after it,
//! values whose outcome nobody was told. What a read shows must be one of these. A write that was refused
//! must not show. Retried writes carry an idempotency key and must count once; what was answered is asked again
//! later and must be answered alike. An owner that was taken over acknowledges nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{Clock, ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    Commit, Committed, Config, Environment, FoldError, Idempotency, Include, Metric, Mode, Namespace, OpenError, Query,
    ReadError, Record, Schema, SoleOwner, Store, UsageDelta, VectorSpec, WriteError, WriteMeta, Writer, default_vector,
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
/// Acknowledged writes that a client asks for again at a check.
const ASKED_AGAIN: usize = 2;
/// Hits of a vector query.
const TOP_K: usize = 5;
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
    /// Acknowledged writes and what they were answered.
    answered: Vec<(Write, Commit)>,
    unknown: u32,
    acknowledged: u32,
}

#[derive(Debug, Clone)]
struct Write {
    key: [u8; 32],
    id: String,
    value: Option<u64>,
    /// Whether the row was there before: what a delete must say.
    existed: bool,
}

/// What went wrong, in words.
pub type Violation = String;

/// What happened in a run, to show that it was not a quiet one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Events {
    pub crashes: u32,
    pub takeovers: u32,
    /// Writes that an owner refused because it was taken over.
    pub fenced: u32,
    pub folds: u32,
    pub failed_folds: u32,
    pub unknown: u32,
    pub acknowledged: u32,
}

impl Events {
    pub fn add(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.takeovers += other.takeovers;
        self.fenced += other.fenced;
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
            answered: Vec::new(),
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
        let schema = Schema { vectors: vector.into(), ..Schema::default() };
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
            lease: Arc::new(SoleOwner),
        };
        let config = Config {
            background_fold: false,
            retention: RETENTION,
            orphan_grace: Duration::ZERO,
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
        if let Some((successor, _)) = successor {
            self.events.takeovers += 1;
            self.succeed(&successor, &ns).await?;
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

    /// The clients go on with the new owner, while the old one still runs: whatever it does now must not matter.
    async fn succeed(&mut self, ns: &Arc<Namespace>, old: &Namespace) -> Result<(), Violation> {
        let healthy = Arc::new(Faulty::new(Arc::clone(&self.disk), 0, Rates::default()));
        // Sometimes the old owner learns of it only when the new one has folded.
        let (at_once, target) = (self.random.random_bool(0.5), self.random.random_range(0..CLIENTS));
        let stale = async { if at_once { write_as_old_owner(old, target).await } else { Ok(0) } };
        let running = futures::future::join_all(self.clients.iter_mut().map(|client| client.run(ns, true, &healthy)));
        let (outcomes, fenced) = futures::join!(running, stale);
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        self.events.fenced += fenced?;
        if self.random.random_bool(0.7) {
            ns.fold().await.map_err(|e| format!("the owner's fold failed on a healthy store: {e}"))?;
        }
        self.events.fenced += write_as_old_owner(old, target).await?;
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
            client.ask_again(&ns).await?;
        }
        self.compare(&ns).await?;
        ns.fold().await.map_err(|e| format!("a fold fails on a healthy store: {e}"))?;
        self.compare(&ns).await?;
        ns.close().await;
        let (ns, _) = self.open(Rates::default()).await.map_err(|e| format!("does not open again: {e}"))?;
        for client in &mut self.clients {
            client.ask_again(&ns).await?;
        }
        self.compare(&ns).await?;
        ns.close().await;
        Ok(())
    }

    async fn compare(&mut self, ns: &Namespace) -> Result<(), Violation> {
        let found =
            ns.scan(DOCS, None, None, 1000, Include::ALL).await.map_err(|e| format!("scan: {e}"))?.value.records;
        let found: HashMap<&str, u64> = found.iter().map(|r| (r.id.as_str(), value_of(r))).collect();
        let probe = (self.random.random_range(0..80), self.random.random_range(0..CLIENTS));
        compare_nearest(ns, &found, probe).await?;
        let count = ns.count(DOCS, None).await.map_err(|e| format!("count: {e}"))?.value;
        if count != found.len() as u64 {
            return Err(format!("count says {count}, a scan finds {}", found.len()));
        }
        if let Some(id) = found.keys().find(|id| self.clients.iter().all(|c| !c.rows.contains_key(**id))) {
            return Err(format!("{id} is there, and nobody was told that it was written"));
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

/// A vector query finds the nearest of the rows that a scan finds.
async fn compare_nearest(ns: &Namespace, found: &HashMap<&str, u64>, probe: (u64, usize)) -> Result<(), Violation> {
    let mut wanted: Vec<(u64, &str)> = Vec::new();
    for (id, value) in found {
        let number = id[1..2].parse::<usize>().map_err(|e| e.to_string())?;
        let across = number.abs_diff(probe.1) as u64;
        wanted.push((value.abs_diff(probe.0).pow(2) + across.pow(2), id));
    }
    wanted.sort_unstable();
    wanted.truncate(TOP_K);
    let nearest = Mode::Vector { vector: vector_of(probe.0, probe.1) };
    let query = Query { include: Include::ALL, ..Query::new(nearest, TOP_K) };
    let hits = ns.query(DOCS, query).await.map_err(|e| format!("query: {e}"))?.value;
    let hits: Vec<(&str, u64)> = hits.iter().map(|hit| (hit.record.id.as_str(), value_of(&hit.record))).collect();
    let wanted: Vec<(&str, u64)> = wanted.into_iter().map(|(_, id)| (id, found[id])).collect();
    if hits != wanted {
        return Err(format!("nearest to {probe:?} are {wanted:?}; a query finds {hits:?}"));
    }
    Ok(())
}

/// An owner that was taken over tries to write over a client's rows at the client's cost. How often it was fenced.
async fn write_as_old_owner(old: &Namespace, target: usize) -> Result<u32, Violation> {
    let key = key_of(target);
    let meta = || WriteMeta { usage: vec![usage_of(key)], ..WriteMeta::default() };
    let row = |id: String| {
        let vectors = default_vector(vector_of(0, target));
        Record { id, vectors, metadata: Some(u64::MAX.into()), ..Record::default() }
    };
    let mut fenced = 0;
    for done in [
        old.upsert(DOCS, vec![row(format!("c{target}-r0")), row(format!("c{target}-new"))], meta()).await,
        old.delete(DOCS, vec![format!("c{target}-r1")], meta()).await,
    ] {
        match done {
            Err(WriteError::Fenced) => fenced += 1,
            Err(WriteError::Closed | WriteError::Unavailable(_) | WriteError::Backpressure(_)) => {}
            Err(other) => return Err(format!("a good write was refused by the old owner: {other}")),
            Ok(done) => return Err(format!("the old owner acknowledged a write as commit {}", done.commit)),
        }
    }
    Ok(fenced)
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

fn key_of(client: usize) -> Uuid {
    Uuid::from_u128(client as u128 + 1)
}

fn usage_of(key: Uuid) -> UsageDelta {
    UsageDelta { key, meter: "write".to_owned(), hour: 500_000, amount: 1 }
}

fn vector_of(value: u64, client: usize) -> Vec<f32> {
    vec![value as f32, client as f32]
}

impl Client {
    fn key(&self) -> Uuid {
        key_of(self.number)
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
        let existed = self.rows.get(&id).is_some_and(|known| known.settled.is_some());
        Write { key, id, value, existed }
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
        let done = self.send(ns, &write, 1).await;
        let known = self.rows.get_mut(&write.id).ok_or("no such row in the model")?;
        match done {
            Ok(committed) => {
                check_answer(&write, &committed, again)?;
                self.answered.push((write.clone(), committed.commit));
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

    /// Some writes that were acknowledged, sent once more: each is answered as it was, and nothing is done.
    async fn ask_again(&mut self, ns: &Namespace) -> Result<(), Violation> {
        for _ in 0..ASKED_AGAIN.min(self.answered.len()) {
            let at = self.random.random_range(0..self.answered.len());
            let (write, commit) = &self.answered[at];
            let again = self.send(ns, write, 1).await.map_err(|e| format!("asked again for {}: {e}", write.id))?;
            if again.replayed.is_none() || again.commit != *commit {
                return Err(format!("{} was done in commit {commit} and was done again: {again:?}", write.id));
            }
            check_answer(write, &again, true)?;
            let other = self.send(ns, write, 2).await;
            if other != Err(WriteError::IdempotencyConflict) {
                return Err(format!("the key of commit {commit} was taken for another request: {other:?}"));
            }
        }
        Ok(())
    }

    async fn send(&self, ns: &Namespace, write: &Write, request: u8) -> Result<Committed, WriteError> {
        let answer = Bytes::copy_from_slice(&write.key);
        let idempotency = Some(Idempotency { scope_key: write.key, request_hash: [request; 32], answer });
        let meta = WriteMeta { usage: vec![usage_of(self.key())], idempotency, ..WriteMeta::default() };
        match write.value {
            Some(value) => {
                let vectors = default_vector(vector_of(value, self.number));
                let record =
                    Record { id: write.id.clone(), vectors, metadata: Some(value.into()), ..Record::default() };
                ns.upsert(DOCS, vec![record], meta).await
            }
            None => ns.delete(DOCS, vec![write.id.clone()], meta).await,
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

/// What a write must be answered. Only one that was sent before may be a replay.
fn check_answer(write: &Write, committed: &Committed, again: bool) -> Result<(), Violation> {
    let deleted = u64::from(write.value.is_none() && write.existed);
    if committed.deleted != deleted {
        return Err(format!("{} says that it deleted {}, not {deleted}", write.id, committed.deleted));
    }
    match &committed.replayed {
        Some(answer) if !again || **answer != write.key => Err(format!("{} got another's answer", write.id)),
        _ => Ok(()),
    }
}
