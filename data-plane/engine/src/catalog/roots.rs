//! The sequence of checkpoints in the store.
//!
//! The root moves by compare-and-swap: checkpoint `n + 1` is created if absent by whoever saw `n` as the
//! highest. A numbered create is the one conditional PUT that a directory and S3 share (a directory has no
//! conditional overwrite), and an old checkpoint that is kept is a snapshot.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, path::Path};

use super::Checkpoint;
use crate::frame::{self, FrameError, Kind};
use crate::store::Store;
use crate::table::Removed;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Why the checkpoints could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RootError {
    #[error("{0}")]
    Store(#[from] Error),
    #[error("checkpoint {sequence}: {error}")]
    Damaged { sequence: u64, error: FrameError },
    #[error("the store did not answer in time")]
    TimedOut,
}

/// What became of an attempt to move the root.
#[derive(Debug)]
pub(crate) enum Moved {
    /// The checkpoint is the one of its number.
    Ours,
    /// Another one is.
    Taken(Box<Checkpoint>),
}

/// The checkpoints of one namespace.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    store: Store,
    prefix: Path,
}

impl Roots {
    pub(crate) fn new(store: &Store, namespace: &str) -> Self {
        Self { store: store.clone(), prefix: store.path(&format!("{namespace}/checkpoint")) }
    }

    fn key(&self, sequence: u64) -> Path {
        self.prefix.clone().join(format!("{sequence:020}"))
    }

    /// The numbers there are, in order.
    pub(crate) async fn sequences(&self) -> Result<Vec<u64>, RootError> {
        let objects = self.store.objects();
        let listing = objects.list(Some(&self.prefix)).map_ok(|meta| meta.location).try_collect::<Vec<Path>>();
        let names = within(listing).await?;
        let mut found: Vec<u64> = names.iter().filter_map(sequence_of).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The checkpoint of the highest number.
    pub(crate) async fn latest(&self) -> Result<Option<Checkpoint>, RootError> {
        loop {
            let Some(sequence) = self.sequences().await?.pop() else { return Ok(None) };
            // Gone between listing and reading: trimmed, so there is a higher one.
            if let Some(checkpoint) = self.read(sequence).await? {
                return Ok(Some(checkpoint));
            }
        }
    }

    pub(crate) async fn read(&self, sequence: u64) -> Result<Option<Checkpoint>, RootError> {
        let objects = self.store.objects();
        let key = self.key(sequence);
        let bytes = match within(async { objects.get(&key).await?.bytes().await }).await {
            Ok(bytes) => bytes,
            Err(RootError::Store(Error::NotFound { .. })) => return Ok(None),
            Err(error) => return Err(error),
        };
        frame::open(Kind::Checkpoint, &bytes).map(Some).map_err(|error| RootError::Damaged { sequence, error })
    }

    /// Creates the checkpoint under its number. After an error the outcome is unknown; the caller's next
    /// attempt at the same number finds out.
    pub(crate) async fn create(&self, checkpoint: &Checkpoint) -> Result<Moved, RootError> {
        let sequence = checkpoint.sequence;
        let sealed = frame::serialize(checkpoint)
            .and_then(|body| frame::seal(Kind::Checkpoint, &body))
            .map_err(|error| RootError::Damaged { sequence, error })?;
        let objects = self.store.objects();
        let key = self.key(sequence);
        let put = objects.put_opts(&key, Bytes::from(sealed).into(), PutOptions::from(PutMode::Create));
        let Err(error) = within(put).await else { return Ok(Moved::Ours) };
        match self.read(sequence).await? {
            Some(found) if found.nonce == checkpoint.nonce => {
                // That it can be read does not say that it outlasts a loss of power.
                within(self.store.sync_name(&key)).await?;
                Ok(Moved::Ours)
            }
            Some(found) => Ok(Moved::Taken(Box::new(found))),
            None => Err(error),
        }
    }

    /// Removes all checkpoints below `sequence`.
    pub(crate) async fn remove_below(&self, sequence: u64) -> Result<Removed, RootError> {
        let objects = self.store.objects();
        let listing = within(objects.list(Some(&self.prefix)).try_collect::<Vec<_>>()).await?;
        let mut removed = Removed::default();
        for old in listing {
            if let Some(number) = sequence_of(&old.location).filter(|number| *number < sequence) {
                self.remove(number).await?;
                removed.add(Removed { objects: 1, bytes: old.size });
            }
        }
        Ok(removed)
    }

    /// Removes a checkpoint; one that is gone already is no error.
    pub(crate) async fn remove(&self, sequence: u64) -> Result<(), RootError> {
        let objects = self.store.objects();
        match within(async { objects.delete(&self.key(sequence)).await }).await {
            Ok(()) | Err(RootError::Store(Error::NotFound { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

async fn within<T>(work: impl Future<Output = object_store::Result<T>>) -> Result<T, RootError> {
    tokio::time::timeout(TIMEOUT, work).await.map_err(|_| RootError::TimedOut)?.map_err(RootError::from)
}

fn sequence_of(path: &Path) -> Option<u64> {
    path.filename().filter(|name| name.len() == 20).and_then(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use uuid::Uuid;

    use super::*;
    use crate::catalog::Marks;
    use crate::store::StoreConfig;

    /// A PUT whose reply was an error may have made the name of the checkpoint and have failed to sync its directory.
    #[tokio::test]
    async fn a_checkpoint_that_is_only_there_to_be_read_is_not_ours_before_its_directory_is_synced() {
        let place = tempfile::tempdir().expect("a directory");
        let store = Store::open(&StoreConfig::directory(place.path())).await.expect("a store");
        // What is put can be read, while there is no directory that could be synced.
        let roots = Roots::new(&store.wrapped(|_| Arc::new(InMemory::new())), "ns/a");
        let checkpoint = Checkpoint {
            sequence: 1,
            writer_id: Uuid::nil(),
            generation: 1,
            nonce: [7; 16],
            at_ms: 0,
            folded_commit: 0,
            tables: Vec::new(),
            usage: Vec::new(),
            answers: Vec::new(),
            dropped: Vec::new(),
            marks: Marks::default(),
            kept: Vec::new(),
        };
        assert!(matches!(roots.create(&checkpoint).await, Ok(Moved::Ours)));
        assert!(matches!(roots.create(&checkpoint).await, Err(RootError::Store(Error::Generic { .. }))));
        std::fs::create_dir_all(place.path().join("ns/a/checkpoint")).expect("made");
        assert!(matches!(roots.create(&checkpoint).await, Ok(Moved::Ours)));
    }
}
