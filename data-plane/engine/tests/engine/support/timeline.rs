//! A namespace beside a model that remembers what every commit held.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_clock::{Clock, ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    Commit, Config, Environment, Include, Moment, Namespace, PastState, Record, Store, TimeError, WriteMeta,
};
use object_store::ObjectStore;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Rows by id, by collection.
pub type Rows = BTreeMap<String, BTreeMap<String, Record>>;

pub const NAMES: [&str; 3] = ["docs", "notes", "tasks"];

pub struct Timeline {
    pub objects: Arc<dyn ObjectStore>,
    pub clock: ManualClock,
    pub config: Config,
    pub generation: u64,
    pub ns: Arc<Namespace>,
    pub now: Rows,
    /// What the namespace held from each commit on that changed it.
    pub commits: BTreeMap<Commit, Rows>,
    random: ChaCha8Rng,
}

impl Timeline {
    pub async fn new(seed: u64, config: Config) -> Self {
        Self::over(memory(), seed, config).await
    }

    pub async fn over(objects: Arc<dyn ObjectStore>, seed: u64, config: Config) -> Self {
        let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        let ns = open_at(&store(&objects), PREFIX, 1, &config, &clock).await;
        let random = ChaCha8Rng::seed_from_u64(seed);
        let commits = BTreeMap::from([(0, Rows::new())]);
        Self { objects, clock, config, generation: 1, ns, now: Rows::new(), commits, random }
    }

    pub async fn reopen(&mut self) {
        self.ns.close().await;
        self.generation += 1;
        self.ns = open_at(&store(&self.objects), PREFIX, self.generation, &self.config, &self.clock).await;
    }

    pub fn note(&mut self, commit: Commit) {
        self.commits.insert(commit, self.now.clone());
    }

    /// What the namespace held at a commit.
    pub fn at(&self, commit: Commit) -> &Rows {
        self.commits.range(..=commit).next_back().expect("a commit").1
    }

    /// One write, fold, or takeover.
    pub async fn step(&mut self) {
        let name = NAMES[self.random.random_range(0..NAMES.len())];
        let exists = self.now.contains_key(name);
        match self.random.random_range(0..20_u32) {
            0 if exists => {
                let done = self.ns.drop_collection(name, WriteMeta::default()).await.expect("dropped");
                self.now.remove(name);
                self.note(done.commit);
            }
            1..=3 => self.ns.fold().await.expect("fold"),
            4 => self.reopen().await,
            _ if !exists => {
                let done = self.ns.create_collection(name, schema(), WriteMeta::default()).await.expect("created");
                self.now.insert(name.to_owned(), BTreeMap::new());
                self.note(done.commit);
            }
            5..=8 => {
                let first = self.random.random_range(0..30_usize);
                let ids: Vec<String> = (first..first + 4).map(|i| record(i, 0).id).collect();
                let done = self.ns.delete(name, ids.clone(), WriteMeta::default()).await.expect("deleted");
                let rows = self.now.get_mut(name).expect("it exists");
                ids.iter().for_each(|id| drop(rows.remove(id)));
                self.note(done.commit);
            }
            _ => {
                let (first, version) = (self.random.random_range(0..30_usize), self.random.random_range(0..1000_usize));
                let records: Vec<Record> = (first..first + 6).map(|i| record(i, version)).collect();
                let done = self.ns.upsert(name, records.clone(), WriteMeta::default()).await.expect("written");
                let rows = self.now.get_mut(name).expect("it exists");
                rows.extend(records.into_iter().map(|r| (r.id.clone(), r)));
                self.note(done.commit);
            }
        }
        self.clock.advance(std::time::Duration::from_secs(self.random.random_range(1..60)));
    }

    pub async fn rewind(&mut self, to: Commit) {
        let done = self.ns.rewind(&Moment::Commit(to), WriteMeta::default()).await.expect("rewound");
        self.now = self.at(to).clone();
        self.note(done.commit);
    }

    pub fn pick(&mut self, commits: std::ops::RangeInclusive<Commit>) -> Commit {
        self.random.random_range(commits)
    }

    pub async fn check_now(&self, what: &str) {
        assert_eq!(all_rows(&self.ns).await, self.now, "{what}");
        let bytes: u64 = self.now.values().flat_map(BTreeMap::values).map(Record::logical_bytes).sum();
        assert_eq!(self.ns.logical_bytes(), bytes, "{what}");
    }

    /// Every commit from `first` on reads as it was.
    pub async fn check_past(&self, first: Commit, what: &str) {
        for commit in first..=self.ns.commit() {
            let past = self.ns.at_commit(commit).await.expect("it is in the history");
            assert_eq!(past_rows(&past).await, *self.at(commit), "{what}: commit {commit}");
        }
    }
}

pub async fn open_at(
    store: &Store,
    prefix: &str,
    generation: u64,
    config: &Config,
    clock: &ManualClock,
) -> Arc<Namespace> {
    let environment = Environment {
        clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
        entropy: Arc::new(SeededEntropy::new(generation)),
        lease: environment(generation).lease,
    };
    Namespace::open(store, prefix, writer(generation), config.clone(), environment).await.expect("opens")
}

pub async fn all_rows(ns: &Namespace) -> Rows {
    let mut rows = Rows::new();
    for info in ns.collections().expect("serves").value {
        let found = ns.scan(&info.name, None, None, 1000, Include::ALL).await.expect("scan").value.records;
        assert_eq!(found.len() as u64, info.rows);
        rows.insert(info.name, found.into_iter().map(|r| (r.id.clone(), r)).collect());
    }
    rows
}

pub async fn past_rows(past: &PastState) -> Rows {
    let mut rows = Rows::new();
    for info in past.collections().expect("serves").value {
        let found = past.scan(&info.name, None, None, 1000, Include::ALL).await.expect("scan").value.records;
        rows.insert(info.name, found.into_iter().map(|r| (r.id.clone(), r)).collect());
    }
    rows
}

/// The answer when a commit is not in the history.
pub fn gone(found: Result<Arc<PastState>, TimeError>) -> (Commit, Commit, Commit) {
    match found {
        Err(TimeError::Gone { asked, oldest, newest }) => (asked, oldest, newest),
        Err(other) => panic!("{other:?}"),
        Ok(past) => panic!("commit {} can be read", past.commit()),
    }
}
