//! Removing a namespace that its organisation deleted.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore as _;
use tokio_util::sync::CancellationToken;

use super::{Opener, Registry, Slot};
use crate::metering::Reporter;

const RETRY: Duration = Duration::from_secs(1);

/// Why a namespace is not gone yet.
#[derive(Debug, thiserror::Error)]
enum EraseError {
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
        loop {
            match self.try_erase(slot).await {
                Ok(()) => return true,
                Err(error) => tracing::warn!(namespace = %slot.id(), %error, "a deleted namespace is not gone yet"),
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn try_erase(&self, slot: &Slot) -> Result<(), EraseError> {
        self.report(slot).await?;
        slot.close().await;
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
        let owes = slot.mark.unsettled().is_some() && slot.peek().is_none();
        if owes || slot.mark.is_left_behind() {
            slot.acquire_to_report(&self.opener).await.map_err(|e| EraseError::Unreported(e.to_string()))?;
        }
        if slot.mark.unsettled().is_some() {
            self.reporter.report().await.map_err(|e| EraseError::Unreported(e.to_string()))?;
        }
        match slot.mark.unsettled() {
            None => Ok(()),
            Some(_) => Err(EraseError::Unreported("writes are still in work".to_owned())),
        }
    }
}
