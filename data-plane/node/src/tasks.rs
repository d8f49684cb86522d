//! What the node does by itself. Every step may run twice without harm and is bounded.

use std::{sync::Arc, time::Duration};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::AssignmentState;
use agentdb_ids::NamespaceId;
use tokio_util::sync::CancellationToken;

use crate::{
    assignments::{Opener, Registry, Slot},
    config::{AssignmentsConfig, MeteringConfig},
    fair::FairShare,
    files,
    grants::{GrantCache, KeyUseLog},
    metering::{Reporter, Sample, Spool, StorageLedger},
    telemetry::{self, Gauges},
};

/// How often idle namespaces are looked for and sizes saved.
const SWEEP: Duration = Duration::from_secs(30);
/// After a save of the grants comes a pause of so many times what it took: it costs a twentieth of a core at most.
const SAVE_GRANTS_PAUSE: u32 = 20;
/// The least pause between two saves of the grants.
const SAVE_GRANTS_LEAST: Duration = Duration::from_millis(50);
/// The longest.
const SAVE_GRANTS_MOST: Duration = Duration::from_secs(5);
/// How soon a namespace that could not be opened for its report is tried again.
const RECOVER_RETRY: Duration = Duration::from_secs(2);
/// Namespaces opened for their reports and sizes at a time.
const RECOVER_MOST: usize = 64;

/// The parts that the tasks work on.
#[derive(Debug)]
pub(crate) struct Background {
    pub clock: Arc<dyn Clock>,
    pub registry: Arc<Registry>,
    pub opener: Arc<Opener>,
    pub grants: Arc<GrantCache>,
    pub uses: Arc<KeyUseLog>,
    pub report_uses_every: Duration,
    pub reporter: Arc<Reporter>,
    pub spool: Arc<Spool>,
    pub storage: Arc<StorageLedger>,
    pub metering: MeteringConfig,
    pub assignments: AssignmentsConfig,
    /// Told of in the metrics.
    pub shares: Vec<Arc<FairShare>>,
    pub stop: CancellationToken,
}

impl Background {
    /// Waits; `false` when the node stops.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Reports usage and makes the spool safe, over and over.
    pub(crate) async fn report(self: Arc<Self>) {
        let every = Duration::from_millis(self.metering.report_every_ms);
        // At once at first: what earlier lives owe, and what this month has used so far.
        let mut first = true;
        while std::mem::take(&mut first) || self.pause(every).await {
            self.sample_storage().await;
            self.sync_spool().await;
            if let Err(error) = self.reporter.report().await {
                tracing::debug!(%error, "usage was not reported; it is sent again");
                metrics::counter!("agentdb_node_report_failures_total").increment(1);
            }
            self.publish();
        }
    }

    pub(crate) async fn sync_spool(&self) {
        let spool = Arc::clone(&self.spool);
        if let Err(error) = files::off_thread(move || spool.sync()).await {
            tracing::error!(%error, "the usage spool cannot be made safe");
        }
    }

    /// Saves grants as soon as they change, over and over: a key that worked once works after a crash too.
    pub(crate) async fn save_grants(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.grants.changed() => {}
            }
            let begun = self.clock.monotonic();
            self.grants.save();
            let took = self.clock.monotonic().saturating_sub(begun);
            let pause = (took * SAVE_GRANTS_PAUSE).clamp(SAVE_GRANTS_LEAST, SAVE_GRANTS_MOST);
            if !self.pause(pause).await {
                return;
            }
        }
    }

    /// Tells the control plane when and from where keys were last used, over and over.
    pub(crate) async fn report_uses(self: Arc<Self>) {
        while self.pause(self.report_uses_every).await {
            if let Err(error) = self.uses.report(self.clock.now()).await {
                tracing::debug!(%error, "the uses of keys were not reported; they are sent again");
            }
        }
    }

    /// Closes what nobody uses, and has the rest keep what its edition says of the past, over and over.
    pub(crate) async fn sweep(self: Arc<Self>) {
        while self.pause(SWEEP).await {
            self.registry.slots().iter().for_each(|slot| slot.keep_history());
            self.close_idle().await;
            self.release_idle();
            self.save_sizes().await;
        }
    }

    /// Gives back the memory of collections that nobody has read or written for as long as a namespace stays open.
    fn release_idle(&self) {
        let rest = Duration::from_secs(self.assignments.idle_close_s);
        let released = self.opener.store.release_idle(self.clock.monotonic(), rest);
        if released > 0 {
            tracing::debug!(released, "collections left the memory");
        }
    }

    async fn close_idle(&self) {
        let now = self.clock.monotonic().as_secs();
        let mut open: Vec<_> = self.registry.slots().into_iter().filter(|slot| slot.peek().is_some()).collect();
        open.sort_unstable_by_key(|slot| slot.last_used_s());
        let surplus = open.len().saturating_sub(self.assignments.max_open);
        for (at, slot) in open.iter().enumerate() {
            // Those beyond the bound go when they are not in use at this moment, the others when unused for long.
            let since = if at < surplus { now } else { now.saturating_sub(self.assignments.idle_close_s) };
            slot.close_if_idle(since).await;
        }
    }

    pub(crate) async fn save_sizes(&self) {
        let slots = self.registry.slots();
        let sizes = slots.iter().filter_map(|slot| Some((slot.id(), slot.known_bytes()?))).collect();
        let storage = Arc::clone(&self.storage);
        if let Err(error) = files::off_thread(move || storage.save_sizes(sizes)).await {
            tracing::warn!(%error, "sizes of namespaces were not saved");
        }
    }

    async fn sample_storage(&self) {
        let hour = self.clock.hour();
        if !self.storage.is_due(hour) {
            return;
        }
        let slots = self.registry.slots();
        let kept = slots.iter().map(|slot| (slot, slot.assignment()));
        let samples = kept.filter(|(_, a)| a.state.keeps_data()).filter_map(|(slot, a)| {
            let bytes = slot.known_bytes()?;
            Some(Sample { org_id: a.org_id, namespace_id: a.namespace_id, hour, bytes })
        });
        let (storage, samples) = (Arc::clone(&self.storage), samples.collect::<Vec<_>>());
        if let Err(error) = files::off_thread(move || storage.sample(hour, samples)).await {
            tracing::error!(%error, "the hour's storage samples were not saved");
        }
    }

    fn publish(&self) {
        let open = self.registry.slots().iter().filter_map(|slot| Some(slot.peek()?.look())).collect();
        Gauges { usage_backlog: self.reporter.backlog(), open }.publish();
        self.shares.iter().for_each(|share| telemetry::share(share.what(), share.held(), share.waiting()));
    }

    /// Opens namespaces whose logs may hold usage that an earlier process or handle did not get reported, and those
    /// whose size is not known, over and over: at once when the control plane has placed something.
    pub(crate) async fn recover(self: Arc<Self>) {
        let mut after = None;
        loop {
            let more = self.recover_some(&mut after).await;
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(if more { RECOVER_RETRY } else { SWEEP }) => {}
                () = self.registry.placed() => {}
            }
        }
    }

    /// Opens at most [`RECOVER_MOST`] of them, beginning with the first one behind `after`, so that those that cannot
    /// be opened do not keep the others waiting. Whether any are left.
    async fn recover_some(&self, after: &mut Option<NamespaceId>) -> bool {
        let mut due: Vec<_> = self.registry.slots().into_iter().filter(|slot| is_due(slot)).collect();
        due.sort_unstable_by_key(|slot| (Some(slot.id()) <= *after, slot.id()));
        let (all, mut opened) = (due.len(), 0);
        for slot in due.into_iter().take(RECOVER_MOST) {
            if self.stop.is_cancelled() {
                return false;
            }
            *after = Some(slot.id());
            let open = match slot.assignment().state {
                AssignmentState::Serve => slot.acquire(&self.opener).await,
                _ => slot.acquire_to_report(&self.opener).await,
            };
            opened += usize::from(open.is_ok());
        }
        opened < all
    }
}

/// Whether the namespace must be opened though nobody asks for it.
fn is_due(slot: &Slot) -> bool {
    slot.assignment().state.keeps_data()
        && (slot.known_bytes().is_none() || (slot.mark.is_left_behind() && slot.peek().is_none()))
}

#[cfg(test)]
mod tests;
