//! A client: writes to its own rows, one write after the other, each until it knows what became of it. Now and then it
//! takes the namespace back to an older commit, or erases: while it waits for its turn, and until it knows the outcome,
//! the others send only writes that make the same of a row whatever it was.

use std::sync::Arc;
use std::time::Duration;

use agentdb_data_plane_engine::{Committed, Metric, Namespace, Record, Schema, VectorSpec, WriteError, default_vector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use uuid::Uuid;

use super::calls::{self, Told};
use super::model::{Change, Condition, Edit, Filter, Model, Row, Target, Violation};
use super::process::Process;
use super::reader;
use super::run::{Run, breathe};
use crate::support::DOCS;

/// Records of a client in each collection.
pub const RECORDS: usize = 12;
const OPERATIONS: usize = 12;
/// Calls of a client in a hundred that reach a node which is perhaps not the owner.
const ASTRAY: u32 = 8;
/// How often a client looks for an owner before it gives up.
const PATIENCE: usize = 400;
/// Acknowledged writes that are asked for again.
const ASKED_AGAIN: usize = 3;
/// The oldest commit that is mostly asked for without a snapshot, counted back from the newest.
pub const REACH: u64 = 40;
/// Values in branches are above it, and others are not.
const IN_BRANCHES: u64 = 1 << 20;

/// Held until the outcome of a write is known.
#[expect(dead_code, reason = "held, and not looked into")]
enum Turn {
    /// Nobody takes the namespace back, or erases.
    Shared(OwnedRwLockReadGuard<()>),
    /// Nobody else writes what depends on what there is.
    Alone(OwnedRwLockWriteGuard<()>),
}

/// The collection, what is to be done, and on which condition.
type Write = (String, Change, Option<Condition>);

/// A client's own state; survives the nodes.
pub struct Client {
    pub number: usize,
    random: ChaCha8Rng,
    next_value: u64,
    named: u32,
    /// The write whose outcome is not known yet.
    open: Option<usize>,
    turn: Option<Turn>,
    done: Vec<(usize, Committed)>,
}

/// The schema of every collection.
pub fn schema() -> Schema {
    Schema { vectors: VectorSpec { dimension: 2, metric: Metric::Euclidean }.into(), ..Schema::default() }
}

/// The collection that is one client's alone, which drops it now and then.
pub fn own(client: usize) -> String {
    format!("own{client}")
}

pub fn row(client: usize, record: usize) -> String {
    format!("{}r{record}", row_prefix(client))
}

/// Begins the ids of a client's rows.
pub fn row_prefix(client: usize) -> String {
    format!("c{client}-")
}

pub fn key_of(client: usize) -> Uuid {
    Uuid::from_u128(client as u128 + 1)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub fn vector_of(id: &str, value: u64) -> Vec<f32> {
    vec![value as f32, f32::from(id.as_bytes()[1])]
}

/// A row as a record.
pub fn record_of(id: &str, row: Row) -> Record {
    let client = u64::from(id.as_bytes()[1] - b'0');
    let mut metadata = json!({"client": client, "value": row.value, "base": row.base});
    if let Some(mark) = row.mark {
        metadata["mark"] = mark.into();
    }
    let vectors = default_vector(vector_of(id, row.value));
    Record { id: id.to_owned(), vectors, metadata: Some(metadata), ..Record::default() }
}

/// The row that a record is.
pub fn row_of(record: &Record) -> Result<Row, Violation> {
    let number = |name: &str| record.metadata.as_ref().and_then(|metadata| metadata[name].as_u64());
    let row = number("value").zip(number("base")).map(|(value, base)| Row { value, base, mark: number("mark") });
    let row = row.ok_or_else(|| format!("{record:?} has no value"))?;
    if *record != record_of(&record.id, row) {
        return Err(format!("{} is of two writes: {record:?}", record.id));
    }
    Ok(row)
}

impl Client {
    pub fn new(number: usize, seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed ^ ((number as u64 + 1) << 32));
        Self { number, random, next_value: 1, named: 0, open: None, turn: None, done: Vec::new() }
    }

    /// One that writes to a branch.
    pub fn of_branch(number: usize, seed: u64) -> Self {
        Self { next_value: IN_BRANCHES, ..Self::new(number, seed) }
    }

    /// Writes and reads until done.
    pub async fn work(mut self, run: Arc<Run>) -> Self {
        let mut lost = 0;
        let mut done = 0;
        while done < OPERATIONS && lost < PATIENCE {
            self.begin(&run).await;
            match run.pick(&mut self.random, ASTRAY) {
                Some(process) if !process.pause.is_paused() => {
                    let think = Duration::from_millis(self.random.random_range(0..300));
                    run.tick(think);
                    self.step(&run, &process).await;
                    done += 1;
                    run.stepped();
                }
                _ => {
                    lost += 1;
                    breathe().await;
                }
            }
        }
        if self.turn.is_some() {
            // Who waits for its turn would wait for ever.
            run.abandoned().cancel();
        }
        run.client_ended();
        self
    }

    /// Settles the write whose outcome is open, on a healthy node.
    pub async fn finish(&mut self, run: &Arc<Run>, healthy: &Arc<Process>) -> Result<(), Violation> {
        if self.open.is_some() {
            self.step(run, healthy).await;
        }
        let Some(op) = self.open else { return Ok(()) };
        let write = run.model.lock().op(op).clone();
        if matches!(write.change, Change::Erase(_)) {
            // What an owner before sent long ago may have taken a place in a table. It happens once.
            run.wire.arrive().await;
            self.step(run, healthy).await;
            if self.open.is_none() {
                return Ok(());
            }
        }
        let may_be_refused = write.unmet.is_some() || write.change.asks_for_the_past();
        if !may_be_refused || healthy.ns.answered(&write.key, &[1; 32]) != Ok(None) {
            return Err(format!("a write on a healthy store was not done: {write:?}"));
        }
        let judged = run.model.lock().never_done(op);
        (self.open, self.turn) = (None, None);
        judged
    }

    /// Begins a write if none is open.
    async fn begin(&mut self, run: &Run) {
        if self.open.is_some() {
            return;
        }
        let turns = Arc::clone(&run.turns);
        let turn = if self.random.random_bool(0.03) {
            let abandoned = run.abandoned();
            tokio::select! {
                biased;
                () = abandoned.cancelled() => None,
                turn = turns.write_owned() => Some(Turn::Alone(turn)),
            }
        } else {
            turns.try_read_owned().ok().map(Turn::Shared)
        };
        let mut model = run.model.lock();
        let write = match &turn {
            Some(Turn::Alone(_)) => self.alone(&model),
            Some(Turn::Shared(_)) => self.next_write(&model),
            None => self.blind(),
        };
        self.send(&mut model, write);
        self.turn = turn;
    }

    /// Begins a write of rows if none is open, where nobody else writes.
    pub fn begin_rows(&mut self, run: &Run) {
        if self.open.is_none() {
            let mut model = run.model.lock();
            let write = self.row_write(&model);
            self.send(&mut model, write);
        }
    }

    fn send(&mut self, model: &mut Model, (collection, change, condition): Write) {
        let mut key = [0; 32];
        self.random.fill(&mut key);
        self.open = Some(model.sent(self.number, key, &collection, change, condition));
    }

    /// One try of the open write, and a look at what it wrote.
    pub async fn step(&mut self, run: &Arc<Run>, process: &Arc<Process>) {
        let Some(op) = self.open else { return };
        let sending = tokio::spawn(calls::send(Arc::clone(run), Arc::clone(process), op));
        let told = tokio::select! {
            biased;
            told = sending => told.ok().flatten(),
            // It hears nothing; the call goes on without it.
            () = process.pause.paused() => None,
        };
        if run.model.lock().is_settled(op) {
            (self.open, self.turn) = (None, None);
        }
        if let Some(committed) = told {
            let written = run.model.lock().op(op).clone();
            // An erase that is asked for again is gone through again.
            if !matches!(written.change, Change::Erase(_)) {
                self.done.push((op, committed));
            }
            let ids = match written.change {
                Change::Upsert(rows) | Change::UpsertBoth(rows, _) => rows.into_iter().map(|(id, _)| id).collect(),
                Change::Patch(ids, _) | Change::Erase(ids) => ids,
                Change::Rewind(_) => (0..RECORDS).map(|record| row(self.number, record)).collect(),
                _ => return,
            };
            let reading = tokio::spawn(reader::fetch(Arc::clone(run), Arc::clone(process), written.collection, ids));
            tokio::select! {
                _ = reading => {}
                () = process.pause.paused() => {}
            }
        }
    }

    fn next_write(&mut self, model: &Model) -> Write {
        let mark = match self.random.random_range(0..100_u32) {
            0..4 => Some(Change::Snapshot(self.name(), self.older(model))),
            4..6 => Some(Change::Branch(self.name(), self.older(model))),
            6..9 => self.unmark(model),
            _ => None,
        };
        match mark {
            Some(change) => (DOCS.to_owned(), change, None),
            None => self.row_write(model),
        }
    }

    /// Deletes a snapshot or a branch of its own.
    fn unmark(&mut self, model: &Model) -> Option<Change> {
        let own = row_prefix(self.number);
        let is_own = |name: &&String| name.starts_with(&own);
        let snapshots = model.snapshots().keys().filter(is_own).cloned().map(Change::DropSnapshot);
        let branches = model.branches().keys().filter(is_own).cloned().map(Change::DropBranch);
        let mut all: Vec<Change> = snapshots.chain(branches).collect();
        if all.is_empty() {
            return None;
        }
        Some(all.swap_remove(self.random.random_range(0..all.len())))
    }

    /// A write of rows, or of its own collection.
    fn row_write(&mut self, model: &Model) -> Write {
        let own = own(self.number);
        let exists = model.current(&(own.clone(), String::new())).is_some();
        match self.random.random_range(0..100_u32) {
            0..8 if exists => self.rows_of_both(own, model),
            0..60 => self.rows(DOCS.to_owned(), model),
            _ if !exists => (own, Change::Create, None),
            60..66 => (own, Change::Drop, None),
            _ => self.rows(own, model),
        }
    }

    /// A write that makes the same of its rows whatever they are.
    fn blind(&mut self) -> Write {
        let ids = self.ids();
        let change = if self.random.random_bool(0.3) { Change::Delete(ids) } else { self.upsert(ids) };
        (DOCS.to_owned(), change, None)
    }

    /// A rewind, or an erase if no branch forbids it: what others write may not depend on it.
    fn alone(&mut self, model: &Model) -> Write {
        if !model.branches().is_empty() || self.random.random_bool(0.5) {
            return (DOCS.to_owned(), self.rewind(model), None);
        }
        let own = own(self.number);
        let exists = model.current(&(own.clone(), String::new())).is_some();
        let collection = if exists && self.random.random_bool(0.4) { own } else { DOCS.to_owned() };
        let many = self.random.random_range(1..RECORDS);
        (collection, Change::Erase((0..many).map(|record| row(self.number, record)).collect()), None)
    }

    /// A name that nothing else has.
    fn name(&mut self) -> String {
        self.named += 1;
        format!("c{}-{}", self.number, self.named)
    }

    fn value(&mut self) -> u64 {
        self.next_value += 1;
        self.next_value
    }

    /// A commit that can be read, if the history goes back to it, or none.
    fn older(&mut self, model: &Model) -> Option<u64> {
        self.random.random_bool(0.4).then(|| reader::older(&mut self.random, model, model.newest()))
    }

    fn rewind(&mut self, model: &Model) -> Change {
        // What a write in doubt has made of the rows must not come back.
        let to = model.known_to();
        let snapshots: Vec<_> = model.snapshots().iter().filter(|(_, commit)| **commit <= to).collect();
        if snapshots.is_empty() || self.random.random_bool(0.6) {
            return Change::Rewind(Target::Commit(reader::older(&mut self.random, model, to)));
        }
        let (name, commit) = snapshots[self.random.random_range(0..snapshots.len())];
        Change::Rewind(Target::Snapshot(name.clone(), *commit))
    }

    /// Some of its rows, one after the other.
    fn ids(&mut self) -> Vec<String> {
        let many = if self.random.random_bool(0.4) { 1 } else { self.random.random_range(2..7) };
        let from = self.random.random_range(0..RECORDS);
        (from..from + many).map(|record| row(self.number, record % RECORDS)).collect()
    }

    fn upsert(&mut self, ids: Vec<String>) -> Change {
        Change::Upsert(ids.into_iter().map(|id| (id, self.value())).collect())
    }

    /// A write of rows, perhaps on a condition.
    fn rows(&mut self, collection: String, model: &Model) -> Write {
        let ids = self.ids();
        let filter =
            Filter { most: self.random.random_range(0..=self.next_value), limit: self.random.random_range(1..6) };
        let edit = match self.random.random_bool(0.5) {
            true => Edit::Mark(self.value()),
            false => Edit::Value(self.value()),
        };
        let first = ids[0].clone();
        let change = match self.random.random_range(0..100_u32) {
            0..5 => return (collection, Change::DeleteWhere(filter), None),
            5..12 => return (collection, Change::PatchWhere(filter, edit), None),
            12..27 => Change::Patch(ids, edit),
            27..45 => Change::Delete(ids),
            _ => self.upsert(ids),
        };
        let condition = match self.random.random_range(0..20_u32) {
            0 => Some(Condition::Absent),
            1 => Some(Condition::Present),
            2 => Some(Condition::AtMost(filter.most)),
            3 => model.commit_of(&(collection.clone(), first)).map(Condition::Commit),
            // Not the last one, if it wrote the row at all.
            4 => Some(Condition::Commit(model.newest() / 2)),
            _ => None,
        };
        (collection, change, condition)
    }

    /// A write of rows of the common collection and of another, perhaps on a condition of the former.
    fn rows_of_both(&mut self, other: String, model: &Model) -> Write {
        let ids = self.ids();
        let place = (DOCS.to_owned(), ids[0].clone());
        let condition = match self.random.random_range(0..8_u32) {
            0 => Some(Condition::Absent),
            1 => model.commit_of(&place).map(Condition::Commit),
            _ => None,
        };
        let rows = ids.into_iter().map(|id| (id, self.value())).collect();
        (DOCS.to_owned(), Change::UpsertBoth(rows, other), condition)
    }

    /// Some writes that were acknowledged, sent once more: each is answered as it was, and nothing is done.
    pub async fn ask_again(&mut self, run: &Run, ns: &Namespace) -> Result<(), Violation> {
        for _ in 0..ASKED_AGAIN.min(self.done.len()) {
            let (number, committed) = &self.done[self.random.random_range(0..self.done.len())];
            let (op, tried) = {
                let model = run.model.lock();
                (model.op(*number).clone(), model.asked_again())
            };
            // A write to a collection that is gone is refused before its key is looked at.
            let is_there = |name: &str| run.model.lock().current(&(name.to_owned(), String::new())).is_some();
            let all_there = is_there(&op.collection) && op.change.other().is_none_or(is_there);
            if !matches!(op.change, Change::Create | Change::Drop) && !all_there {
                continue;
            }
            let again = calls::write(ns, &op, 1).await.map_err(|e| format!("write {number} asked again: {e}"))?;
            let Told::Committed(again) = again else { return Err(format!("write {number} made {again:?}")) };
            if again.replayed.is_none() || again.commit != committed.commit {
                return Err(format!("write {number} was done in {} and again: {again:?}", committed.commit));
            }
            run.model.lock().told(*number, &again, tried)?;
            let other = calls::write(ns, &op, 2).await;
            if !matches!(other, Err(agentdb_data_plane_engine::TimeError::Write(WriteError::IdempotencyConflict))) {
                return Err(format!("the key of write {number} was taken for another request: {other:?}"));
            }
        }
        Ok(())
    }
}
