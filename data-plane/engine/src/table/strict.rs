//! A commit that lands on exactly the version it was computed from, or not at all.

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
/// into an error that Lance does not retry.
#[derive(Debug)]
pub(super) struct StrictCommit {
    expected: u64,
    inner: ConditionalPutCommitHandler,
}

impl StrictCommit {
    /// Only `expected` may be committed.
    pub(super) fn new(expected: u64) -> Self {
        Self { expected, inner: ConditionalPutCommitHandler }
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
        if manifest.version != self.expected {
            let why = format!("version {} was to be committed, only {} may be", manifest.version, self.expected);
            return Err(CommitError::OtherError(Error::invalid_input(why)));
        }
        let version = manifest.version;
        self.inner
            .commit(manifest, indices, base_path, object_store, manifest_writer, naming_scheme, transaction)
            .await
            .map_err(|error| match error {
                CommitError::CommitConflict => CommitError::OtherError(Error::invalid_input(format!(
                    "version {version} was committed by somebody else"
                ))),
                other => other,
            })
    }
}
