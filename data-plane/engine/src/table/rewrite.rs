//! Writing rows anew, so that the newest version of a table names no file that holds a deleted row.

use std::sync::Arc;

use lance::Dataset;
use lance::dataset::transaction::{Operation, TransactionBuilder};
use lance::dataset::{InsertBuilder, WriteMode, WriteParams};
use lance::deps::datafusion::physical_plan::SendableRecordBatchStream;
use lance::index::DatasetIndexExt;
use lance_table::format::Fragment;

use super::fold::{appended, commit, restore, update};
use super::open::{TableError, TableFiles};
use crate::catalog::TableId;

/// Rows and bytes of a batch on its way from file to file.
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: u64 = 8 << 20;

/// Makes a version with the rows of `version` in which no file holds a row that is deleted, nor an index a term of
/// one: fragments with deleted rows are written anew, and indexes are left out. Gives `version` itself when it is so
/// already. `still_owner` is asked as by a fold.
pub(crate) async fn rewrite<F>(
    files: &TableFiles,
    table: TableId,
    version: u64,
    still_owner: impl FnOnce() -> F,
) -> Result<u64, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let head = head(files, table, version, still_owner).await?;
    let base = if head.manifest().version == version { head } else { restore(head, version).await? };
    let base = without_indexes(base).await?;
    let holding = base.manifest().fragments.iter().filter(|f| f.deletion_file.is_some());
    let holding: Vec<Fragment> = holding.cloned().collect();
    if holding.is_empty() {
        return Ok(base.manifest().version);
    }
    let removed = holding.iter().map(|fragment| fragment.id).collect();
    let mut scanner = base.scan();
    scanner.with_fragments(holding).scan_in_order(true).batch_size(BATCH_ROWS).batch_size_bytes(BATCH_BYTES);
    let rows: SendableRecordBatchStream = scanner.try_into_stream().await?.into();
    let params = WriteParams { mode: WriteMode::Append, skip_auto_cleanup: true, ..WriteParams::default() };
    let insert = InsertBuilder::new(Arc::clone(&base)).with_params(&params).execute_uncommitted_stream(rows).await?;
    let written = appended(insert)?;
    let done = update(base, removed, Vec::new(), written).await?;
    done.version.ok_or_else(|| TableError::Damaged("a rewrite gave no version".to_owned()))
}

/// Makes a version with the rows and the files of `version`, so that whatever others have begun to commit upon an older
/// one has lost. `still_owner` is asked as by a fold.
pub(crate) async fn renew<F>(
    files: &TableFiles,
    table: TableId,
    version: u64,
    still_owner: impl FnOnce() -> F,
) -> Result<u64, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let head = head(files, table, version, still_owner).await?;
    Ok(restore(head, version).await?.manifest().version)
}

/// The newest version of a table that goes on from `version`.
async fn head<F>(
    files: &TableFiles,
    table: TableId,
    version: u64,
    still_owner: impl FnOnce() -> F,
) -> Result<Arc<Dataset>, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let head = files.open_latest(table).await?.map(Arc::new);
    let head = head.filter(|head| head.manifest().version >= version);
    let head = head.ok_or_else(|| TableError::Damaged(format!("version {version} is missing")))?;
    if head.manifest().version != version && !still_owner().await? {
        return Err(TableError::Fenced);
    }
    Ok(head)
}

/// Brings a table that is to have no version yet, though a fold that was cut short has made one, to a version without
/// rows: its number is taken from then on, so whoever removes it late removes nothing that came after. `None` when there
/// is no version. `still_owner` is asked as by a fold.
pub(crate) async fn take_over<F>(
    files: &TableFiles,
    table: TableId,
    still_owner: impl FnOnce() -> F,
) -> Result<Option<u64>, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let Some(head) = files.open_latest(table).await?.map(Arc::new) else { return Ok(None) };
    if !still_owner().await? {
        return Err(TableError::Fenced);
    }
    let head = without_indexes(head).await?;
    let removed = head.manifest().fragments.iter().map(|fragment| fragment.id).collect();
    Ok(update(head, removed, Vec::new(), Vec::new()).await?.version)
}

async fn without_indexes(base: Arc<Dataset>) -> Result<Arc<Dataset>, TableError> {
    let indexes = base.load_indices().await?;
    if indexes.is_empty() {
        return Ok(base);
    }
    let operation = Operation::CreateIndex { new_indices: Vec::new(), removed_indices: indexes.to_vec() };
    let transaction = TransactionBuilder::new(base.manifest().version, operation).build();
    Ok(Arc::new(commit(base, transaction).await?))
}
