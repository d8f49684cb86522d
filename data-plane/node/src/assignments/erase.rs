//! Removing a namespace that its organisation deleted.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore as _;
use tokio_util::sync::CancellationToken;

use super::{Opener, Registry, Slot, SlotError};
use crate::metering::Reporter;

/// The pause after the first try, which doubles with each.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(10);

/// Why a namespace is not gone yet.
#[derive(Debug, thiserror::Error)]
enum EraseError {
    #[error("the node has no lease")]
    NoLease,
    #[error("its usage is not reported yet: {0}")]
    Unreported(String),
    #[error("the object store is unavailable: {0}")]
    Store(#[from] object_store::Error),
    #[error("its prefix `{0}` names no folder of its own")]
    Prefix(String),
}

/// Removes namespaces. Doing it twice does no harm: what is gone already is not missed.
#[derive(Debug)]
pub(crate) struct Eraser {
    pub opener: Arc<Opener>,
    pub registry: Arc<Registry>,
    pub reporter: Arc<Reporter>,
}

impl Eraser {
    /// Tries until everything under the namespace's prefix is gone, or `stop`. Whether it is gone.
    pub(crate) async fn erase(&self, slot: &Slot, stop: &CancellationToken) -> bool {
        let mut pause = FIRST_RETRY;
        loop {
            match self.try_erase(slot).await {
                Ok(()) => return true,
                Err(error) => tracing::warn!(namespace = %slot.id(), %error, "a deleted namespace is not gone yet"),
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(MAX_RETRY);
        }
    }

    async fn try_erase(&self, slot: &Slot) -> Result<(), EraseError> {
        self.report(slot).await?;
        slot.close().await;
        if slot.mark.unsettled(None).is_some() {
            return Err(EraseError::Unreported("it was written to until it was closed".to_owned()));
        }
        // After a restart what was told may be old: without the lease, another may have been told otherwise since.
        if !self.opener.lease.valid() {
            return Err(EraseError::NoLease);
        }
        let assignment = slot.assignment();
        if assignment.prefix.split('/').filter(|part| !part.is_empty()).count() < 2 {
            return Err(EraseError::Prefix(assignment.prefix.clone()));
        }
        let objects = self.opener.store.objects();
        let prefix = self.opener.store.path(&assignment.prefix);
        let found = objects.list(Some(&prefix)).map_ok(|object| object.location).boxed();
        let mut removed = objects.delete_stream(found);
        while let Some(result) = removed.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.registry.remove(assignment.namespace_id);
        Ok(())
    }

    /// Usage that only the namespace's log holds is reported before the log goes.
    async fn report(&self, slot: &Slot) -> Result<(), EraseError> {
        if slot.mark.is_in_doubt() {
            // What the open handle does not know of a write is in the log, or never will be.
            slot.close().await;
        }
        let commit = slot.peek().map(|open| open.commit());
        let owes = slot.mark.unsettled(commit).is_some() && commit.is_none();
        if owes || slot.mark.is_left_behind() {
            match slot.acquire_to_report(&self.opener).await {
                Ok(_) => {}
                Err(SlotError::Unreadable) => Self::give_up(slot),
                Err(error) => return Err(EraseError::Unreported(error.to_string())),
            }
        }
        if Self::owes(slot) {
            self.reporter.report().await.map_err(|e| EraseError::Unreported(e.to_string()))?;
        }
        if Self::owes(slot) { Err(EraseError::Unreported("writes are still in work".to_owned())) } else { Ok(()) }
    }

    fn owes(slot: &Slot) -> bool {
        slot.mark.unsettled(slot.peek().map(|open| open.commit())).is_some()
    }

    /// What nobody can read can be reported by nobody: the organisation deleted it, so it goes all the same.
    fn give_up(slot: &Slot) {
        tracing::error!(namespace = %slot.id(), "a deleted namespace cannot be read; usage in its log is lost");
        metrics::counter!("agentdb_node_unreadable_erased_total").increment(1);
        slot.mark.abandon();
    }
}

#[cfg(test)]
mod tests;
