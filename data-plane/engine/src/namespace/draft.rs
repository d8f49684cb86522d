//! Waiting writes into one log entry. Each is checked against the namespace as the ones before it leave it,
//! so a bad write is refused alone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::errors::WriteError;
use super::state::{ANSWER_OVERHEAD, Change, DurableWrite, State};
use super::types::{Commit, Committed, WriteMeta};
use crate::catalog::TableId;
use crate::config::Config;
use crate::log::{Answer, Body, Entry, LoggedWrite, Op};
use crate::memtable::{MemRow, Row};
use crate::schema::Schema;

/// A write in the queue.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) op: PendingOp,
    pub(super) meta: WriteMeta,
    /// About what it takes in the entry.
    pub(super) bytes: usize,
    pub(super) reply: oneshot::Sender<Result<Committed, WriteError>>,
}

/// What is to be done. Tables are those the rows were checked against.
#[derive(Debug)]
pub(super) enum PendingOp {
    Create { name: String, schema: Schema },
    Drop { name: String },
    Upsert { table: TableId, rows: Vec<Arc<MemRow>> },
    Delete { table: TableId, ids: Vec<Box<str>> },
}

/// Who waits, and for which answer.
pub(super) type Waiting = (oneshot::Sender<Result<Committed, WriteError>>, Committed);

/// An entry that is ready to be written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) commit: Commit,
    pub(super) writes: Vec<DurableWrite>,
    pub(super) waiting: Vec<Waiting>,
}

/// What a draft needs beside the state.
pub(super) struct DraftContext<'a> {
    pub(super) state: &'a State,
    pub(super) config: &'a Config,
    pub(super) now_ms: i64,
    pub(super) new_table: &'a dyn Fn() -> TableId,
}

/// The namespace as the writes of this group leave it.
#[derive(Default)]
struct Overlay {
    names: HashMap<String, Option<(TableId, Arc<Schema>)>>,
    dropped: HashSet<TableId>,
    created: HashSet<TableId>,
    alive: HashMap<TableId, HashMap<Box<str>, bool>>,
    keys: HashSet<[u8; 32]>,
    answer_bytes: usize,
}

/// Drafts an entry of `group`. Writes that are refused or answered from memory get their reply here; those
/// that must see the outcome of another one of the group go back to `later`. `None` when nothing is left.
pub(super) fn draft(context: &DraftContext<'_>, group: Vec<Pending>, later: &mut VecDeque<Pending>) -> Option<Draft> {
    let mut overlay = Overlay::default();
    let mut draft = Draft { commit: context.state.commit + 1, writes: Vec::new(), waiting: Vec::new() };
    for pending in group {
        // Nobody waits for it any more, and it was refused: it must not be done and counted after all.
        if pending.reply.is_closed() {
            continue;
        }
        if let Some(idempotency) = &pending.meta.idempotency {
            if overlay.keys.contains(&idempotency.scope_key) {
                later.push_back(pending);
                continue;
            }
            let asked = (&idempotency.scope_key, &idempotency.request_hash);
            if let Some(answer) = answered(context.state, oldest_answer(context.config, context.now_ms), asked) {
                reply(pending.reply, answer);
                continue;
            }
        }
        match accept(context, &mut overlay, &draft, pending.op, &pending.meta) {
            Ok(Accepted::Write(change, committed)) => {
                draft.writes.push(durable(context, &mut overlay, change, pending.meta, &committed));
                draft.waiting.push((pending.reply, committed));
            }
            Ok(Accepted::Answered(committed)) => reply(pending.reply, Ok(committed)),
            Err(error) => reply(pending.reply, Err(error)),
        }
    }
    (!draft.writes.is_empty()).then_some(draft)
}

enum Accepted {
    Write(Option<Change>, Committed),
    /// Nothing to write: the answer is durable already.
    Answered(Committed),
}

/// Answers given before this time, in milliseconds since the Unix epoch, are forgotten.
pub(super) fn oldest_answer(config: &Config, now_ms: i64) -> i64 {
    now_ms - i64::try_from(config.answer_retention.as_millis()).unwrap_or(i64::MAX)
}

/// What a request of this scope and digest was answered before.
pub(super) fn answered(
    state: &State,
    oldest_ms: i64,
    (scope_key, request_hash): (&[u8; 32], &[u8; 32]),
) -> Option<Result<Committed, WriteError>> {
    let answer = state.answers.get(scope_key).filter(|a| a.at_ms >= oldest_ms)?;
    Some(if answer.request_hash == *request_hash {
        Ok(Committed {
            commit: answer.commit,
            replayed: Some(Bytes::from(answer.body.clone())),
            deleted: answer.deleted,
            created: answer.created,
        })
    } else {
        Err(WriteError::IdempotencyConflict)
    })
}

fn accept(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    draft: &Draft,
    op: PendingOp,
    meta: &WriteMeta,
) -> Result<Accepted, WriteError> {
    if let Some(idempotency) = &meta.idempotency {
        let held = context.state.answer_bytes + overlay.answer_bytes + idempotency.answer.len() + ANSWER_OVERHEAD;
        if held > context.config.max_answer_bytes {
            return Err(WriteError::Backpressure("too many idempotency answers are held"));
        }
    }
    let committed = Committed { commit: draft.commit, replayed: None, deleted: 0, created: false };
    match op {
        PendingOp::Create { name, schema } => create(context, overlay, name, schema, meta, committed),
        PendingOp::Drop { name } => {
            let (table, _) = overlay.find(context.state, &name).ok_or(WriteError::NoSuchCollection)?;
            overlay.dropped.insert(table);
            overlay.names.insert(name.clone(), None);
            Ok(Accepted::Write(Some(Change::Drop { name }), Committed { deleted: 1, ..committed }))
        }
        PendingOp::Upsert { table, rows } => {
            overlay.check(context.state, table)?;
            let alive = overlay.alive.entry(table).or_default();
            for row in &rows {
                alive.insert(row.row.id.clone(), true);
            }
            Ok(Accepted::Write(Some(Change::Upsert { table, rows }), committed))
        }
        PendingOp::Delete { table, ids } => {
            overlay.check(context.state, table)?;
            let deleted = overlay.delete(context.state, table, &ids);
            Ok(Accepted::Write(Some(Change::Delete { table, ids }), Committed { deleted, ..committed }))
        }
    }
}

fn create(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    name: String,
    schema: Schema,
    meta: &WriteMeta,
    committed: Committed,
) -> Result<Accepted, WriteError> {
    if let Some((table, existing)) = overlay.find(context.state, &name) {
        if *existing != schema {
            return Err(WriteError::SchemaConflict);
        }
        let durable = !overlay.created.contains(&table);
        if durable && meta.usage.is_empty() && meta.idempotency.is_none() {
            let commit = context.state.collections.get(&name).map_or(context.state.commit, |c| c.created_commit);
            return Ok(Accepted::Answered(Committed { commit, ..committed }));
        }
        return Ok(Accepted::Write(None, committed));
    }
    let limit = context.config.max_collections;
    if context.state.collections.len() + overlay.created.len() >= limit {
        return Err(WriteError::TooManyCollections { limit });
    }
    let (table, schema) = ((context.new_table)(), Arc::new(schema));
    overlay.created.insert(table);
    overlay.names.insert(name.clone(), Some((table, Arc::clone(&schema))));
    Ok(Accepted::Write(Some(Change::Create { name, table, schema }), Committed { created: true, ..committed }))
}

impl Overlay {
    fn find(&self, state: &State, name: &str) -> Option<(TableId, Arc<Schema>)> {
        match self.names.get(name) {
            Some(changed) => changed.clone(),
            None => state.collections.get(name).map(|c| (c.table, Arc::clone(&c.schema))),
        }
    }

    /// The table must still be there, with its folded rows in memory.
    fn check(&self, state: &State, table: TableId) -> Result<(), WriteError> {
        if self.dropped.contains(&table) {
            return Err(WriteError::NoSuchCollection);
        }
        match state.names.get(&table).and_then(|name| state.collections.get(name)) {
            Some(collection) if collection.has_image() => Ok(()),
            _ => Err(WriteError::NoSuchCollection),
        }
    }

    /// Counts the ids that are there, and takes them away.
    fn delete(&mut self, state: &State, table: TableId, ids: &[Box<str>]) -> u64 {
        let alive = self.alive.entry(table).or_default();
        let collection = state.names.get(&table).and_then(|name| state.collections.get(name));
        let mut deleted = 0;
        for id in ids {
            let was = alive.insert(id.clone(), false).unwrap_or_else(|| collection.is_some_and(|c| c.contains(id)));
            deleted += u64::from(was);
        }
        deleted
    }
}

fn durable(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    change: Option<Change>,
    meta: WriteMeta,
    committed: &Committed,
) -> DurableWrite {
    let answer = meta.idempotency.map(|idempotency| {
        overlay.keys.insert(idempotency.scope_key);
        overlay.answer_bytes += idempotency.answer.len() + ANSWER_OVERHEAD;
        Answer {
            scope_key: idempotency.scope_key,
            request_hash: idempotency.request_hash,
            body: idempotency.answer.to_vec(),
            commit: committed.commit,
            deleted: committed.deleted,
            created: committed.created,
            at_ms: context.now_ms,
        }
    });
    DurableWrite { change, usage: meta.usage, answer }
}

/// A caller that hung up does not need its answer.
pub(super) fn reply(to: oneshot::Sender<Result<Committed, WriteError>>, answer: Result<Committed, WriteError>) {
    let _ = to.send(answer);
}

/// The writes in the form of the log.
pub(super) fn body(writes: &[DurableWrite]) -> Body<&Row> {
    let logged = writes.iter().map(|write| LoggedWrite {
        op: write.change.as_ref().map(op),
        usage: write.usage.clone(),
        answer: write.answer.clone(),
    });
    Body::Writes(logged.collect())
}

fn op(change: &Change) -> Op<&Row> {
    match change {
        Change::Create { name, table, schema } => {
            Op::Create { name: name.clone(), table: *table, schema: (**schema).clone() }
        }
        Change::Drop { name } => Op::Drop { name: name.clone() },
        Change::Upsert { table, rows } => Op::Upsert { table: *table, rows: rows.iter().map(|r| &r.row).collect() },
        Change::Delete { table, ids } => Op::Delete { table: *table, ids: ids.clone() },
    }
}

/// The whole entry as bytes for the log.
pub(super) fn seal(entry: &Entry<&Row>) -> Result<Vec<u8>, crate::frame::FrameError> {
    crate::frame::seal(crate::frame::Kind::LogEntry, &crate::frame::serialize(entry)?)
}
