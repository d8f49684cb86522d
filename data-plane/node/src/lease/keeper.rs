//! Getting, renewing and giving back the lease.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentdb_clock::{Clock, Entropy};
use agentdb_ids::IncarnationId;
use tokio_util::sync::CancellationToken;

use super::chain::{Appended, LeaseChain, LeaseError, Link};
use crate::config::LeaseConfig;

/// How soon a failed step is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Whether the node may answer. Asked when a request is admitted and again right before the reply.
#[derive(Debug)]
pub struct Lease {
    clock: Arc<dyn Clock>,
    /// Nanoseconds of monotonic time.
    valid_until: AtomicU64,
    /// How often the lease was won from another process.
    epoch: AtomicU64,
    /// The epoch in which the control plane has said what is placed here.
    confirmed: AtomicU64,
}

impl Lease {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, valid_until: AtomicU64::new(0), epoch: AtomicU64::new(0), confirmed: AtomicU64::new(0) }
    }

    /// Whether the node may answer at this moment: the lease holds, and nothing was moved elsewhere while
    /// another process had it.
    #[must_use]
    pub fn valid(&self) -> bool {
        self.holds() && self.is_confirmed()
    }

    /// Rises whenever the lease is won from another process, which may have written to, or given away, what
    /// is open here: a handle of an earlier epoch must not be used.
    #[must_use]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The control plane has answered a question that was asked in `epoch`.
    pub(crate) fn confirm(&self, epoch: u64) {
        self.confirmed.fetch_max(epoch, Ordering::AcqRel);
    }

    /// Whether the control plane has spoken since the lease was won from another process.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Acquire) >= self.epoch()
    }

    /// A lease that holds without a keeper.
    #[cfg(test)]
    pub(crate) fn held_for(clock: Arc<dyn Clock>, time: Duration) -> Self {
        let lease = Self::new(clock);
        lease.set(lease.clock.monotonic() + time);
        lease
    }

    /// The lease was won from another process.
    pub(crate) fn won(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn holds(&self) -> bool {
        nanos(self.clock.monotonic()) < self.valid_until.load(Ordering::Acquire)
    }

    fn set(&self, until: Duration) {
        self.valid_until.store(nanos(until), Ordering::Release);
    }
}

/// The lease as a namespace sees that was opened in one epoch of it. After another process had the lease it is
/// never valid again, though the node may have won it back.
#[derive(Debug)]
pub(crate) struct LeaseOfEpoch {
    lease: Arc<Lease>,
    epoch: u64,
}

impl LeaseOfEpoch {
    pub(crate) fn new(lease: Arc<Lease>, epoch: u64) -> Self {
        Self { lease, epoch }
    }
}

impl agentdb_data_plane_engine::Lease for LeaseOfEpoch {
    fn is_valid(&self) -> bool {
        self.lease.valid() && self.lease.epoch() == self.epoch
    }
}

fn no_answer() -> LeaseError {
    LeaseError::Unavailable(object_store::Error::Generic { store: "lease", source: "no answer in time".into() })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A foreign link that is being waited out.
#[derive(Debug, PartialEq, Eq)]
struct Observed {
    n: u64,
    since: Duration,
}

/// Keeps a [`Lease`] valid.
#[derive(Debug)]
pub(crate) struct LeaseKeeper {
    pub(crate) chain: LeaseChain,
    pub(crate) config: LeaseConfig,
    pub(crate) lease: Arc<Lease>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) incarnation: IncarnationId,
    pub(crate) directory: String,
    held: Option<u64>,
    observed: Option<Observed>,
    /// The place being claimed is behind another process's.
    winning: bool,
}

impl LeaseKeeper {
    /// A keeper for the process `incarnation` that holds the lock of `directory`.
    pub(crate) fn new(
        chain: LeaseChain,
        config: LeaseConfig,
        lease: Arc<Lease>,
        entropy: Arc<dyn Entropy>,
        incarnation: IncarnationId,
        directory: String,
    ) -> Self {
        let clock = Arc::clone(&lease.clock);
        Self {
            chain,
            config,
            lease,
            clock,
            entropy,
            incarnation,
            directory,
            held: None,
            observed: None,
            winning: false,
        }
    }

    /// Renews until `stop`, then gives the lease back.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let pause = self.step().await;
            metrics::gauge!("agentdb_node_lease_valid").set(if self.lease.valid() { 1.0 } else { 0.0 });
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.release().await;
    }

    /// Does what is due and says when to come again.
    pub(crate) async fn step(&mut self) -> Duration {
        if self.held.is_some() && !self.lease.holds() {
            // Too late to go on from what was known: somebody may have taken it and trimmed since.
            self.held = None;
            tracing::warn!("the node lease ran out before it was renewed");
        }
        let next = match self.held {
            Some(n) => self.place(n + 1).await,
            None => match self.claim().await {
                Ok(Some(n)) => self.place(n).await,
                Ok(None) => return RETRY,
                Err(error) => Err(error),
            },
        };
        match next {
            Ok(Appended::Ours) => self.config.renew_every(),
            // A PUT of ours that was given up arrived after all. What it would prolong is not known.
            Ok(Appended::Taken(link)) if link.incarnation == self.incarnation && !link.released => {
                self.held = None;
                Duration::ZERO
            }
            Ok(Appended::Taken(link)) => {
                tracing::warn!(holder = %link.incarnation, "the node lease was taken by another process");
                self.lose();
                RETRY
            }
            Err(error) => {
                tracing::warn!(%error, "the node lease was not renewed");
                metrics::counter!("agentdb_node_lease_failures_total").increment(1);
                RETRY
            }
        }
    }

    /// Stops answering and says so, so that the next process need not wait.
    pub(crate) async fn release(&mut self) {
        self.lease.set(Duration::ZERO);
        let Some(n) = self.held.take() else { return };
        let link = self.link(true);
        let put = tokio::time::timeout(self.config.put_timeout(), self.chain.append(n + 1, &link)).await;
        if !matches!(put, Ok(Ok(_))) {
            tracing::warn!("the node lease was not given back; it runs out by itself");
        }
    }

    /// The place in the chain that may be taken now, if any.
    async fn claim(&mut self) -> Result<Option<u64>, LeaseError> {
        let head = tokio::time::timeout(self.config.put_timeout(), self.chain.head()).await;
        let Some((n, link)) = head.map_err(|_| no_answer())?? else { return Ok(Some(1)) };
        self.winning |= link.directory != self.directory;
        // The same directory means a process that had our lock: the lock is ours, so it is dead.
        if link.released || link.directory == self.directory {
            return Ok(Some(n + 1));
        }
        let now = self.clock.monotonic();
        match &self.observed {
            Some(observed) if observed.n == n => {
                let over = now.saturating_sub(observed.since) > self.config.validity();
                Ok(over.then_some(n + 1))
            }
            _ => {
                tracing::info!(holder = %link.incarnation, "another process holds the node lease; waiting it out");
                self.observed = Some(Observed { n, since: now });
                Ok(None)
            }
        }
    }

    async fn place(&mut self, n: u64) -> Result<Appended, LeaseError> {
        let sent = self.clock.monotonic();
        let link = self.link(false);
        let put = tokio::time::timeout(self.config.put_timeout(), self.chain.append(n, &link)).await;
        let Ok(put) = put else {
            // Perhaps it was written, perhaps not. The next step must not create n + 1 over a gap.
            self.held = None;
            return Err(no_answer());
        };
        let appended = put?;
        if appended == Appended::Ours {
            self.held = Some(n);
            self.observed = None;
            if std::mem::take(&mut self.winning) {
                self.lease.won();
            }
            self.lease.set(sent + self.config.validity());
            // What is not removed in time is harmless; the renewal is not to wait for it.
            let _ = tokio::time::timeout(self.config.renew_every(), self.chain.trim(n)).await;
        }
        Ok(appended)
    }

    fn lose(&mut self) {
        self.held = None;
        self.lease.set(Duration::ZERO);
    }

    fn link(&self, released: bool) -> Link {
        Link {
            incarnation: self.incarnation,
            directory: self.directory.clone(),
            nonce: format!("{:032x}", u128::from_be_bytes(self.entropy.nonce())),
            released,
        }
    }
}

#[cfg(test)]
mod tests;
