//! Following the control plane's policy feed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{ClientError, PolicyBatch, policy::MAX_ERASING};
use agentdb_ids::NamespaceId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Eraser, Registry, Slot};
use crate::{config::AssignmentsConfig, grants::GrantCache, lease::Lease, line::Line};

/// The longest pause after polls that gave no answer.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// How often to poll while something of the last batch is still being done.
const PENDING_PAUSE: Duration = Duration::from_millis(200);

/// A namespace of a generation being let go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Release {
    namespace_id: NamespaceId,
    generation: u64,
}

/// The feed's follower. Level-triggered: every batch says how things are, not what to do. The cursor waits for what is
/// let go of; what is being removed is told beside it, so that one namespace that cannot be removed holds up no other.
#[derive(Debug)]
pub(crate) struct Feed {
    pub line: Arc<dyn Line>,
    pub registry: Arc<Registry>,
    pub grants: Arc<GrantCache>,
    pub eraser: Arc<Eraser>,
    pub lease: Arc<Lease>,
    pub config: AssignmentsConfig,
    pub clock: Arc<dyn Clock>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
    /// What is being let go of, and whether it is over. The cursor does not pass it before.
    releasing: Mutex<HashMap<Release, bool>>,
    /// What is being removed, and whether it is gone. What is gone is remembered while the cursor waits, since it is
    /// said again until then.
    erasing: Mutex<HashMap<NamespaceId, bool>>,
    erased: Notify,
    heard: AtomicBool,
}

impl Feed {
    #[expect(clippy::too_many_arguments, reason = "the parts it connects, each given once at start")]
    pub(crate) fn new(
        line: Arc<dyn Line>,
        registry: Arc<Registry>,
        grants: Arc<GrantCache>,
        eraser: Arc<Eraser>,
        lease: Arc<Lease>,
        config: AssignmentsConfig,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        // A cursor on disk means that an earlier process has heard the feed, and its view was loaded.
        let heard = AtomicBool::new(registry.cursor() > 0);
        Self {
            line,
            registry,
            grants,
            eraser,
            lease,
            config,
            clock,
            tasks,
            stop,
            releasing: Mutex::default(),
            erasing: Mutex::default(),
            erased: Notify::new(),
            heard,
        }
    }

    /// Whether the node knows what it is to serve.
    pub(crate) fn heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    /// Follows the feed until the node stops.
    pub(crate) async fn run(self: Arc<Self>) {
        for slot in self.registry.erasing() {
            self.erase(slot);
        }
        let mut backoff = FIRST_BACKOFF;
        let mut cursor = self.registry.cursor();
        let mut compared = self.clock.monotonic();
        let mut removed = false;
        loop {
            let due = self.clock.monotonic() >= compared + Duration::from_secs(self.config.digest_every_s);
            let epoch = self.lease.epoch();
            let at_once = std::mem::take(&mut removed) || self.is_pending() || due || !self.lease.is_confirmed();
            let wait = if at_once { 0 } else { self.config.poll_wait_s };
            // A poll with cursor 0 tells of nothing that is done.
            let erasing = if cursor == 0 { Vec::new() } else { self.registry.owed_removals() };
            let polled = tokio::select! {
                () = self.stop.cancelled() => return,
                // To be told at once. What does not wait is left alone, or many removals in a row would keep every
                // answer out.
                () = self.erased.notified(), if wait > 0 => {
                    removed = true;
                    continue;
                }
                polled = self.line.policy(cursor, Duration::from_secs(wait), due, &erasing) => polled,
            };
            let pause = match polled {
                Ok(batch) => {
                    backoff = FIRST_BACKOFF;
                    metrics::gauge!("agentdb_node_policy_feed_up").set(1.0);
                    let digest = batch.digest.clone();
                    cursor = self.take(batch);
                    self.lease.confirm(epoch);
                    if due && !self.is_pending() {
                        compared = self.clock.monotonic();
                        cursor = self.compare(digest.as_deref(), cursor);
                    }
                    if self.is_pending() { PENDING_PAUSE } else { Duration::ZERO }
                }
                Err(error) => {
                    Self::note(&error);
                    let pause = backoff;
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                    pause
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn note(error: &ClientError) {
        metrics::gauge!("agentdb_node_policy_feed_up").set(0.0);
        tracing::debug!(%error, "the policy feed gave no answer");
    }

    /// Applies a batch and says with which cursor to poll next: its own when all of it is done.
    pub(crate) fn take(self: &Arc<Self>, batch: PolicyBatch) -> u64 {
        let (cursor, snapshot, changed) = (batch.cursor, batch.snapshot, !batch.events.is_empty());
        let effects = self.registry.apply(batch);
        // What is served again may have to be let go of once more.
        self.releasing.lock().retain(|release, _| self.registry.lets_go(release.namespace_id, release.generation));
        for (key_id, version) in &effects.keys {
            self.grants.key_changed(*key_id, *version);
        }
        if snapshot {
            // Changes of keys may have been missed.
            self.grants.doubt_all();
        }
        if effects.assignments {
            self.grants.forget_absent();
        }
        if snapshot || !effects.keys.is_empty() {
            // Before the cursor is saved, or a restart could bring a revoked key back.
            self.grants.save();
        }
        for slot in effects.release {
            self.release(slot);
        }
        for slot in effects.erase {
            self.erase(slot);
        }
        self.heard.store(true, Ordering::Release);
        if self.is_pending() {
            if (changed || snapshot)
                && let Err(error) = self.registry.save()
            {
                tracing::warn!(%error, "the policy was not saved; a restart will ask for all of it");
            }
            return self.registry.cursor();
        }
        self.releasing.lock().clear();
        self.erasing.lock().retain(|_, gone| !*gone);
        if changed || snapshot || cursor != self.registry.cursor() {
            return self.registry.acknowledge(cursor);
        }
        cursor
    }

    fn compare(&self, theirs: Option<&str>, cursor: u64) -> u64 {
        let Some(theirs) = theirs else { return cursor };
        if theirs == self.registry.digest() {
            return cursor;
        }
        tracing::warn!("the node's policy differs from the control plane's; asking for all of it");
        metrics::counter!("agentdb_node_policy_mismatches_total").increment(1);
        0
    }

    /// Whether the cursor waits: for what is let go of, or because more is being removed than can be told beside it.
    fn is_pending(&self) -> bool {
        self.releasing.lock().values().any(|done| !done) || self.registry.erasing().len() > MAX_ERASING
    }

    fn release(self: &Arc<Self>, slot: Arc<Slot>) {
        let key = Release { namespace_id: slot.id(), generation: slot.assignment().generation };
        {
            let mut releasing = self.releasing.lock();
            if releasing.contains_key(&key) {
                // Said again because something else holds the cursor back.
                return;
            }
            releasing.insert(key, false);
        }
        let feed = Arc::clone(self);
        self.tasks.spawn(async move {
            // Its next owner would report it too, but only once somebody uses it.
            if let Err(error) = feed.eraser.reporter.report().await {
                tracing::info!(%error, "usage of a namespace that leaves is left for its next owner to report");
            }
            slot.close().await;
            feed.releasing.lock().insert(key, true);
        });
    }

    fn erase(self: &Arc<Self>, slot: Arc<Slot>) {
        let id = slot.id();
        let known = {
            let mut erasing = self.erasing.lock();
            let known = erasing.get(&id).copied();
            erasing.entry(id).or_insert(false);
            known
        };
        match known {
            None => {}
            Some(false) => return,
            Some(true) => return self.registry.remove(id),
        }
        let feed = Arc::clone(self);
        self.tasks.spawn(async move {
            if feed.eraser.erase(&slot, &feed.stop).await {
                feed.erasing.lock().insert(id, true);
                // It may have been said again at the very end.
                feed.registry.remove(id);
                feed.erased.notify_one();
            }
        });
    }
}

#[cfg(test)]
mod tests;
