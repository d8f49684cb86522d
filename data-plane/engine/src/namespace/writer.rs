//! The one task that writes the log.
//!
//! While one entry is on its way to the store, writes gather in the queue; the next entry takes all of them.
//! An idle namespace writes at once. Entries follow each other strictly: a commit begins when the one before
//! it is settled.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;

use super::draft::{self, Draft, DraftContext, Pending, Waiting};
use super::errors::{ReadError, WriteError};
use super::shared::Shared;
use super::state::{DurableWrite, Standing};
use super::types::Commit;
use crate::catalog::TableId;
use crate::log::{Entry, Settled};

/// Entries larger than this are encoded off the async threads.
const INLINE_BYTES: usize = 128 << 10;
const BACKOFF: Duration = Duration::from_millis(200);

/// What became of an entry.
#[derive(Clone, Copy)]
enum Fate {
    Ours,
    /// Another entry has its commit: the writes were not done.
    Taken,
    /// Another writer owns the namespace; whether it has this entry is not known.
    Lost,
}

/// Whether the task goes on.
enum Next {
    Go,
    Stop,
}

/// Why writes are refused while the outcome of one is not known.
pub(super) const IN_DOUBT: &str = "an earlier write is in doubt; the object store does not answer";
/// Why writes are refused while folds do not keep up with them.
pub(super) const NOT_FOLDED: &str = "too much is not folded yet";

/// The writes that wait.
struct Queue {
    arriving: mpsc::Receiver<Pending>,
    /// Taken from it before, and to go first.
    later: VecDeque<Pending>,
}

impl Queue {
    fn refuse_all(&mut self, shared: &Shared, error: &WriteError) {
        while let Ok(pending) = self.arriving.try_recv() {
            draft::reply(take(shared, pending).reply, Err(error.clone()));
        }
        for pending in self.later.drain(..) {
            draft::reply(pending.reply, Err(error.clone()));
        }
    }
}

/// Runs until the namespace is closed, fenced or drained; then refuses what is still queued.
///
/// `last_settled` is a monotonic time at which the namespace was certainly ours.
pub(super) async fn run(shared: Arc<Shared>, queue: mpsc::Receiver<Pending>, mut last_settled: Duration) {
    let mut queue = Queue { arriving: queue, later: VecDeque::new() };
    loop {
        let Some(group) = gather(&shared, &mut queue).await else { break };
        // Looked at anew for each entry: what is in the queue may need one for every write.
        if shared.tail_is_full() {
            group.into_iter().for_each(|p| draft::reply(p.reply, Err(WriteError::Backpressure(NOT_FOLDED))));
            continue;
        }
        shared.make_room_for_answers();
        // Before the rows are looked for: from here on they stay.
        shared.writing.store(true, Ordering::SeqCst);
        let group = beside_rows(&shared, group).await;
        let drafted = {
            let state = shared.state.read();
            let new_table = || new_table(&shared);
            let context =
                DraftContext { state: &state, config: &shared.config, now_ms: shared.now_ms(), new_table: &new_table };
            draft::draft(&context, group, &mut queue.later)
        };
        let next = match drafted {
            Some(drafted) => commit(&shared, drafted, &mut queue, &mut last_settled).await,
            None => Next::Go,
        };
        shared.writing.store(false, Ordering::SeqCst);
        match next {
            Next::Go => {}
            Next::Stop => break,
        }
    }
    shared.stalled.store(false, Ordering::Release);
    let error = match shared.state.read().standing {
        Standing::Fenced => WriteError::Fenced,
        Standing::Serving | Standing::Closed => WriteError::Closed,
    };
    queue.arriving.close();
    queue.refuse_all(&shared, &error);
    shared.written.cancel();
}

/// Those writes whose collections have their folded rows in memory: they were there when the write was queued and may
/// have left since.
async fn beside_rows(shared: &Arc<Shared>, group: Vec<Pending>) -> Vec<Pending> {
    let mut ready = Vec::with_capacity(group.len());
    for pending in group {
        let mut missing = None;
        for collection in pending.op.collections() {
            // What else stands in its way the draft finds out.
            if let Err(ReadError::Unavailable(why)) = shared.ensure_image(collection).await {
                missing = Some(why);
            }
        }
        match missing {
            Some(why) => {
                let error = WriteError::Unavailable(format!("nothing was written: {why}"));
                draft::reply(pending.reply, Err(error));
            }
            None => ready.push(pending),
        }
    }
    ready
}

/// Waits for a write and takes all that are there with it, up to the size of an entry.
async fn gather(shared: &Shared, queue: &mut Queue) -> Option<Vec<Pending>> {
    let Queue { arriving, later } = queue;
    let first = match later.pop_front() {
        Some(first) => first,
        None => tokio::select! {
            biased;
            () = shared.cancel.cancelled() => return None,
            // From here on nothing comes in, and what is in the queue comes out of it.
            () = shared.draining.cancelled(), if !arriving.is_closed() => {
                arriving.close();
                take(shared, arriving.recv().await?)
            }
            received = arriving.recv() => take(shared, received?),
        },
    };
    let mut bytes = first.bytes;
    let mut group = vec![first];
    group.reserve(later.len());
    while let Some(next) = later.pop_front() {
        bytes += next.bytes;
        group.push(next);
    }
    // Those that were put back count, so that they do not pile up while new ones come.
    while bytes < shared.config.max_entry_bytes && group.len() < shared.config.max_pending_writes {
        let Ok(next) = arriving.try_recv() else { break };
        let next = take(shared, next);
        if bytes + next.bytes > shared.config.max_entry_bytes {
            later.push_back(next);
            break;
        }
        bytes += next.bytes;
        group.push(next);
    }
    Some(group)
}

fn take(shared: &Shared, pending: Pending) -> Pending {
    shared.queued_bytes.fetch_sub(pending.bytes, Ordering::AcqRel);
    pending
}

pub(super) fn new_table(shared: &Shared) -> TableId {
    TableId(uuid::Builder::from_random_bytes(shared.environment.entropy.nonce()).into_uuid())
}

/// Makes a draft durable, then visible, then answers.
async fn commit(shared: &Arc<Shared>, draft: Draft, queue: &mut Queue, last_settled: &mut Duration) -> Next {
    let nonce = shared.environment.entropy.nonce();
    let Draft { commit, writes, waiting, .. } = draft;
    let at_ms = shared.entry_ms();
    let (sealed, writes) = match encode(shared, (commit, at_ms), nonce, writes).await {
        Ok(encoded) => encoded,
        Err(error) => {
            tracing::error!(error, "a log entry cannot be written down");
            answer(waiting, &unknown("nothing was written: the entry cannot be written down"));
            return Next::Go;
        }
    };
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is(crate::planted::Bug::AcknowledgeBeforePut) {
        shared.apply(commit, at_ms, writes);
        answer(waiting, &Ok(()));
        return settle(shared, commit, sealed.into(), nonce, &mut Vec::new(), queue, last_settled).await;
    }
    let bytes = sealed.len();
    let mut waiting = waiting;
    let next = settle(shared, commit, sealed.into(), nonce, &mut waiting, queue, last_settled).await;
    if matches!(next, Next::Go) {
        shared.storage.appended(commit, bytes);
        shared.apply(commit, at_ms, writes);
        // Not before: whoever finds it unset sees what was in doubt.
        shared.stalled.store(false, Ordering::Release);
        answer(waiting, &Ok(()));
    }
    next
}

/// Returns when the entry is ours for certain (`Go`), or never will be. Callers are told that the outcome is
/// unknown when it takes too long; the entry is settled all the same before another one is begun.
async fn settle(
    shared: &Arc<Shared>,
    commit: Commit,
    sealed: bytes::Bytes,
    nonce: [u8; 16],
    waiting: &mut Vec<Waiting>,
    queue: &mut Queue,
    last_settled: &mut Duration,
) -> Next {
    // What the store says is of some moment after it was asked, and may be long past when it is heard.
    let (begun, settled_at) = (shared.monotonic(), *last_settled);
    let append = async {
        match shared.log.append(commit, sealed, nonce).await {
            Settled::Ours if still_ours(shared, commit, settled_at).await => Fate::Ours,
            Settled::Ours => Fate::Lost,
            Settled::Taken => Fate::Taken,
        }
    };
    tokio::pin!(append);
    let in_time = tokio::select! {
        biased;
        fate = &mut append => Some(fate),
        () = shared.cancel.cancelled() => return given_up(waiting),
        () = tokio::time::sleep(shared.config.write_timeout) => None,
    };
    let fate = match in_time {
        Some(fate) => fate,
        None => {
            shared.stalled.store(true, Ordering::Release);
            answer(std::mem::take(waiting), &unknown("the object store did not answer in time"));
            tracing::warn!(commit, "a log entry is in doubt; writes are refused until it is settled");
            // Those that were queued before that, too: nobody is to wait for longer than that, and what was refused
            // must not be done after all.
            queue.refuse_all(shared, &WriteError::Backpressure(IN_DOUBT));
            tokio::select! {
                biased;
                fate = &mut append => fate,
                () = shared.cancel.cancelled() => return given_up(waiting),
            }
        }
    };
    let outcome = match fate {
        Fate::Ours => {
            *last_settled = begun;
            return Next::Go;
        }
        Fate::Taken => Err(WriteError::Fenced),
        Fate::Lost => unknown("another writer owns the namespace"),
    };
    shared.fence();
    answer(std::mem::take(waiting), &outcome);
    Next::Stop
}

/// A writer that slept may create a key that its successor has written, folded and trimmed. So after a pause
/// that comes near the retention the root is asked before anything is acknowledged.
async fn still_ours(shared: &Shared, commit: Commit, last_settled: Duration) -> bool {
    if shared.monotonic().saturating_sub(last_settled) < shared.config.retention / 2 {
        return true;
    }
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is(crate::planted::Bug::TrimmedKeyIsOurs) {
        return true;
    }
    loop {
        match shared.roots.latest().await {
            Ok(root) => return !root.is_some_and(|root| shared.overtaken(&root, commit)),
            Err(error) => tracing::warn!(%error, "the checkpoint could not be read; trying again"),
        }
        tokio::time::sleep(BACKOFF).await;
    }
}

/// The task ends with an entry on its way.
fn given_up(waiting: &mut Vec<Waiting>) -> Next {
    answer(std::mem::take(waiting), &unknown("the namespace was closed during the write"));
    Next::Stop
}

fn unknown(why: &str) -> Result<(), WriteError> {
    Err(WriteError::Unavailable(why.to_owned()))
}

async fn encode(
    shared: &Arc<Shared>,
    (commit, at_ms): (Commit, i64),
    nonce: [u8; 16],
    writes: Vec<DurableWrite>,
) -> Result<(Vec<u8>, Vec<DurableWrite>), String> {
    let writer = shared.writer;
    let bytes: usize = writes.iter().map(DurableWrite::bytes).sum();
    let work = move || {
        let entry = Entry {
            commit,
            writer_id: writer.writer_id,
            generation: writer.generation,
            nonce,
            at_ms,
            body: draft::body(&writes),
        };
        let sealed = draft::seal(&entry).map_err(|e| e.to_string());
        sealed.map(|sealed| (sealed, writes))
    };
    if bytes <= INLINE_BYTES {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| e.to_string())?
}

fn answer(waiting: Vec<Waiting>, outcome: &Result<(), WriteError>) {
    for (reply, committed) in waiting {
        draft::reply(reply, outcome.clone().map(|()| committed));
    }
}
