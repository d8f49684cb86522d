//! Recovery: checkpoint, log after it, takeover.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use uuid::Uuid;

use super::errors::{OpenError, ReadError};
use super::history;
use super::shared::Shared;
use super::state::State;
use super::types::Commit;
use crate::catalog::{Checkpoint, RootError, Roots, SnapshotMark};
use crate::config::{Config, Environment, Writer};
use crate::frame::{self, Kind};
use crate::log::{Body, Entry, Log, LogError, Settled};
use crate::memtable::Row;
use crate::store::{IoScope, Store};

/// How often the root is read again when the log was trimmed under the replay.
const ATTEMPTS: usize = 5;
/// Entries behind the checkpoint after which a takeover is folded, though it wrote nothing: each opening adds one, and
/// reads them all.
const MAX_TAIL: Commit = 64;

pub(super) async fn open(
    store: &Store,
    prefix: &str,
    writer: Writer,
    config: Config,
    environment: Environment,
) -> Result<(Arc<Shared>, Duration), OpenError> {
    let began = environment.clock.monotonic();
    let scope = Arc::new(IoScope::default());
    let counted = store.counted(&scope);
    let log = Log::new(&counted, prefix);
    let roots = Roots::new(&counted, prefix);
    let taking = TakeOver { log: &log, writer, environment: &environment, patience: config.write_timeout };
    for _ in 0..ATTEMPTS {
        let (mut state, snapshots) = recover(&roots, &taking).await?;
        let now_ms = environment.clock.now().timestamp_millis();
        state.forget_answers(super::draft::oldest_answer(&config, now_ms));
        let root = state.root.as_ref().map(|root| root.sequence);
        let shared = Shared::new(store, prefix, writer, (config.clone(), environment.clone()), state);
        let shared = Arc::new(shared);
        still_ours(&shared, began).await?;
        let (sequences, ()) = futures::join!(roots.sequences(), load_images(&shared, &scope));
        let sequences = sequences?;
        if sequences.last().copied() == root {
            history::keep_for_snapshots(&shared, &snapshots, &sequences).await?;
            shared.note_recovered();
            let _ = shared.opening.set(scope.io());
            return Ok((shared, began));
        }
        // The writer before us has moved the root before it lost the namespace: what that root does not keep it may
        // have removed. From now on it removes nothing, as it asks who owns the namespace before.
    }
    Err(OpenError::Unavailable("the checkpoint moved again and again".to_owned()))
}

/// An opening that took very long may have created its generation entry under a number that a successor has written,
/// folded and trimmed meanwhile.
async fn still_ours(shared: &Shared, began: Duration) -> Result<(), OpenError> {
    if shared.monotonic().saturating_sub(began) < shared.config.retention / 2 {
        return Ok(());
    }
    let commit = shared.state.read().commit;
    match shared.roots.latest().await? {
        Some(root) if shared.overtaken(&root, commit) => {
            Err(OpenError::Fenced { theirs: root.generation, ours: shared.writer.generation })
        }
        _ => Ok(()),
    }
}

/// By name.
type Snapshots = BTreeMap<String, SnapshotMark>;

/// What appends the generation entry, from which on the writer before us cannot append.
struct TakeOver<'a> {
    log: &'a Log,
    writer: Writer,
    environment: &'a Environment,
    /// How long an append may be in doubt.
    patience: Duration,
}

/// The namespace as it is after our generation entry, and the snapshots of its checkpoint alone. Mostly there is
/// nothing in the log after the checkpoint: so the entry is put right behind it while the log is listed, and only if
/// somebody has that place the log is read.
async fn recover(roots: &Roots, taking: &TakeOver<'_>) -> Result<(State, Snapshots), OpenError> {
    for _ in 0..ATTEMPTS {
        let root = roots.latest().await?;
        check_generation(root.as_ref().map_or(0, |r: &Checkpoint| r.generation), taking.writer)?;
        let mut state = State::new(root);
        let snapshots = state.marks.snapshots.clone();
        let (commits, appended) = futures::join!(taking.log.commits_after(state.commit), taking.append(&state));
        let commits = commits?;
        if let Some(at_ms) = appended? {
            let commit = state.commit + 1;
            // Entries behind a place that was free: the log was trimmed up to there, and ours is behind a checkpoint.
            // Or the entry of that place is lost, which the replay finds.
            if commits.iter().any(|later| *later > commit) {
                continue;
            }
            state.apply(commit, at_ms, Vec::new());
            return Ok((state, snapshots));
        }
        if let Some(mut state) = replay(taking.log, state, commits, taking.writer).await? {
            taking.take_over(&mut state).await?;
            return Ok((state, snapshots));
        }
    }
    Err(OpenError::Corrupt("the log has a gap after the checkpoint".to_owned()))
}

/// Whether an entry may come right after one of the given writer, generation and time. Each writer begins with a
/// takeover, none of a lower generation comes after it, and times never go back. Where this is broken, somebody has
/// taken the place of an entry that is lost.
fn follows(entry: &Entry, (writer_id, generation, at_ms): (Uuid, u64, i64)) -> bool {
    let same = (entry.writer_id, entry.generation) == (writer_id, generation);
    let takes_over = entry.generation >= generation && matches!(entry.body, Body::Generation);
    entry.at_ms >= at_ms && (same || takes_over)
}

/// `None` when an entry is missing, or another is in its place: then the checkpoint has moved past it, or it is lost.
async fn replay(log: &Log, mut state: State, commits: Vec<Commit>, writer: Writer) -> Result<Option<State>, OpenError> {
    let mut entries = std::pin::pin!(log.read_all(commits));
    let mut before: Option<(Uuid, u64, i64)> = None;
    while let Some((commit, entry)) = entries.try_next().await? {
        let expected = state.commit + 1;
        let Some(entry) = entry.filter(|e| commit == expected && !e.body.is_erased()) else { return Ok(None) };
        let this = (entry.writer_id, entry.generation, entry.at_ms);
        if before.replace(this).is_some_and(|before| !follows(&entry, before)) {
            return Ok(None);
        }
        state = replay_one(state, entry, writer).await?;
    }
    Ok(Some(state))
}

async fn replay_one(state: State, entry: Entry, writer: Writer) -> Result<State, OpenError> {
    check_generation(entry.generation, writer)?;
    if entry.commit != state.commit + 1 {
        return Err(OpenError::Corrupt(format!("entry {} says it is {}", state.commit + 1, entry.commit)));
    }
    state.replay_off_thread(entry).await.map_err(OpenError::Corrupt)
}

impl TakeOver<'_> {
    /// Appends the generation entry behind `state`; its time, or `None` when somebody has that place.
    async fn append(&self, state: &State) -> Result<Option<i64>, OpenError> {
        let commit = state.commit + 1;
        let nonce = self.environment.entropy.nonce();
        let at_ms = self.environment.clock.now().timestamp_millis().max(state.marks.last_ms);
        let entry: Entry<Row> = Entry {
            commit,
            writer_id: self.writer.writer_id,
            generation: self.writer.generation,
            nonce,
            at_ms,
            body: Body::Generation,
        };
        let sealed = frame::serialize(&entry).and_then(|body| frame::seal(Kind::LogEntry, &body));
        let sealed = sealed.map_err(|e| OpenError::Corrupt(e.to_string()))?;
        // An append does not give up by itself.
        let settled = tokio::time::timeout(self.patience, self.log.append(commit, sealed.into(), nonce)).await;
        let in_doubt = |_| OpenError::Unavailable("the generation entry is in doubt".to_owned());
        Ok((settled.map_err(in_doubt)? == Settled::Ours).then_some(at_ms))
    }

    /// Appends the generation entry behind whatever others append meanwhile.
    async fn take_over(&self, state: &mut State) -> Result<(), OpenError> {
        loop {
            let commit = state.commit + 1;
            if let Some(at_ms) = self.append(state).await? {
                state.apply(commit, at_ms, Vec::new());
                return Ok(());
            }
            // The writer before us was quicker; what it wrote is acknowledged and ours to keep.
            let Some(theirs) = self.log.read(commit).await? else { continue };
            check_generation(theirs.generation, self.writer)?;
            if theirs.body.is_erased() {
                return Err(OpenError::Unavailable("the namespace was changed while it was opened".to_owned()));
            }
            state.replay(theirs);
        }
    }
}

/// Rows in the memtables need the image of their collection beside them. One that cannot be loaded now is asked for
/// again by whoever needs it; the others serve meanwhile.
async fn load_images(shared: &Arc<Shared>, scope: &Arc<IoScope>) {
    for (name, _) in shared.unfolded_collections() {
        match shared.ensure_image_counted(&name, scope).await {
            Ok(()) | Err(ReadError::NoSuchCollection) => {}
            Err(error) => tracing::warn!(collection = name, %error, "a collection could not be loaded"),
        }
    }
}

impl Shared {
    fn note_recovered(&self) {
        let mut state = self.state.write();
        self.note_unfolded(&state);
        let tail = state.unfolded_entries();
        state.changed |= tail > MAX_TAIL || tail >= self.pace().entries;
        // A fold also finishes what an erase has left, and tries again what is set aside.
        if state.changed || !state.marks.erasing.is_empty() || state.aside().0 > 0 {
            self.unfolded.since_ms.store(self.monotonic_ms(), std::sync::atomic::Ordering::Release);
        }
        self.clean_up_when_aged(&state);
    }
}

fn check_generation(theirs: u64, writer: Writer) -> Result<(), OpenError> {
    if theirs > writer.generation {
        return Err(OpenError::Fenced { theirs, ours: writer.generation });
    }
    Ok(())
}

impl From<LogError> for OpenError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Damaged { .. } => Self::Corrupt(error.to_string()),
            LogError::Store(_) | LogError::TimedOut => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<RootError> for OpenError {
    fn from(error: RootError) -> Self {
        match error {
            RootError::Damaged { .. } => Self::Corrupt(error.to_string()),
            RootError::Store(_) | RootError::TimedOut => Self::Unavailable(error.to_string()),
        }
    }
}
