//! Opening a version whose manifest is known to be there, and how large it is.

use async_trait::async_trait;
use futures::stream::BoxStream;
use lance_io::object_store::ObjectStore;
use lance_table::format::{IndexMetadata, Manifest, Transaction};
use lance_table::io::commit::{
    CommitError, CommitHandler, ConditionalPutCommitHandler, ManifestLocation, ManifestNamingScheme, ManifestWriter,
};
use object_store::path::Path;

/// Finds one version without asking the store; everything else is as usual.
#[derive(Debug)]
pub(super) struct KnownVersion {
    version: u64,
    manifest_bytes: u64,
    inner: ConditionalPutCommitHandler,
}

impl KnownVersion {
    pub(super) fn new(version: u64, manifest_bytes: u64) -> Self {
        Self { version, manifest_bytes, inner: ConditionalPutCommitHandler }
    }
}

#[async_trait]
impl CommitHandler for KnownVersion {
    fn is_version_not_found_definitive(&self) -> bool {
        self.inner.is_version_not_found_definitive()
    }

    fn propagate_commit_error_after_success(&self) -> bool {
        self.inner.propagate_commit_error_after_success()
    }

    async fn resolve_version_location(
        &self,
        base_path: &Path,
        version: u64,
        object_store: &dyn object_store::ObjectStore,
    ) -> lance::Result<ManifestLocation> {
        if version != self.version {
            return self.inner.resolve_version_location(base_path, version, object_store).await;
        }
        let naming_scheme = ManifestNamingScheme::V2;
        Ok(ManifestLocation {
            version,
            path: naming_scheme.manifest_path(base_path, version),
            size: Some(self.manifest_bytes),
            naming_scheme,
            e_tag: None,
            identity: None,
        })
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
        self.inner.commit(manifest, indices, base_path, object_store, manifest_writer, naming_scheme, transaction).await
    }
}
