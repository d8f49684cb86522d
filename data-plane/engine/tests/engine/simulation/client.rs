//! A client: writes to its own rows, one write after the other, each until it knows what became of it.

use std::sync::Arc;
use std::time::Duration;

use agentdb_data_plane_engine::{
    Committed, Idempotency, Metric, Namespace, Record, Schema, UsageDelta, VectorSpec, WriteError, WriteMeta,
    default_vector,
};
use bytes::Bytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::model::{Change, Op, Violation};
use super::process::Process;
use super::reader;
use super::run::{Run, breathe};
use crate::support::DOCS;

/// Records of a client in each collection.
pub const RECORDS: usize = 5;
const OPERATIONS: usize = 12;
/// Calls of a client in a hundred that reach a node which is perhaps not the owner.
const ASTRAY: u32 = 8;
/// How often a client looks for an owner before it gives up.
const PATIENCE: usize = 400;
/// Acknowledged writes that are asked for again.
const ASKED_AGAIN: usize = 3;

/// A client's own state; survives the nodes.
pub struct Client {
    pub number: usize,
    random: ChaCha8Rng,
    next_value: u64,
    /// The write whose outcome is not known yet.
    open: Option<usize>,
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
    format!("c{client}-r{record}")
}

pub fn key_of(client: usize) -> Uuid {
    Uuid::from_u128(client as u128 + 1)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub fn vector_of(id: &str, value: u64) -> Vec<f32> {
    vec![value as f32, f32::from(id.as_bytes()[1])]
}

/// The value of a record, which is all of one write.
pub fn value_of(record: &Record) -> Result<u64, Violation> {
    let value = record.metadata.as_ref().and_then(serde_json::Value::as_u64);
    let value = value.ok_or_else(|| format!("{} has no value", record.id))?;
    if record.vectors != default_vector(vector_of(&record.id, value)) {
        return Err(format!("{} is of two writes: {record:?}", record.id));
    }
    Ok(value)
}

impl Client {
    pub fn new(number: usize, seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed ^ ((number as u64 + 1) << 32));
        Self { number, random, next_value: 1, open: None, done: Vec::new() }
    }

    /// Writes and reads until done.
    pub async fn work(mut self, run: Arc<Run>) -> Self {
        let mut lost = 0;
        let mut done = 0;
        while done < OPERATIONS && lost < PATIENCE {
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
        run.client_ended();
        self
    }

    /// Settles the write whose outcome is open, on a healthy node.
    pub async fn finish(&mut self, run: &Arc<Run>, healthy: &Arc<Process>) -> Result<(), Violation> {
        if self.open.is_some() {
            self.step(run, healthy).await;
        }
        if self.open.is_some() { Err("a write on a healthy store was not done".to_owned()) } else { Ok(()) }
    }

    /// One write, the open one before a new one, and a look at what it wrote.
    async fn step(&mut self, run: &Arc<Run>, process: &Arc<Process>) {
        let op = match self.open {
            Some(op) => op,
            None => self.next_write(run),
        };
        self.open = Some(op);
        let sending = tokio::spawn(send(Arc::clone(run), Arc::clone(process), op));
        let told = tokio::select! {
            biased;
            told = sending => told.ok().flatten(),
            // It hears nothing; the call goes on without it.
            () = process.pause.paused() => None,
        };
        let settled = run.model.lock().is_settled(op);
        self.open = (!settled).then_some(op);
        if let Some(committed) = told {
            self.done.push((op, committed));
            let written = run.model.lock().op(op).clone();
            if let Change::Upsert(rows) = written.change {
                let ids = rows.into_iter().map(|(id, _)| id).collect();
                let reading =
                    tokio::spawn(reader::fetch(Arc::clone(run), Arc::clone(process), written.collection, ids));
                tokio::select! {
                    _ = reading => {}
                    () = process.pause.paused() => {}
                }
            }
        }
    }

    fn next_write(&mut self, run: &Run) -> usize {
        let mut model = run.model.lock();
        let own = own(self.number);
        let exists = model.current(&(own.clone(), String::new())).is_some();
        let (collection, change) = match self.random.random_range(0..100_u32) {
            0..60 => (DOCS.to_owned(), self.rows()),
            _ if !exists => (own, Change::Create),
            60..66 => (own, Change::Drop),
            _ => (own, self.rows()),
        };
        let mut key = [0; 32];
        self.random.fill(&mut key);
        model.sent(self.number, key, &collection, change)
    }

    fn rows(&mut self) -> Change {
        let (from, many) = (self.random.random_range(0..RECORDS), self.random.random_range(1..4));
        let ids = (from..from + many).map(|record| row(self.number, record % RECORDS));
        if self.random.random_bool(0.3) {
            return Change::Delete(ids.collect());
        }
        let values = ids.map(|id| {
            self.next_value += 1;
            (id, self.next_value)
        });
        Change::Upsert(values.collect())
    }

    /// Some writes that were acknowledged, sent once more: each is answered as it was, and nothing is done.
    pub async fn ask_again(&mut self, run: &Run, ns: &Namespace) -> Result<(), Violation> {
        for _ in 0..ASKED_AGAIN.min(self.done.len()) {
            let (number, committed) = &self.done[self.random.random_range(0..self.done.len())];
            let op = run.model.lock().op(*number).clone();
            // A write to a collection that is gone is refused before its key is looked at.
            let place = (op.collection.clone(), String::new());
            if !matches!(op.change, Change::Create | Change::Drop) && run.model.lock().current(&place).is_none() {
                continue;
            }
            let again = write(ns, &op, 1).await.map_err(|e| format!("write {number} asked again: {e}"))?;
            if again.replayed.is_none() || again.commit != committed.commit {
                return Err(format!("write {number} was done in {} and again: {again:?}", committed.commit));
            }
            run.model.lock().told(*number, &again, false)?;
            let other = write(ns, &op, 2).await;
            if other != Err(WriteError::IdempotencyConflict) {
                return Err(format!("the key of write {number} was taken for another request: {other:?}"));
            }
        }
        Ok(())
    }
}

/// One try of a write. What it is told is noted, whether or not somebody still waits for it.
async fn send(run: Arc<Run>, process: Arc<Process>, number: usize) -> Option<Committed> {
    let _in_work = run.working("write");
    let (op, first) = {
        let mut model = run.model.lock();
        let first = model.tried(number);
        (model.op(number).clone(), first)
    };
    let told = process.call(&run, write(&process.ns, &op, 1)).await;
    let refused = match told {
        None => return None,
        Some(Ok(committed)) => {
            let judged = run.model.lock().told(number, &committed, first);
            run.judged(judged);
            return Some(committed);
        }
        Some(Err(WriteError::Unavailable(_))) => {
            run.count("unknown outcomes", 1);
            return None;
        }
        Some(Err(refused)) => refused,
    };
    run.model.lock().refused(number);
    match refused {
        WriteError::NoLease => run.count("refused for want of a lease", 1),
        WriteError::Fenced if process.is_newest(&run) => {
            run.violation("a write was fenced, but there is no other writer".to_owned());
        }
        WriteError::Fenced => run.count("writes refused by an old owner", 1),
        WriteError::Closed => {}
        WriteError::Backpressure(_) => breathe().await,
        // An owner of before may not know the collection.
        WriteError::NoSuchCollection if !process.is_judged(&run) => {}
        other => run.violation(format!("a good write was refused: {other}: {op:?}")),
    }
    None
}

async fn write(ns: &Namespace, op: &Op, request: u8) -> Result<Committed, WriteError> {
    let idempotency =
        Idempotency { scope_key: op.key, request_hash: [request; 32], answer: Bytes::copy_from_slice(&op.key) };
    let usage = UsageDelta { key: key_of(op.client), meter: "write".to_owned(), hour: 500_000, amount: 1 };
    let meta = WriteMeta { usage: vec![usage], idempotency: Some(idempotency), ..WriteMeta::default() };
    match &op.change {
        Change::Create => ns.create_collection(&op.collection, schema(), meta).await,
        Change::Drop => ns.drop_collection(&op.collection, meta).await,
        Change::Delete(ids) => ns.delete(&op.collection, ids.clone(), meta).await,
        Change::Upsert(rows) => {
            let records = rows.iter().map(|(id, value)| Record {
                id: id.clone(),
                vectors: default_vector(vector_of(id, *value)),
                metadata: Some((*value).into()),
                ..Record::default()
            });
            ns.upsert(&op.collection, records.collect(), meta).await
        }
    }
}
