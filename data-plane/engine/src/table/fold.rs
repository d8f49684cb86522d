//! Bringing a frozen memtable into the Lance table: one transaction removes every id it touched and adds its
//! live rows.
//!
//! One commit, so a reader of any version sees whole rows. Doing it twice does no harm: the second time
//! removes what the first one added.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use futures::TryStreamExt;
use lance::Dataset;
use lance::dataset::transaction::{Operation, Transaction, TransactionBuilder, UpdateMode};
use lance::dataset::{CommitBuilder, InsertBuilder, WriteMode, WriteParams};
use lance_table::format::Fragment;

use super::columns::{self, ID};
use super::open::{TableError, TableFiles, strict};
use super::pieces::{Piece, pieces};
use crate::catalog::TableId;
use crate::memtable::{MemTable, Slot};
use crate::schema::Schema;

/// Rows a batch handed to Lance.
const BATCH: usize = 4096;

/// What is folded, and onto what.
pub(crate) struct FoldInput<'a> {
    pub(crate) table: TableId,
    pub(crate) schema: &'a Schema,
    /// The version to build upon: that of the checkpoint, which we know to be ours, or of an older commit.
    pub(crate) known_version: Option<u64>,
    /// Everything since that version.
    pub(crate) frozen: &'a MemTable,
    /// The rows of `frozen` that were live when it was frozen.
    pub(crate) rows: &'a [Slot],
}

/// A table after its fold.
pub(crate) struct Folded {
    /// `None` when there is nothing in the table and never was.
    pub(crate) version: Option<u64>,
    /// Whether this fold made that version.
    pub(crate) committed: bool,
    /// The fragments of the version.
    pub(crate) pieces: Vec<Piece>,
    /// Bytes of the data files written.
    pub(crate) bytes: u64,
}

impl Folded {
    fn committed(dataset: &Dataset, bytes: u64) -> Self {
        let manifest = dataset.manifest();
        Self { version: Some(manifest.version), committed: true, pieces: pieces(manifest), bytes }
    }

    fn same(version: Option<u64>) -> Self {
        Self { version, committed: false, pieces: Vec::new(), bytes: 0 }
    }
}

/// Folds. A newer version than the one to build upon is left by a fold that was cut short before its checkpoint, by
/// what a rewind took back, or by another owner: `still_owner` is asked, and the older version is restored. It is asked
/// after the newest version was read, and the commit lands only on that version, so another owner's commit can never
/// be built upon.
pub(crate) async fn fold<F>(
    files: &TableFiles,
    input: &FoldInput<'_>,
    still_owner: impl FnOnce() -> F,
) -> Result<Folded, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let head = files.open_latest(input.table).await?.map(Arc::new);
    let newest = head.as_ref().map(|d| d.manifest().version);
    if newest < input.known_version {
        return Err(TableError::Damaged(format!("version {:?} is missing; found {newest:?}", input.known_version)));
    }
    #[cfg(feature = "planted-bugs")]
    let still_owner = || async {
        if crate::planted::is(crate::planted::Bug::LateFoldOverSuccessor) { Ok(true) } else { still_owner().await }
    };
    if newest != input.known_version && !still_owner().await? {
        return Err(TableError::Fenced);
    }
    #[cfg(feature = "planted-bugs")]
    if newest != input.known_version && planted_newer_is_folded() {
        return Ok(Folded { committed: true, ..Folded::same(newest) });
    }
    let base = input.known_version;
    #[cfg(feature = "planted-bugs")]
    let base = if crate::planted::is(crate::planted::Bug::LateFoldOverSuccessor) { newest } else { base };
    match (head, base) {
        (None, _) | (Some(_), None) if input.rows.is_empty() => Ok(Folded::same(None)),
        (None, _) => create(files, input).await,
        (Some(head), None) => replace(input, head).await,
        (Some(head), Some(base)) if head.manifest().version == base => change(input, head).await,
        (Some(head), Some(base)) => change(input, restore(head, base).await?).await,
    }
}

/// Makes the newest version hold again what `base` holds.
pub(super) async fn restore(head: Arc<Dataset>, base: u64) -> Result<Arc<Dataset>, TableError> {
    let newest = head.manifest().version;
    let transaction = TransactionBuilder::new(newest, Operation::Restore { version: base }).build();
    Ok(Arc::new(commit(head, transaction).await?))
}

/// Makes the newest version hold the frozen rows and nothing else.
async fn replace(input: &FoldInput<'_>, head: Arc<Dataset>) -> Result<Folded, TableError> {
    let removed = head.manifest().fragments.iter().map(|fragment| fragment.id).collect();
    let new_fragments = append(input, &head).await?;
    update(head, removed, Vec::new(), new_fragments).await
}

async fn create(files: &TableFiles, input: &FoldInput<'_>) -> Result<Folded, TableError> {
    let path = files.path(input.table);
    let uri = files.store.lance_uri(&path);
    let params = WriteParams { mode: WriteMode::Create, ..params(files, input, 1)? };
    let transaction =
        InsertBuilder::new(uri.as_str()).with_params(&params).execute_uncommitted(batches(input)?).await?;
    let dataset = CommitBuilder::new(uri.as_str())
        .with_store_params(files.store.lance_params(&path)?)
        .with_session(files.store.session())
        .with_commit_handler(strict(1))
        .enable_v2_manifest_paths(true)
        .with_max_retries(0)
        .execute(transaction)
        .await?;
    let bytes = pieces(dataset.manifest()).iter().map(|piece| piece.bytes).sum();
    Ok(Folded::committed(&dataset, bytes))
}

async fn change(input: &FoldInput<'_>, dataset: Arc<Dataset>) -> Result<Folded, TableError> {
    let base = dataset.manifest().version;
    let stale = addresses(&dataset, input.frozen).await?;
    let mut removed_fragment_ids = Vec::new();
    let mut updated_fragments = Vec::new();
    for (fragment_id, rows) in stale {
        let fragment = usize::try_from(fragment_id).ok().and_then(|id| dataset.get_fragment(id));
        let fragment = fragment.ok_or_else(|| TableError::Damaged(format!("fragment {fragment_id} is missing")))?;
        match fragment.extend_deletions(rows).await? {
            Some(changed) => updated_fragments.push(changed.metadata().clone()),
            None => removed_fragment_ids.push(fragment_id),
        }
    }
    #[cfg(feature = "planted-bugs")]
    let (dataset, base) =
        planted_delete_first(dataset, base, &mut removed_fragment_ids, &mut updated_fragments).await?;
    let new_fragments = if input.rows.is_empty() { Vec::new() } else { append(input, &dataset).await? };
    if removed_fragment_ids.is_empty() && updated_fragments.is_empty() && new_fragments.is_empty() {
        let committed = Some(base) != input.known_version;
        return Ok(if committed { Folded::committed(&dataset, 0) } else { Folded::same(Some(base)) });
    }
    update(dataset, removed_fragment_ids, updated_fragments, new_fragments).await
}

pub(super) async fn update(
    head: Arc<Dataset>,
    removed_fragment_ids: Vec<u64>,
    updated_fragments: Vec<Fragment>,
    new_fragments: Vec<Fragment>,
) -> Result<Folded, TableError> {
    let bytes = new_fragments.iter().map(|fragment| Piece::of(fragment).bytes).sum();
    let dataset = commit_update(head, removed_fragment_ids, updated_fragments, new_fragments).await?;
    Ok(Folded::committed(&dataset, bytes))
}

async fn commit_update(
    dataset: Arc<Dataset>,
    removed_fragment_ids: Vec<u64>,
    updated_fragments: Vec<Fragment>,
    new_fragments: Vec<Fragment>,
) -> Result<Dataset, TableError> {
    let base = dataset.manifest().version;
    let operation = Operation::Update {
        removed_fragment_ids,
        updated_fragments,
        new_fragments,
        fields_modified: Vec::new(),
        compacted_sstables: Vec::new(),
        fields_for_preserving_frag_bitmap: Vec::new(),
        update_mode: Some(UpdateMode::RewriteRows),
        inserted_rows_filter: None,
        updated_fragment_offsets: None,
    };
    commit(dataset, TransactionBuilder::new(base, operation).build()).await
}

#[cfg(feature = "planted-bugs")]
fn planted_newer_is_folded() -> bool {
    use crate::planted::{Bug, is};
    is(Bug::NewerTableIsTakenAsFolded) || is(Bug::FoldInTwoCommits)
}

#[cfg(feature = "planted-bugs")]
async fn planted_delete_first(
    dataset: Arc<Dataset>,
    base: u64,
    removed: &mut Vec<u64>,
    updated: &mut Vec<Fragment>,
) -> Result<(Arc<Dataset>, u64), TableError> {
    if !crate::planted::is(crate::planted::Bug::FoldInTwoCommits) || (removed.is_empty() && updated.is_empty()) {
        return Ok((dataset, base));
    }
    let deleted = commit_update(dataset, std::mem::take(removed), std::mem::take(updated), Vec::new()).await?;
    let base = deleted.manifest().version;
    Ok((Arc::new(deleted), base))
}

/// Commits onto the newest version, which `head` is, or not at all.
pub(super) async fn commit(head: Arc<Dataset>, transaction: Transaction) -> Result<Dataset, TableError> {
    let next = head.manifest().version + 1;
    let builder = CommitBuilder::new(head).with_commit_handler(strict(next)).with_max_retries(0);
    Ok(builder.with_skip_auto_cleanup(true).execute(transaction).await?)
}

/// Where the touched ids are in the table: fragment to row offsets.
async fn addresses(dataset: &Dataset, frozen: &MemTable) -> Result<BTreeMap<u64, Vec<u32>>, TableError> {
    let touched: HashSet<&str> = frozen.touched().collect();
    #[cfg(feature = "planted-bugs")]
    let touched = planted_touched(touched, frozen);
    let mut scanner = dataset.scan();
    scanner.project(&[ID])?.with_row_address();
    let mut stream = scanner.try_into_stream().await?;
    let mut found: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    while let Some(batch) = stream.try_next().await? {
        let ids = batch.column_by_name(ID).ok_or_else(|| TableError::Damaged("no id column".to_owned()))?;
        let addresses =
            batch.column_by_name("_rowaddr").ok_or_else(|| TableError::Damaged("no row addresses".to_owned()))?;
        let ids = ids.as_string::<i32>();
        for (id, address) in ids.iter().zip(addresses.as_primitive::<UInt64Type>().values()) {
            if id.is_some_and(|id| touched.contains(id)) {
                #[expect(clippy::cast_possible_truncation, reason = "the low half is the row's offset")]
                found.entry(address >> 32).or_default().push(*address as u32);
            }
        }
    }
    Ok(found)
}

#[cfg(feature = "planted-bugs")]
fn planted_touched<'a>(mut touched: HashSet<&'a str>, frozen: &MemTable) -> HashSet<&'a str> {
    if crate::planted::is(crate::planted::Bug::FoldSkipsDeletes) {
        touched.retain(|id| !matches!(frozen.get(id), crate::memtable::Lookup::Deleted));
    }
    touched
}

async fn append(input: &FoldInput<'_>, dataset: &Arc<Dataset>) -> Result<Vec<Fragment>, TableError> {
    let params = WriteParams { mode: WriteMode::Append, skip_auto_cleanup: true, ..WriteParams::default() };
    let transaction: Transaction =
        InsertBuilder::new(Arc::clone(dataset)).with_params(&params).execute_uncommitted(batches(input)?).await?;
    appended(transaction)
}

/// The fragments that an append has written.
pub(super) fn appended(transaction: Transaction) -> Result<Vec<Fragment>, TableError> {
    match transaction.operation {
        Operation::Append { fragments } => Ok(fragments),
        other => Err(TableError::Damaged(format!("an append became {other}"))),
    }
}

fn batches(input: &FoldInput<'_>) -> Result<Vec<arrow_array::RecordBatch>, TableError> {
    input.rows.chunks(BATCH).map(|rows| columns::batch_of(input.schema, rows).map_err(TableError::from)).collect()
}

fn params(files: &TableFiles, input: &FoldInput<'_>, version: u64) -> Result<WriteParams, TableError> {
    Ok(WriteParams {
        store_params: Some(files.store.lance_params(&files.path(input.table))?),
        commit_handler: Some(strict(version)),
        session: Some(files.store.session()),
        enable_v2_manifest_paths: true,
        skip_auto_cleanup: true,
        auto_cleanup: None,
        ..WriteParams::default()
    })
}
