//! Opening the Lance table of a collection on the namespace's own store.

use std::sync::Arc;

use futures::TryStreamExt;
use lance::dataset::builder::DatasetBuilder;
use lance::dataset::{Dataset, ReadParams};
use lance_table::io::commit::{CommitHandler, ConditionalPutCommitHandler};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::cleanup::Removed;
use super::known::KnownVersion;
use super::strict::StrictCommit;
use crate::catalog::{Layout, TableId};
use crate::store::{IoScope, Store};

/// Why a table could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error("{0}")]
    Lance(Box<lance::Error>),
    #[error("{0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    #[error("{0}")]
    Store(#[from] object_store::Error),
    #[error("the table's place is no URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("the table is damaged: {0}")]
    Damaged(String),
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    #[error("its rows could not be read before the fold")]
    Unread,
    #[error("another writer owns the namespace")]
    Fenced,
}

impl TableError {
    /// Whether it is this table that fails, and not the store or the owner.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            Self::Fenced | Self::Unavailable(_) => false,
            Self::Arrow(_) | Self::Url(_) | Self::Damaged(_) | Self::Unread => true,
            Self::Store(error) => is_missing(error),
            Self::Lance(error) => match store_error(error.as_ref()) {
                Some(error) => is_missing(error),
                None => !matches!(**error, lance::Error::IO { .. }),
            },
        }
    }
}

/// A table's file that is not there is the table's own trouble.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
}

fn store_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a object_store::Error> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.find_map(|error| error.downcast_ref::<object_store::Error>())
}

impl From<lance::Error> for TableError {
    fn from(error: lance::Error) -> Self {
        Self::Lance(Box::new(error))
    }
}

/// The tables of one namespace.
#[derive(Debug, Clone)]
pub(crate) struct TableFiles {
    pub(super) store: Store,
    prefix: Path,
}

impl TableFiles {
    pub(crate) fn new(store: &Store, namespace: &str) -> Self {
        Self { store: store.clone(), prefix: store.path(&format!("{namespace}/tables")) }
    }

    /// The same tables, to be read with every call to the store noted in `scope`.
    pub(crate) fn counted(&self, scope: &Arc<IoScope>) -> Self {
        scope.reads_tables();
        Self { store: self.store.counted(scope), prefix: self.prefix.clone() }
    }

    pub(super) fn path(&self, table: TableId) -> Path {
        self.prefix.clone().join(format!("{table}.lance"))
    }

    /// The same tables past the cache of ranges: for who reads all of a column once.
    pub(crate) fn uncached(&self) -> Self {
        Self { store: self.store.uncached(), prefix: self.prefix.clone() }
    }

    fn builder(&self, table: TableId) -> Result<DatasetBuilder, TableError> {
        self.builder_with(table, Arc::new(ConditionalPutCommitHandler))
    }

    fn builder_with(&self, table: TableId, handler: Arc<dyn CommitHandler>) -> Result<DatasetBuilder, TableError> {
        let path = self.path(table);
        let params = ReadParams {
            store_options: Some(self.store.lance_params(&path)?),
            commit_handler: Some(handler),
            session: Some(self.store.session()),
            ..ReadParams::default()
        };
        Ok(DatasetBuilder::from_uri(self.store.lance_uri(&path)).with_read_params(params))
    }

    /// The table at a version that a checkpoint names.
    pub(crate) async fn open(&self, table: TableId, version: u64) -> Result<Dataset, TableError> {
        Ok(self.builder(table)?.with_version(version).load().await?)
    }

    /// The table at a version, for commits directly after it and after each other.
    pub(super) async fn open_to_commit(&self, table: TableId, version: u64) -> Result<Dataset, TableError> {
        Ok(self.builder_with(table, strict(version + 1))?.with_version(version).load().await?)
    }

    /// The same, with what the checkpoint says of its files: nothing is looked up, and what is read first of each file
    /// comes side by side with the manifest.
    pub(crate) async fn open_known(
        &self,
        table: TableId,
        version: u64,
        layout: Option<&Layout>,
    ) -> Result<Dataset, TableError> {
        let Some(layout) = layout.filter(|layout| layout.version == version && layout.manifest_bytes > 0) else {
            return self.open(table, version).await;
        };
        let handler = Arc::new(KnownVersion::new(version, layout.manifest_bytes));
        let open = self.builder_with(table, handler)?.with_version(version).load();
        match futures::join!(open, self.read_ends(table, layout)) {
            (Ok(dataset), ()) => Ok(dataset),
            // What was known was of no use; the usual way says what is wrong.
            (Err(_), ()) => self.open(table, version).await,
        }
    }

    /// The table at its newest version, which may be one that no checkpoint names; `None` when there is none.
    pub(super) async fn open_latest(&self, table: TableId) -> Result<Option<Dataset>, TableError> {
        match self.builder(table)?.load().await {
            Ok(dataset) => Ok(Some(dataset)),
            Err(lance::Error::DatasetNotFound { .. } | lance::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The tables that have files.
    pub(crate) async fn all(&self) -> Result<Vec<TableId>, TableError> {
        let found = self.store.objects().list_with_delimiter(Some(&self.prefix)).await?.common_prefixes;
        let id = |path: &Path| uuid::Uuid::parse_str(path.filename()?.strip_suffix(".lance")?).ok();
        Ok(found.iter().filter_map(id).map(TableId).collect())
    }

    /// Removes all files of a table that nothing names any more.
    pub(crate) async fn remove<F>(&self, table: TableId, still_owner: impl FnOnce() -> F) -> Result<Removed, TableError>
    where
        F: Future<Output = Result<bool, TableError>>,
    {
        let objects = self.store.objects();
        let path = self.path(table);
        let files: Vec<object_store::ObjectMeta> = objects.list(Some(&path)).try_collect().await?;
        // Asked after the listing: another owner may write to the table again, and none of that is among them.
        if !files.is_empty() && !still_owner().await? {
            return Err(TableError::Fenced);
        }
        let mut removed = Removed::default();
        for file in files {
            match objects.delete(&file.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            removed.add(Removed { objects: 1, bytes: file.size });
        }
        Ok(removed)
    }
}

/// Lets only `version` be committed.
pub(super) fn strict(version: u64) -> Arc<dyn CommitHandler> {
    Arc::new(StrictCommit::new(version))
}
