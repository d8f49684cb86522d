//! One namespace placed here: opened when it is first needed, by one opener at a time.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use agentdb_control_plane_contract::{Assignment, AssignmentState, Suspension};
use agentdb_data_plane_engine::{Io, Namespace, OpenError, Stats, UsageKey};
use agentdb_ids::NamespaceId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{OwnedRwLockReadGuard, RwLock as Gate};

use super::Opener;
use crate::{metering::WriteMark, telemetry::Counters};

/// How long a failed open is remembered, so that waiting requests do not each try it.
const OPEN_BACKOFF: Duration = Duration::from_secs(1);
/// How long a namespace that another writer took is left alone, unless a new generation comes before.
const FENCED_BACKOFF: Duration = Duration::from_secs(10);
const UNKNOWN: u64 = u64::MAX;
const DAY_S: u64 = 24 * 3_600;

/// Why a namespace cannot be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SlotError {
    #[error("the namespace is being moved")]
    Leaving,
    #[error("the namespace is suspended")]
    Suspended(Suspension),
    #[error("the namespace is deleted")]
    Gone,
    #[error("the node has no lease")]
    NoLease,
    #[error("another node owns the namespace")]
    Fenced,
    #[error("the namespace cannot be opened at this moment")]
    Unavailable,
    #[error("what the object store holds of the namespace cannot be read")]
    Unreadable,
}

#[derive(Debug)]
struct Opened {
    namespace: Arc<Namespace>,
    generation: u64,
    /// Of the lease.
    epoch: u64,
    counters: Counters,
}

impl Drop for Opened {
    /// What it has counted since it was looked at last, the fold of a hand-over included, is counted, too.
    fn drop(&mut self) {
        self.counters.count(|| self.namespace.stats());
    }
}

/// The right to use an open namespace, and what its opening asked of the object store if it was opened for the caller.
/// While it lives the namespace is not closed.
#[derive(Debug)]
pub(crate) struct OpenNamespace(OwnedRwLockReadGuard<Option<Opened>, Opened>, Io);

impl OpenNamespace {
    /// `None` when it is not open.
    fn of(gate: OwnedRwLockReadGuard<Option<Opened>>) -> Option<Self> {
        let open = OwnedRwLockReadGuard::try_map(gate, Option::as_ref).ok()?;
        Some(Self(open, Io::default()))
    }

    /// The lease's epoch in which it was opened.
    pub(crate) fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// What its opening asked of the object store; nothing when it was open, or somebody else had it opened.
    pub(crate) fn opening_for_caller(&self) -> Io {
        self.1
    }

    /// How it is doing. What it has counted since it was looked at last goes into the node's counters.
    pub(crate) fn look(&self) -> Stats {
        self.0.counters.count(|| self.0.namespace.stats())
    }
}

impl std::ops::Deref for OpenNamespace {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.0.namespace
    }
}

/// A namespace placed on this node.
#[derive(Debug)]
pub(crate) struct Slot {
    assignment: RwLock<Arc<Assignment>>,
    gate: Arc<Gate<Option<Opened>>>,
    /// The handle was fenced and is to be replaced.
    fenced: AtomicBool,
    trouble: Mutex<Option<(Duration, SlotError)>>,
    last_used_s: AtomicU64,
    known_bytes: AtomicU64,
    /// Seconds; everything is kept until it is known.
    history_s: AtomicU64,
    pub(crate) mark: Arc<WriteMark>,
    /// Usage in the log that billing has.
    pub(crate) acknowledged: Mutex<HashMap<UsageKey, u64>>,
}

impl Slot {
    pub(crate) fn new(assignment: Assignment, mark: Arc<WriteMark>, known_bytes: Option<u64>) -> Self {
        Self {
            assignment: RwLock::new(Arc::new(assignment)),
            gate: Arc::new(Gate::new(None)),
            fenced: AtomicBool::new(false),
            trouble: Mutex::new(None),
            last_used_s: AtomicU64::new(0),
            known_bytes: AtomicU64::new(known_bytes.unwrap_or(UNKNOWN)),
            history_s: AtomicU64::new(UNKNOWN),
            mark,
            acknowledged: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn assignment(&self) -> Arc<Assignment> {
        Arc::clone(&self.assignment.read())
    }

    pub(crate) fn id(&self) -> NamespaceId {
        self.assignment.read().namespace_id
    }

    /// Takes over what the control plane says now. A new generation clears what the old one suffered.
    pub(crate) fn assign(&self, assignment: Assignment) {
        let mut current = self.assignment.write();
        if current.generation != assignment.generation {
            *self.trouble.lock() = None;
        }
        *current = Arc::new(assignment);
    }

    /// Says how far back the namespace is to be readable. One that is open keeps to it from the next
    /// [`Slot::keep_history`] on.
    pub(crate) fn set_history(&self, days: u32) {
        self.history_s.store(u64::from(days) * DAY_S, Ordering::Relaxed);
    }

    /// Has the namespace, if it is open, keep as much of its past as was said last.
    pub(crate) fn keep_history(&self) {
        if let Some(open) = self.peek() {
            open.set_history(self.history());
        }
    }

    /// How far back the namespace is to be readable.
    pub(crate) fn history(&self) -> Duration {
        Duration::from_secs(self.history_s.load(Ordering::Relaxed))
    }

    /// The namespace, opened where needed, for a request.
    pub(crate) async fn acquire(&self, opener: &Opener) -> Result<OpenNamespace, SlotError> {
        self.last_used_s.store(opener.clock.monotonic().as_secs(), Ordering::Relaxed);
        let mut opening = Io::default();
        loop {
            let assignment = self.assignment();
            match assignment.state {
                AssignmentState::Serve => {}
                AssignmentState::Suspend(by) => return Err(SlotError::Suspended(by)),
                AssignmentState::Drain => return Err(SlotError::Leaving),
                AssignmentState::Retain | AssignmentState::Delete => return Err(SlotError::Gone),
            }
            if let Some(open) = self.current(&assignment, opener.lease.epoch()).await {
                return Ok(OpenNamespace(open.0, opening));
            }
            opening = opening.then(self.open(opener, &assignment).await?);
        }
    }

    /// The namespace, opened where needed, for reporting what its log holds, whatever its state.
    pub(crate) async fn acquire_to_report(&self, opener: &Opener) -> Result<OpenNamespace, SlotError> {
        loop {
            let assignment = self.assignment();
            if let Some(open) = self.current(&assignment, opener.lease.epoch()).await {
                return Ok(open);
            }
            self.open(opener, &assignment).await?;
        }
    }

    /// Whether it is not open, and nobody is opening it.
    pub(crate) fn is_closed(&self) -> bool {
        self.gate.try_read().is_ok_and(|open| open.is_none())
    }

    /// The namespace, if it is open and nobody is about to close it.
    pub(crate) fn peek(&self) -> Option<OpenNamespace> {
        OpenNamespace::of(Arc::clone(&self.gate).try_read_owned().ok()?)
    }

    /// Says that the engine found another writer: the handle is of no use any more.
    pub(crate) fn mark_fenced(&self) {
        tracing::warn!(namespace = %self.id(), "another writer took the namespace");
        metrics::counter!("agentdb_node_fenced_total").increment(1);
        self.fenced.store(true, Ordering::Release);
    }

    /// Waits for the requests in work, makes everything durable in the tables and lets go.
    pub(crate) async fn close(&self) {
        let mut gate = self.gate.write().await;
        let Some(opened) = gate.take() else { return };
        self.let_go(opened).await;
    }

    /// Closes the namespace if it was not used since `since_s` and owes no report. Whether it is closed now.
    pub(crate) async fn close_if_idle(&self, since_s: u64) -> bool {
        let Ok(mut gate) = self.gate.try_write() else { return false };
        let commit = gate.as_ref().map(|opened| opened.namespace.commit());
        if self.last_used_s() > since_s || self.mark.unsettled(commit).is_some() {
            return false;
        }
        if let Some(opened) = gate.take() {
            self.let_go(opened).await;
        }
        true
    }

    /// Seconds of monotonic time when a request last came.
    pub(crate) fn last_used_s(&self) -> u64 {
        self.last_used_s.load(Ordering::Relaxed)
    }

    /// Logical bytes held, as far as it is known without opening the namespace.
    pub(crate) fn known_bytes(&self) -> Option<u64> {
        if let Some(open) = self.peek() {
            self.known_bytes.store(open.logical_bytes(), Ordering::Relaxed);
        }
        Some(self.known_bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes != UNKNOWN)
    }

    #[cfg(test)]
    pub(crate) fn set_known_bytes(&self, bytes: u64) {
        self.known_bytes.store(bytes, Ordering::Relaxed);
    }

    async fn current(&self, assignment: &Assignment, epoch: u64) -> Option<OpenNamespace> {
        let gate = Arc::clone(&self.gate).read_owned().await;
        let usable = gate.as_ref().is_some_and(|o| o.generation == assignment.generation && o.epoch == epoch);
        if !usable || self.fenced.load(Ordering::Acquire) {
            return None;
        }
        OpenNamespace::of(gate)
    }

    /// Opens unless somebody else has done so, or the assignment has changed, meanwhile. Says what that asked of the
    /// object store.
    async fn open(&self, opener: &Opener, assignment: &Assignment) -> Result<Io, SlotError> {
        let mut gate = self.gate.write().await;
        if *self.assignment() != *assignment {
            return Ok(Io::default());
        }
        let epoch = opener.lease.epoch();
        let fenced = self.fenced.swap(false, Ordering::AcqRel);
        // Fenced, or of an older generation or epoch, it can write nothing any more and is dropped.
        if let Some(opened) = gate.take() {
            let same = opened.generation == assignment.generation;
            if same && opened.epoch == epoch && !fenced {
                *gate = Some(opened);
                return Ok(Io::default());
            }
            if same && fenced {
                self.remember(opener, FENCED_BACKOFF, SlotError::Fenced);
            }
        }
        if let Some((until, error)) = *self.trouble.lock()
            && opener.clock.monotonic() < until
        {
            return Err(error);
        }
        if !opener.lease.valid() {
            return Err(SlotError::NoLease);
        }
        match opener.open(assignment, epoch, self.history()).await {
            Ok(namespace) => {
                self.known_bytes.store(namespace.logical_bytes(), Ordering::Relaxed);
                self.mark.opened();
                let (opening, generation) = (namespace.opening(), assignment.generation);
                *gate = Some(Opened { namespace, generation, epoch, counters: Counters::default() });
                Ok(opening)
            }
            Err(error) => {
                tracing::warn!(namespace = %assignment.namespace_id, %error, "a namespace cannot be opened");
                metrics::counter!("agentdb_node_open_failures_total").increment(1);
                Err(match error {
                    OpenError::Fenced { .. } => self.remember(opener, FENCED_BACKOFF, SlotError::Fenced),
                    OpenError::Unavailable(_) => self.remember(opener, OPEN_BACKOFF, SlotError::Unavailable),
                    // Opening again does not help; trying now and then shows when somebody has mended it.
                    OpenError::Corrupt(_) => self.remember(opener, FENCED_BACKOFF, SlotError::Unreadable),
                })
            }
        }
    }

    fn remember(&self, opener: &Opener, how_long: Duration, error: SlotError) -> SlotError {
        *self.trouble.lock() = Some((opener.clock.monotonic() + how_long, error));
        error
    }

    async fn let_go(&self, opened: Opened) {
        self.known_bytes.store(opened.namespace.logical_bytes(), Ordering::Relaxed);
        // What cannot be folded now stays in the log and is replayed by the next open.
        if let Err(error) = opened.namespace.drain().await {
            tracing::warn!(namespace = %self.id(), %error, "a namespace was handed over with a tail in its log");
        }
    }
}

#[cfg(test)]
mod tests;
