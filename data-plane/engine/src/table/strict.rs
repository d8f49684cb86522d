//! A commit that lands on exactly the version it was computed from, or not at all.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use lance::Error;
use lance_io::object_store::ObjectStore;
use lance_table::format::{IndexMetadata, Manifest, Transaction};
use lance_table::io::commit::{
    CommitError, CommitHandler, ConditionalPutCommitHandler, ManifestLocation, ManifestNamingScheme, ManifestWriter,
};
use object_store::path::Path;

/// Lance rebases a transaction over versions it did not know; a writer that lost the namespace could so
/// write over its successor. This handler refuses any version but the expected one, and turns a lost race
/// into an error that Lance does not retry. What takes several commits may make each of them only directly after the
/// one before.
#[derive(Debug)]
pub(super) struct StrictCommit {
    expected: AtomicU64,
    inner: ConditionalPutCommitHandler,
}

impl StrictCommit {
    /// Only `expected` may be committed, then only its successor.
    pub(super) fn new(expected: u64) -> Self {
        Self { expected: AtomicU64::new(expected), inner: ConditionalPutCommitHandler }
    }
}

#[async_trait]
impl CommitHandler for StrictCommit {
    fn is_version_not_found_definitive(&self) -> bool {
        self.inner.is_version_not_found_definitive()
    }

    fn propagate_commit_error_after_success(&self) -> bool {
        self.inner.propagate_commit_error_after_success()
    }

    fn list_manifest_locations<'a>(
        &self,
        base_path: &Path,
        object_store: &'a ObjectStore,
        sorted_descending: bool,
    ) -> BoxStream<'a, lance::Result<ManifestLocation>> {
        self.inner.list_manifest_locations(base_path, object_store, sorted_descending)
    }

    async fn commit(
        &self,
        manifest: &mut Manifest,
        indices: Option<Vec<IndexMetadata>>,
        base_path: &Path,
        object_store: &ObjectStore,
        manifest_writer: ManifestWriter,
        naming_scheme: ManifestNamingScheme,
        transaction: Option<Transaction>,
    ) -> Result<ManifestLocation, CommitError> {
        let expected = self.expected.load(Ordering::Acquire);
        if manifest.version != expected {
            let why = format!("version {} was to be committed, only {expected} may be", manifest.version);
            return Err(CommitError::OtherError(Error::invalid_input(why)));
        }
        let version = manifest.version;
        let committed = self
            .inner
            .commit(manifest, indices, base_path, object_store, manifest_writer, naming_scheme, transaction)
            .await
            .map_err(|error| match error {
                CommitError::CommitConflict => CommitError::OtherError(Error::invalid_input(format!(
                    "version {version} was committed by somebody else"
                ))),
                other => other,
            })?;
        self.expected.store(expected + 1, Ordering::Release);
        Ok(committed)
    }
}
