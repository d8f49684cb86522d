//! The calls of a client: one try of a write, and what its answer may be.

use std::sync::Arc;

use agentdb_data_plane_engine::{
    Action, Branch, Commit, Committed, Condition, DEFAULT_VECTOR, Filter, Idempotency, Lease, Missing, Moment,
    Namespace, Operation, Patch, ReadError, TimeError, UsageDelta, WriteError, WriteMeta,
};
use bytes::Bytes;
use serde_json::json;

use super::client::{key_of, record_of, schema, vector_of};
use super::model::{self, Change, Edit, Op, Row, Target, Violation};
use super::process::Process;
use super::run::{Run, breathe};

/// What a write that was done is told.
#[derive(Debug)]
pub enum Told {
    Committed(Committed),
    Branch(Branch),
}

/// One try of a write. What it is told is noted, whether or not somebody still waits for it. Gives what may be asked for
/// again.
pub async fn send(run: Arc<Run>, process: Arc<Process>, number: usize) -> Option<Committed> {
    let _in_work = run.working("write");
    let (op, tried) = {
        let mut model = run.model.lock();
        let tried = model.tried(number);
        (model.op(number).clone(), tried)
    };
    match process.call(&run, write(&process.ns, &op, 1)).await {
        None => {}
        Some(Ok(Told::Committed(committed))) => {
            let tried = if process.is_judged(&run) { tried } else { tried.by_old_owner() };
            let judged = run.model.lock().told(number, &committed, tried);
            run.judged(judged);
            return Some(committed);
        }
        Some(Ok(Told::Branch(branch))) => {
            let judged = run.model.lock().told_branch(number, &branch);
            run.judged(judged);
        }
        Some(Err(error)) if is_unknown(&op, &error) => {
            run.count("unknown outcomes", 1);
            if !matches!(error, TimeError::Write(_)) {
                let judged = judge_time(&run, &process, None, &error);
                run.judged(judged.map_err(|v| format!("{v}: {op:?}")));
            }
        }
        Some(Err(error)) => {
            let judged = run.model.lock().refused(number);
            run.judged(judged);
            refused(&run, &process, number, error).await;
        }
    }
    None
}

/// Whether a write that was not done may have been done all the same.
fn is_unknown(op: &Op, error: &TimeError) -> bool {
    match error {
        TimeError::Write(WriteError::Unavailable(_)) => true,
        // The owner may have lost its place after it made the branch, or deleted what is erased.
        TimeError::Read(_) => matches!(op.change, Change::Branch(..) | Change::Erase(_)),
        // What was deleted may not be removed yet from all that holds it.
        TimeError::Unavailable(_) => matches!(op.change, Change::Erase(_)),
        _ => false,
    }
}

async fn refused(run: &Run, process: &Process, number: usize, error: TimeError) {
    let op = run.model.lock().op(number).clone();
    match error {
        TimeError::Write(WriteError::NoLease) => run.count("refused for want of a lease", 1),
        TimeError::Write(WriteError::Fenced) if process.is_newest(run) => {
            run.violation("a write was fenced, but there is no other writer".to_owned());
        }
        TimeError::Write(WriteError::Fenced) => run.count("writes refused by an old owner", 1),
        TimeError::Write(WriteError::Closed) => {}
        TimeError::Write(WriteError::Backpressure(_)) => breathe().await,
        // An owner of before may not know the collection, the row, or the snapshot.
        TimeError::Write(
            WriteError::NoSuchCollection | WriteError::ConditionFailed { .. } | WriteError::BadRequest { .. },
        ) if !process.is_judged(run) => {}
        // Another try was done before, and the collection is gone since.
        TimeError::Write(WriteError::NoSuchCollection) if run.model.lock().is_acknowledged(number) => {}
        TimeError::Write(WriteError::ConditionFailed { id, commit, .. }) if op.unmet == Some((id.clone(), commit)) => {
            run.count("writes refused for their condition", 1);
        }
        // It was read when it was still kept, and is in memory.
        TimeError::Write(WriteError::BadRequest { field: "commit", .. })
            if op.change.past().is_some_and(|asked| !is_kept(run, asked)) =>
        {
            run.count("commits that were gone", 1);
        }
        // Another try has deleted it between two looks of this one.
        TimeError::NoSuchBranch if run.model.lock().is_perhaps_done(number) => {}
        TimeError::Write(other) => run.violation(format!("a good write was refused: {other}: {op:?}")),
        other => {
            let asked = op.change.past();
            run.judged(judge_time(run, process, asked, &other).map_err(|v| format!("{v}: {op:?}")));
        }
    }
}

/// Whether a snapshot keeps a commit for certain.
fn is_kept(run: &Run, commit: Commit) -> bool {
    run.model.lock().keeps(commit)
}

/// Whether an older commit may be refused with this error, by whoever trims nothing meanwhile. `asked` is one that was
/// acknowledged.
pub fn judge_time(run: &Run, process: &Process, asked: Option<Commit>, error: &TimeError) -> Result<(), Violation> {
    // Who has lost its place may not know the commit.
    if !process.is_judged(run) || !process.lease.is_valid() || process.faulty.is_dead() {
        return Ok(());
    }
    match error {
        TimeError::Gone { asked: told, oldest, .. }
            if asked == Some(*told) && told < oldest && !is_kept(run, *told) =>
        {
            run.count("commits that were gone", 1);
        }
        TimeError::Read(ReadError::Fenced) if process.is_newest(run) => {
            return Err("a call was fenced, but there is no other writer".to_owned());
        }
        TimeError::Read(ReadError::NoLease) => run.count("refused for want of a lease", 1),
        TimeError::Read(ReadError::Fenced | ReadError::Closed | ReadError::Unavailable(_))
        | TimeError::Unavailable(_) => {}
        TimeError::NoMemory { .. } if !process.roomy => {}
        other => return Err(format!("the past was refused: {other}")),
    }
    Ok(())
}

pub async fn write(ns: &Namespace, op: &Op, request: u8) -> Result<Told, TimeError> {
    let idempotency =
        Idempotency { scope_key: op.key, request_hash: [request; 32], answer: Bytes::copy_from_slice(&op.key) };
    let usage = UsageDelta { key: key_of(op.client), meter: "write".to_owned(), hour: 500_000, amount: 1 };
    let meta = WriteMeta { usage: vec![usage], idempotency: Some(idempotency), ..WriteMeta::default() };
    let committed = match &op.change {
        Change::Create => ns.create_collection(&op.collection, schema(), meta).await?,
        Change::Drop => ns.drop_collection(&op.collection, meta).await?,
        Change::Snapshot(name, of) => ns.create_snapshot(name, of.map(Moment::Commit).as_ref(), meta).await?,
        Change::DropSnapshot(name) => ns.delete_snapshot(name, meta).await?,
        Change::DropBranch(name) => ns.delete_branch(name, meta).await?,
        Change::Rewind(target) => ns.rewind(&moment(target), meta).await?,
        Change::Erase(ids) => {
            let erased = ns.erase(&op.collection, ids.clone(), meta).await?;
            Committed { commit: erased.commit, deleted: erased.records, ..Committed::default() }
        }
        Change::Branch(name, of) => {
            return ns.create_branch(name, of.map(Moment::Commit).as_ref(), meta).await.map(Told::Branch);
        }
        Change::Upsert(rows) => {
            let row = |value| Row { value, base: value, mark: None };
            let records = rows.iter().map(|(id, value)| record_of(id, row(*value)));
            change(ns, op, Action::Upsert(records.collect()), meta).await?
        }
        Change::UpsertBoth(rows, other) => {
            let row = |value| Row { value, base: value, mark: None };
            let records: Vec<_> = rows.iter().map(|(id, value)| record_of(id, row(*value))).collect();
            let first = operation(op, Action::Upsert(records.clone()));
            let done = ns.write(vec![first, Operation::upsert(other, records)], meta).await;
            done.map_err(|error| match error {
                WriteError::InOperation { error, .. } => *error,
                error => error,
            })?
        }
        Change::Delete(ids) => change(ns, op, Action::Delete(ids.clone()), meta).await?,
        Change::Patch(ids, edit) => {
            let patches = ids.iter().map(|id| (id.clone(), patch(id, *edit))).collect();
            change(ns, op, Action::Patch { patches, missing: Missing::Skip }, meta).await?
        }
        Change::PatchWhere(by, edit) => {
            // Of one client, all rows have the same second number.
            let patch = patch(&super::client::row_prefix(op.client), *edit);
            change(ns, op, Action::PatchWhere { filter: own_at_most(op.client, by.most), patch, limit: by.limit }, meta)
                .await?
        }
        Change::DeleteWhere(by) => {
            let filter = own_at_most(op.client, by.most);
            change(ns, op, Action::DeleteWhere { filter, limit: by.limit }, meta).await?
        }
    };
    Ok(Told::Committed(committed))
}

async fn change(ns: &Namespace, op: &Op, action: Action, meta: WriteMeta) -> Result<Committed, WriteError> {
    ns.write_one(operation(op, action), meta).await
}

fn operation(op: &Op, action: Action) -> Operation {
    let condition = op.condition.as_ref().map(|condition| match condition {
        model::Condition::Absent => Condition::Absent,
        model::Condition::Present => Condition::Present,
        model::Condition::Commit(commit) => Condition::Commit(*commit),
        model::Condition::AtMost(most) => Condition::Passes(own_at_most(op.client, *most)),
    });
    Operation { collection: op.collection.clone(), action, condition }
}

/// Passes the rows of a client with values up to `most`.
fn own_at_most(client: usize, most: u64) -> Filter {
    let text = format!("metadata.client = {client} AND metadata.value <= {most}");
    Filter::parse(&text, &[], &schema()).expect("a filter")
}

fn patch(id: &str, edit: Edit) -> Patch {
    match edit {
        Edit::Mark(mark) => Patch { metadata: Some(json!({"mark": mark})), ..Patch::default() },
        Edit::Value(value) => Patch {
            vectors: [(DEFAULT_VECTOR.to_owned(), Some(vector_of(id, value)))].into(),
            metadata: Some(json!({"value": value, "mark": null})),
            ..Patch::default()
        },
    }
}

fn moment(target: &Target) -> Moment {
    match target {
        Target::Commit(commit) => Moment::Commit(*commit),
        Target::Snapshot(name, _) => Moment::Snapshot(name.clone()),
    }
}
