//! The objects that a lease consists of.

use std::sync::Arc;

use agentdb_ids::IncarnationId;
use futures::TryStreamExt as _;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, path::Path};
use serde::{Deserialize, Serialize};

/// Links kept behind the newest: a process that slept through fewer renewals than this finds its place
/// taken. One that slept longer has outlived its validity and looks for the newest link first.
const KEPT: u64 = 20;

/// Why the lease's objects could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    #[error("the object store is unavailable: {0}")]
    Unavailable(#[from] Error),
    #[error("the lease object {0} cannot be read")]
    Damaged(Path),
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// The life of the process that holds the lease.
    pub incarnation: IncarnationId,
    /// The directory whose lock that process holds.
    pub directory: String,
    /// Tells this very PUT from any other.
    pub nonce: String,
    /// Set by a holder that has stopped answering.
    pub released: bool,
}

/// Whose link a place in the chain holds after an attempt to create it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// The very link that was to be created.
    Ours,
    /// Another one.
    Taken(Link),
}

#[derive(Debug, Clone)]
pub(crate) struct LeaseChain {
    objects: Arc<dyn ObjectStore>,
    root: Path,
}

impl LeaseChain {
    /// The chain below `root`, which is `nodes/<node>/lease` in the store.
    pub(crate) fn new(objects: Arc<dyn ObjectStore>, root: Path) -> Self {
        Self { objects, root }
    }

    /// The newest link.
    pub(crate) async fn head(&self) -> Result<Option<(u64, Link)>, LeaseError> {
        // The newest link can be trimmed between listing and reading only when newer ones were made.
        for _ in 0..3 {
            let names: Vec<_> = self.objects.list(Some(&self.root)).try_collect().await?;
            let Some(newest) = names.iter().filter_map(|o| o.location.filename()?.parse().ok()).max() else {
                return Ok(None);
            };
            if let Some(link) = self.read(newest).await? {
                return Ok(Some((newest, link)));
            }
        }
        Err(LeaseError::Damaged(self.root.clone()))
    }

    /// Creates link `n`. When the store refuses or does not answer, the place is read back: a retried PUT
    /// meets itself.
    pub(crate) async fn append(&self, n: u64, link: &Link) -> Result<Appended, LeaseError> {
        let bytes = serde_json::to_vec(link).map_err(|_| LeaseError::Damaged(self.place(n)))?;
        let created = self.objects.put_opts(&self.place(n), bytes.into(), PutOptions::from(PutMode::Create)).await;
        let Err(error) = created else { return Ok(Appended::Ours) };
        match self.read(n).await? {
            Some(found) if found.nonce == link.nonce => Ok(Appended::Ours),
            Some(found) => Ok(Appended::Taken(found)),
            None => Err(error.into()),
        }
    }

    /// Removes the link that is too old to matter when `n` is the newest. One that stays behind is harmless.
    pub(crate) async fn trim(&self, n: u64) {
        let Some(old) = n.checked_sub(KEPT) else { return };
        match self.objects.delete(&self.place(old)).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => tracing::debug!(%error, "an old lease object was not removed"),
        }
    }

    async fn read(&self, n: u64) -> Result<Option<Link>, LeaseError> {
        let place = self.place(n);
        let bytes = match self.objects.get(&place).await {
            Ok(found) => found.bytes().await?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| LeaseError::Damaged(place))
    }

    fn place(&self, n: u64) -> Path {
        self.root.clone().join(format!("{n:020}"))
    }
}
