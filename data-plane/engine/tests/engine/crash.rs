//! A process that is killed loses nothing that it acknowledged, whatever it was doing, and the next owner's clean-up
//! leaves nothing of it behind, nor does the next start on the machine's own disk.
//!
//! The test starts itself again as a child on a directory. The child says what it tries, what was acknowledged and
//! what the engine is doing; it is killed with SIGKILL at a random moment of what the round is about.

#![expect(clippy::disallowed_methods, reason = "how long work takes decides when it is killed")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::leftovers::{leftovers, open_table, tables};
use crate::support::*;
use agentdb_clock::{ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    Config, Environment, Include, Namespace, Record, Store, StoreConfig, WriteMeta, keep_scratch_in,
};
use lance::index::DatasetIndexExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CHILD: &str = "crash::child_that_writes_and_folds_until_it_is_killed";
const DIRECTORY: &str = "AGENTDB_CRASH_DIRECTORY";
const SCRATCH: &str = "AGENTDB_CRASH_SCRATCH";
const GENERATION: &str = "AGENTDB_CRASH_GENERATION";
const WORK: &str = "AGENTDB_CRASH_WORK";
const FOLD: &str = "a fold";
const COMPACTION: &str = "a compaction";
const CLEAN_UP: &str = "a clean-up";
const INDEX_BUILD: &str = "an index build";
const SNAPSHOT: &str = "a snapshot";
/// Kills in the middle of each kind of work.
const ROUNDS: u32 = 15;
/// Records of a write: all of them, or none.
const BATCH: usize = 3;
const BATCHES: usize = 12;
/// Those of the last batch: enough for an index.
const MANY: usize = 320;
const INDEX_ROWS: usize = 300;
const RETENTION: Duration = Duration::from_secs(60);
/// No round takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

async fn open_at(store: &Store, generation: u64) -> (Arc<Namespace>, ManualClock) {
    let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let clock = ManualClock::at(start + Duration::from_secs(generation * 10_000));
    let entropy = Arc::new(SeededEntropy::new(generation));
    let environment = Environment { clock: Arc::new(clock.clone()), entropy, ..environment(generation) };
    let config = Config {
        retention: RETENTION,
        history: Duration::ZERO,
        orphan_grace: Duration::ZERO,
        index_rows: INDEX_ROWS,
        ..config()
    };
    let ns = Namespace::open(store, PREFIX, writer(generation), config, environment).await.expect("opens");
    (ns, clock)
}

/// The numbers of the records of a batch.
fn numbers(batch: usize) -> Range<usize> {
    let first = batch * BATCH;
    first..first + if batch == BATCHES - 1 { MANY } else { BATCH }
}

/// Batch `batch` with `value` in each of its records.
async fn write(ns: &Namespace, batch: usize, value: usize) {
    let records = numbers(batch).map(|i| record(i, value)).collect();
    ns.upsert(DOCS, records, usage(1, 1)).await.expect("written");
}

/// Prints what the engine says that it does.
struct Marks;

impl tracing::Subscriber for Marks {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("agentdb_data_plane_engine")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                println!("MARK {value:?}");
            }
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn child_that_writes_and_folds_until_it_is_killed() {
    let (Ok(directory), Ok(generation)) = (std::env::var(DIRECTORY), std::env::var(GENERATION)) else { return };
    let generation: u64 = generation.parse().expect("a number");
    let work = std::env::var(WORK).expect("what it is killed in");
    // The runner has begun a line of its own.
    println!();
    let scratch = std::env::var(SCRATCH).expect("where its own files are");
    keep_scratch_in(Path::new(&scratch)).expect("it can be emptied");
    println!("LEFT {}", entries(Path::new(&scratch)));
    tracing::subscriber::set_global_default(Marks).expect("the first");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let store = Store::open(&StoreConfig::directory(Path::new(&directory))).await.expect("a store");
        let (ns, clock) = open_at(&store, generation).await;
        let mut writes = Writes {
            ns: Arc::clone(&ns),
            random: ChaCha8Rng::seed_from_u64(generation),
            value: usize::try_from(generation).expect("small") * 1_000,
        };
        loop {
            match work.as_str() {
                INDEX_BUILD => {
                    writes.write(BATCHES - 1).await;
                    ns.fold().await.expect("fold");
                    let (indexed, ()) = futures::join!(ns.index_tables(), writes.some());
                    indexed.expect("indexed");
                }
                SNAPSHOT => {
                    writes.some().await;
                    let (folded, ()) = futures::join!(ns.fold(), writes.snapshot());
                    folded.expect("fold");
                }
                _ => {
                    let (folded, ()) = futures::join!(ns.fold(), writes.some());
                    folded.expect("fold");
                }
            }
            clock.advance(RETENTION / 2);
        }
    });
}

/// How much is in a directory.
fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).expect("a directory").count()
}

/// Says what it tries and what was acknowledged.
struct Writes {
    ns: Arc<Namespace>,
    random: ChaCha8Rng,
    value: usize,
}

impl Writes {
    async fn some(&mut self) {
        for _ in 0..self.random.random_range(1..6) {
            let batch = self.random.random_range(0..BATCHES);
            self.write(batch).await;
        }
    }

    async fn write(&mut self, batch: usize) {
        self.value += 1;
        println!("TRY {batch} {}", self.value);
        write(&self.ns, batch, self.value).await;
        println!("ACK {batch} {}", self.value);
    }

    async fn snapshot(&mut self) {
        self.value += 1;
        let name = format!("s{}", self.value);
        println!("TAKE {name}");
        println!("MARK {SNAPSHOT} begins");
        self.ns.create_snapshot(&name, None, WriteMeta::default()).await.expect("taken");
        println!("MARK {SNAPSHOT} ended");
        println!("TAKEN {name}");
    }
}

/// What may be in a batch.
#[derive(Debug, Clone, Default)]
struct Known {
    acknowledged: Option<usize>,
    /// Tried after that, and not acknowledged.
    open: Vec<usize>,
}

/// What the killed processes said.
#[derive(Debug, Default)]
struct Told {
    batches: [Known; BATCHES],
    /// What each snapshot holds, and whether it was acknowledged.
    snapshots: BTreeMap<String, (Vec<Option<usize>>, bool)>,
}

struct Run {
    child: Child,
    lines: Receiver<String>,
}

impl Run {
    fn start((directory, scratch): (&Path, &Path), generation: u64, work: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory)
            .env(SCRATCH, scratch)
            .env(GENERATION, generation.to_string())
            .env(WORK, work)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts again");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (send, lines) = channel();
        // Ends with the child.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Kills it some time after the `nth` begin of `work`. Gives what it said, and how long `work` took before.
    fn kill_in(mut self, work: &str, nth: u32, delay: Duration) -> (Vec<String>, Option<Duration>) {
        let (begins, ended) = (format!("MARK {work} begins"), format!("MARK {work} ended"));
        let deadline = Instant::now() + PATIENCE;
        let (mut said, mut begun, mut seen, mut took) = (Vec::new(), Instant::now(), 0, None);
        while seen < nth {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.expect("the child does what it is to be killed in");
            if line == begins {
                (seen, begun) = (seen + 1, Instant::now());
            } else if line == ended {
                took = Some(begun.elapsed());
            }
            said.push(line);
        }
        while begun.elapsed() < delay {
            std::hint::spin_loop();
        }
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
        said.extend(self.lines.iter());
        (said, took)
    }
}

/// Takes in what a child said; whether it died in `work`.
fn learn(told: &mut Told, said: &[String], work: &str) -> bool {
    let mut inside = false;
    let number = |word: &str| word.parse::<usize>().expect("a number");
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["TRY", batch, value] => told.batches[number(batch)].open.push(number(value)),
            ["ACK", batch, value] => {
                told.batches[number(batch)] = Known { acknowledged: Some(number(value)), open: Vec::new() };
            }
            ["TAKE", name] => {
                assert!(told.batches.iter().all(|known| known.open.is_empty()), "written beside a snapshot");
                let values = told.batches.iter().map(|known| known.acknowledged).collect();
                told.snapshots.insert(name.to_owned(), (values, false));
            }
            ["TAKEN", name] => told.snapshots.get_mut(name).expect("begun").1 = true,
            ["MARK", ..] if line.ends_with(" begins") && line[5..].starts_with(work) => inside = true,
            ["MARK", ..] if line.ends_with(" ended") && line[5..].starts_with(work) => inside = false,
            _ => {}
        }
    }
    inside
}

type Found = BTreeMap<String, Record>;

fn by_id(records: Vec<Record>) -> Found {
    records.into_iter().map(|record| (record.id.clone(), record)).collect()
}

fn holds(found: &Found, batch: usize, value: Option<usize>) -> bool {
    numbers(batch).all(|i| found.get(&record(i, 0).id) == value.map(|value| record(i, value)).as_ref())
}

async fn check(ns: &Namespace, told: &mut Told) {
    let found = by_id(ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records);
    let mut rows = 0;
    for (batch, known) in told.batches.iter_mut().enumerate() {
        let possible = known.open.iter().copied().map(Some).chain([known.acknowledged]);
        let value = possible.clone().find(|value| holds(&found, batch, *value));
        let value = value.unwrap_or_else(|| panic!("batch {batch} holds none of {:?}", possible.collect::<Vec<_>>()));
        rows += if value.is_some() { numbers(batch).len() } else { 0 };
        *known = Known { acknowledged: value, open: Vec::new() };
    }
    assert_eq!(found.len(), rows, "there are rows that nobody wrote");
}

/// Every snapshot that was acknowledged is there, and each that is there holds what was there when it was taken.
async fn check_snapshots(ns: &Namespace, told: &mut Told) {
    let there: BTreeMap<String, u64> =
        ns.snapshots().expect("listed").into_iter().map(|snapshot| (snapshot.name, snapshot.commit)).collect();
    for (name, (values, acknowledged)) in std::mem::take(&mut told.snapshots) {
        let Some(commit) = there.get(&name) else {
            assert!(!acknowledged, "snapshot {name} is lost");
            continue;
        };
        let past = ns.at_commit(*commit).await.expect("it can be read");
        let found = by_id(past.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records);
        for (batch, value) in values.into_iter().enumerate() {
            assert!(holds(&found, batch, value), "snapshot {name}: batch {batch} is not {value:?}");
        }
        ns.delete_snapshot(&name, WriteMeta::default()).await.expect("deleted");
    }
}

fn staged(directory: &Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.to_string_lossy().contains('#') {
                found.push(path);
            }
        }
    }
    found
}

/// Kills children in the middle of `work`, [`ROUNDS`] times.
fn killed_in(work: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let (scratch, mut left) = (tempfile::tempdir().expect("a directory"), 0);
    let (mut told, mut random) = (Told::default(), ChaCha8Rng::seed_from_u64(7));
    let store = runtime.block_on(Store::open(&StoreConfig::directory(directory.path()))).expect("a store");
    runtime.block_on(async {
        let (ns, _) = open_at(&store, 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.close().await;
    });
    let (mut generation, mut inside, mut usual) = (1, 0, Duration::from_millis(2));
    while inside < ROUNDS {
        generation += 2;
        assert!(generation < 600, "only {inside} of {} children died in {work}", generation / 3);
        let delay = usual.mul_f64(random.random_range(0.0..1.0));
        let child = Run::start((directory.path(), scratch.path()), generation - 1, work);
        let (said, took) = child.kill_in(work, random.random_range(1..4), delay);
        assert!(said.iter().any(|line| line == "LEFT 0"), "generation {generation}: what the one before left is there");
        let mode = std::fs::metadata(scratch.path()).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "tenants' vectors are open to other users");
        left += entries(scratch.path());
        usual = took.unwrap_or(usual);
        inside += u32::from(learn(&mut told, &said, work));
        runtime.block_on(async {
            let (ns, _) = open_at(&store, generation).await;
            check(&ns, &mut told).await;
            check_snapshots(&ns, &mut told).await;
            // Past states that were read stay in use for a while.
            ns.close().await;
            generation += 1;
            let (ns, clock) = open_at(&store, generation).await;
            write(&ns, 0, generation as usize * 1_000).await;
            told.batches[0] = Known { acknowledged: Some(generation as usize * 1_000), open: Vec::new() };
            ns.fold().await.expect("fold");
            clock.advance(RETENTION * 2);
            ns.clean_up().await.expect("cleaned");
            check(&ns, &mut told).await;
            ns.close().await;
            assert_eq!(leftovers(&store.objects()).await, Vec::<String>::new(), "generation {generation}");
            assert_eq!(staged(directory.path()), Vec::<std::path::PathBuf>::new(), "generation {generation}");
        });
    }
    if work == INDEX_BUILD {
        assert!(left > 0, "no build was killed while it had files of its own");
        runtime.block_on(async {
            let (ns, _) = open_at(&store, generation + 1).await;
            ns.index_tables().await.expect("indexed");
            ns.close().await;
            for place in tables(&store.objects()).await.keys() {
                let table = open_table(&store.objects(), place).await;
                assert_eq!(table.load_indices().await.expect("listed").len(), 1, "there was nothing to be killed in");
            }
        });
    }
    println!("{inside} of {} children died in {work}", generation / 3);
}

#[test]
fn killed_in_a_fold() {
    killed_in(FOLD);
}

#[test]
fn killed_in_a_compaction() {
    killed_in(COMPACTION);
}

#[test]
fn killed_in_a_clean_up() {
    killed_in(CLEAN_UP);
}

#[test]
fn killed_in_an_index_build() {
    killed_in(INDEX_BUILD);
}

#[test]
fn killed_in_a_snapshot() {
    killed_in(SNAPSHOT);
}
