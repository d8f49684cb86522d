//! Waiting writes into one log entry. Each is checked against the namespace as the ones before it leave it,
//! so a bad write is refused alone.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::errors::WriteError;
use super::marks;
use super::overlay::Overlay;
use super::rewind::Rewound;
use super::state::{ANSWER_OVERHEAD, Change, DurableWrite, State};
use super::step::{Done, Step};
use super::types::{Commit, Committed, Metered, UsageDelta, WriteMeta};
use crate::catalog::{Mark, TableId};
use crate::config::Config;
use crate::log::{Answer, Body, Entry, EraseOp, LoggedWrite, Op};
use crate::memtable::Row;
use crate::schema::Schema;

/// A write in the queue.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) op: PendingOp,
    pub(super) meta: WriteMeta,
    /// About what it takes in the entry.
    pub(super) bytes: usize,
    pub(super) reply: Reply,
}

/// What is to be done. Tables are those the rows were checked against.
#[derive(Debug)]
pub(super) enum PendingOp {
    Create { name: String, schema: Schema },
    Drop { name: String },
    Change(Vec<Step>),
    Mark(Mark),
    Rewind(Rewound),
    Erase(EraseOp),
}

impl PendingOp {
    /// Whether it has an entry of its own.
    fn is_alone(&self) -> bool {
        matches!(self, Self::Mark(_) | Self::Rewind(_) | Self::Erase(_))
    }

    /// The collections whose rows it is checked against.
    pub(super) fn collections(&self) -> impl Iterator<Item = &str> {
        let steps = match self {
            Self::Create { .. } | Self::Drop { .. } | Self::Mark(_) | Self::Rewind(_) | Self::Erase(_) => &[][..],
            Self::Change(steps) => steps,
        };
        steps.iter().map(|step| step.collection.as_str())
    }
}

/// To whom the outcome goes.
pub(super) type Reply = oneshot::Sender<Result<Committed, Refused>>;

/// Why a write was not done, for its caller.
#[derive(Debug)]
pub(super) enum Refused {
    Error(WriteError),
    /// Folded rows that were read for it are not the newest: it is to be read for again.
    Reread(Box<Request>),
}

/// A request on its way back to its caller.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) steps: Vec<Step>,
    pub(super) meta: WriteMeta,
}

impl Refused {
    pub(super) fn into_error(self) -> WriteError {
        match self {
            Self::Error(error) => error,
            Self::Reread(_) => WriteError::Backpressure("the records keep changing"),
        }
    }
}

impl From<WriteError> for Refused {
    fn from(error: WriteError) -> Self {
        Self::Error(error)
    }
}

/// Why a write is not in the draft.
#[derive(Debug)]
pub(super) enum Refusal {
    Error(WriteError),
    /// It must wait for what another write of the entry becomes.
    Later,
    /// Folded rows must be read for it.
    Reread,
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        Self::Error(error)
    }
}

/// Who waits, and for which answer.
pub(super) type Waiting = (Reply, Committed);

/// An entry that is ready to be written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) commit: Commit,
    pub(super) writes: Vec<DurableWrite>,
    pub(super) waiting: Vec<Waiting>,
    /// Logical bytes of its rows.
    bytes: usize,
}

/// What a draft needs beside the state.
pub(super) struct DraftContext<'a> {
    pub(super) state: &'a State,
    pub(super) config: &'a Config,
    pub(super) now_ms: i64,
    pub(super) new_table: &'a dyn Fn() -> TableId,
}

/// Drafts an entry of `group`. Writes that are refused or answered from memory get their reply here; those
/// that must see the outcome of another one of the group go back to `later`. `None` when nothing is left.
pub(super) fn draft(context: &DraftContext<'_>, group: Vec<Pending>, later: &mut VecDeque<Pending>) -> Option<Draft> {
    let mut overlay = Overlay::default();
    let mut draft = Draft { commit: context.state.commit + 1, writes: Vec::new(), waiting: Vec::new(), bytes: 0 };
    let mut alone = false;
    for pending in group {
        // Nobody waits for it any more, and it was refused: it must not be done and counted after all.
        if pending.reply.is_closed() {
            continue;
        }
        if alone || (pending.op.is_alone() && !draft.writes.is_empty()) {
            later.push_back(pending);
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
        overlay.begin();
        match accept(context, &mut overlay, &draft, &pending) {
            Ok(Accepted::Write(planned, committed)) => {
                alone = pending.op.is_alone();
                let changes = planned.changes(pending.op);
                let metered = pending.meta.metered.as_ref().map_or(0, |metered| metered.amount(&changes));
                let committed = Committed { metered, ..committed };
                draft.bytes += changes.iter().map(Change::bytes).sum::<usize>();
                draft.writes.push(durable(context, &mut overlay, changes, pending.meta, &committed));
                draft.waiting.push((pending.reply, committed));
            }
            Ok(Accepted::Answered(committed)) => reply(pending.reply, Ok(committed)),
            Err(refusal) => {
                let depends = overlay.depends();
                overlay.roll_back();
                match refusal {
                    Refusal::Error(error) if !depends => reply(pending.reply, Err(error)),
                    Refusal::Reread => reread(pending),
                    Refusal::Error(_) | Refusal::Later => later.push_back(pending),
                }
            }
        }
    }
    (!draft.writes.is_empty()).then_some(draft)
}

fn reread(pending: Pending) {
    let Pending { op, meta, reply, .. } = pending;
    if let PendingOp::Change(steps) = op {
        // A caller that hung up does not need it.
        let _ = reply.send(Err(Refused::Reread(Box::new(Request { steps, meta }))));
    }
}

enum Accepted {
    Write(Planned, Committed),
    /// Nothing to write: the answer is durable already.
    Answered(Committed),
}

/// What a write puts into the log.
enum Planned {
    Changes(Vec<Change>),
    /// What each of its steps comes to.
    Steps(Vec<Done>),
    /// What the request holds.
    AsGiven,
}

impl Planned {
    fn changes(self, op: PendingOp) -> Vec<Change> {
        match (self, op) {
            (Self::Changes(changes), _) => changes,
            (Self::Steps(done), PendingOp::Change(steps)) => {
                steps.into_iter().zip(done).filter_map(|(step, done)| step.into_change(done)).collect()
            }
            (Self::AsGiven, PendingOp::Rewind(rewound)) => vec![Change::Rewind(rewound)],
            (Self::AsGiven, PendingOp::Erase(op)) => vec![Change::Erase(op)],
            (Self::Steps(_) | Self::AsGiven, _) => Vec::new(),
        }
    }
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
            patched: answer.patched,
            missing: answer.missing,
            more: answer.more,
            metered: answer.metered,
            created: answer.created,
            ..Committed::default()
        })
    } else {
        Err(WriteError::IdempotencyConflict)
    })
}

fn accept(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    draft: &Draft,
    pending: &Pending,
) -> Result<Accepted, Refusal> {
    let meta = &pending.meta;
    if let Some(idempotency) = &meta.idempotency {
        let held = context.state.answer_bytes + overlay.answer_bytes + idempotency.answer.len() + ANSWER_OVERHEAD;
        if held > context.config.max_answer_bytes {
            return Err(WriteError::Backpressure("too many idempotency answers are held").into());
        }
    }
    let committed = Committed { commit: draft.commit, ..Committed::default() };
    match &pending.op {
        PendingOp::Create { name, schema } => Ok(create(context, overlay, name, schema, meta, committed)?),
        PendingOp::Drop { name } => {
            let (table, _) = overlay.find(context.state, name).ok_or(WriteError::NoSuchCollection)?;
            overlay.dropped.insert(table);
            overlay.names.insert(name.clone(), None);
            let change = Change::Drop { name: name.clone() };
            Ok(Accepted::Write(Planned::Changes(vec![change]), Committed { deleted: 1, ..committed }))
        }
        PendingOp::Change(steps) => change(context, overlay, draft, steps, meta, committed),
        PendingOp::Mark(mark) => {
            let mark = marks::accept(context, mark.clone(), draft.commit)?;
            Ok(Accepted::Write(Planned::Changes(vec![Change::Mark(mark)]), committed))
        }
        PendingOp::Rewind(rewound) => {
            marks::check_rewind(context.state, rewound.to)?;
            Ok(Accepted::Write(Planned::AsGiven, committed))
        }
        PendingOp::Erase(op) => {
            marks::check_erase(context.state, op)?;
            let deleted = match (&op.ids, op.table) {
                (Some(ids), Some(table)) => {
                    overlay.check(context.state, &op.name, table)?;
                    let collection = context.state.collection(table);
                    ids.iter().filter(|id| collection.is_some_and(|c| c.newest(id).is_some())).count() as u64
                }
                _ => context.state.collections.get(&op.name).map_or(0, |collection| collection.totals.rows),
            };
            Ok(Accepted::Write(Planned::AsGiven, Committed { deleted, ..committed }))
        }
    }
}

/// Does the steps of a request, each on what the ones before it left.
fn change(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    draft: &Draft,
    steps: &[Step],
    meta: &WriteMeta,
    mut committed: Committed,
) -> Result<Accepted, Refusal> {
    let (mut all, mut made) = (Vec::with_capacity(steps.len()), 0);
    for (index, step) in steps.iter().enumerate() {
        let done = step.run(context, overlay, &mut committed, &mut made).map_err(|refusal| match refusal {
            // The request as a whole is too large, not one step of it.
            Refusal::Error(WriteError::TooLarge { .. }) => refusal,
            Refusal::Error(error) => Refusal::Error(error.in_operation(index)),
            other => other,
        })?;
        all.push(done);
    }
    if made > 0 && draft.bytes + made > context.config.max_entry_bytes {
        return Err(Refusal::Later);
    }
    let nothing = steps.iter().zip(&all).all(|(step, done)| step.changes_nothing(done));
    let unmarked = meta.usage.is_empty() && meta.metered.is_none() && meta.idempotency.is_none();
    if nothing && !overlay.depends() && unmarked {
        return Ok(Accepted::Answered(Committed { commit: context.state.commit, ..committed }));
    }
    Ok(Accepted::Write(Planned::Steps(all), committed))
}

fn create(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    name: &str,
    schema: &Schema,
    meta: &WriteMeta,
    committed: Committed,
) -> Result<Accepted, WriteError> {
    if let Some((table, existing)) = overlay.find(context.state, name) {
        if *existing != *schema {
            return Err(WriteError::SchemaConflict);
        }
        let durable = !overlay.created.contains(&table);
        if durable && meta.usage.is_empty() && meta.metered.is_none() && meta.idempotency.is_none() {
            let commit = context.state.collections.get(name).map_or(context.state.commit, |c| c.created_commit);
            return Ok(Accepted::Answered(Committed { commit, ..committed }));
        }
        return Ok(Accepted::Write(Planned::Changes(Vec::new()), committed));
    }
    let limit = context.config.max_collections;
    if overlay.collections(context.state) >= limit {
        return Err(WriteError::TooManyCollections { limit });
    }
    let (table, schema) = ((context.new_table)(), Arc::new(schema.clone()));
    overlay.created.insert(table);
    overlay.names.insert(name.to_owned(), Some((table, Arc::clone(&schema))));
    let change = Change::Create { name: name.to_owned(), table, schema };
    Ok(Accepted::Write(Planned::Changes(vec![change]), Committed { created: true, ..committed }))
}

fn durable(
    context: &DraftContext<'_>,
    overlay: &mut Overlay,
    changes: Vec<Change>,
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
            patched: committed.patched,
            missing: committed.missing,
            more: committed.more,
            metered: committed.metered,
            created: committed.created,
            at_ms: context.now_ms,
        }
    });
    let mut usage = meta.usage;
    if let Some(Metered { key, meter, hour, .. }) = meta.metered {
        usage.push(UsageDelta { key, meter, hour, amount: committed.metered });
    }
    DurableWrite { changes, usage, answer }
}

impl Metered {
    /// What the changes of one request cost.
    fn amount(&self, changes: &[Change]) -> u64 {
        let step = self.step_bytes.max(1);
        let cost = changes.iter().map(|change| match change {
            Change::Upsert { rows, .. } => {
                let steps = rows.iter().map(|row| u64::from(row.bytes).div_ceil(step).max(1));
                self.each_step.saturating_mul(steps.sum())
            }
            Change::Delete { ids, .. } => self.each_delete.saturating_mul(ids.len() as u64),
            Change::Create { .. } | Change::Drop { .. } | Change::Mark(_) | Change::Rewind(_) | Change::Erase(_) => 0,
        });
        cost.fold(0, u64::saturating_add).max(self.at_least)
    }
}

/// A caller that hung up does not need its answer.
pub(super) fn reply(to: Reply, answer: Result<Committed, WriteError>) {
    let _ = to.send(answer.map_err(Refused::Error));
}

/// The writes in the form of the log.
pub(super) fn body(writes: &[DurableWrite]) -> Body<&Row> {
    let logged = writes.iter().map(|write| LoggedWrite {
        ops: write.changes.iter().map(op).collect(),
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
        Change::Mark(mark) => Op::Mark(mark.clone()),
        Change::Erase(op) => Op::Erase(op.clone()),
        Change::Rewind(rewound) => Op::Rewind { to: rewound.to, tables: rewound.tables.clone() },
    }
}

/// The whole entry as bytes for the log.
pub(super) fn seal(entry: &Entry<&Row>) -> Result<Vec<u8>, crate::frame::FrameError> {
    crate::frame::seal(crate::frame::Kind::LogEntry, &crate::frame::serialize(entry)?)
}
