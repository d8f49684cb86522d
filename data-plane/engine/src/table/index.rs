//! The vector index of a column: when it is worth having, building it beside everything else, committing it.
//!
//! It serves queries of collections whose rows are not in memory. An index is built from one version of the table
//! without holding anybody up, and committed by a later fold as the next version: rows keep their places while folds
//! only mark them dead and add new fragments, so it is right for every later version in which its fragments are there.

use std::sync::Arc;

use lance::Dataset;
use lance::dataset::CommitBuilder;
use lance::dataset::transaction::{Operation, TransactionBuilder};
use lance::index::DatasetIndexExt;
use lance::index::vector::VectorIndexParams;
use lance_index::IndexType;
use lance_index::vector::ivf::IvfBuildParams;
use lance_index::vector::sq::builder::SQBuildParams;
use lance_linalg::distance::DistanceType;
use lance_table::format::IndexMetadata;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::builds::Build;
use super::open::{TableError, TableFiles, strict};
use crate::catalog::{Layout, TableId};
use crate::namespace::Commit;
use crate::schema::{Metric, VectorSpec};

/// Ends the name of an index of ours; the column comes before it.
const NAME: &str = "_nearest";
const MIN_PARTITIONS: u64 = 16;
const MAX_PARTITIONS: u64 = 4_096;

/// The column of an index of ours.
pub(super) fn column_of(index: &str) -> Option<&str> {
    index.strip_suffix(NAME)
}

/// An index that is built and not part of the table yet.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) table: TableId,
    pub(crate) column: String,
    /// The commit that put the collection there whose rows it covers: a rewind brings rows back that it does not know.
    pub(crate) since: Commit,
    index: IndexMetadata,
}

impl Built {
    /// Whether it is this very index.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.index.uuid == other.index.uuid
    }
}

/// Builds the index of a column over all rows of a version, of a collection that is there since a commit. Fails when
/// `steps` is told to stop.
pub(crate) async fn build(
    files: &TableFiles,
    (table, version, layout): (TableId, u64, Arc<Layout>),
    (column, spec): (&str, VectorSpec),
    since: Commit,
    steps: Arc<Build>,
) -> Result<Built, TableError> {
    let (files, column) = (files.uncached(), column.to_owned());
    on_own_thread(async move {
        let mut dataset = files.open_known(table, version, Some(&layout)).await?;
        let rows: u64 = dataset.manifest().fragments.iter().map(|f| f.physical_rows.unwrap_or(0) as u64).sum();
        let params = params(spec, rows);
        let index = dataset
            .create_index_builder(&[&column], IndexType::Vector, &params)
            .name(format!("{column}{NAME}"))
            .replace(true)
            .progress(steps)
            .execute_uncommitted()
            .await?;
        Ok(Built { table, column, since, index })
    })
    .await
}

/// Lance computes for seconds within its future, without a pause: on a thread of the runtime requests would wait for it.
/// When nobody waits for the work any more it goes on, to where it looks whether it is to stop.
async fn on_own_thread<T: Send + 'static>(
    work: impl Future<Output = Result<T, TableError>> + Send + 'static,
) -> Result<T, TableError> {
    let (reply, answer) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name("vector-index".to_owned());
    let spawned = thread.spawn(move || {
        let _ = reply.send(runtime.block_on(work));
    });
    spawned.map_err(|error| TableError::Unavailable(format!("no thread to build an index on: {error}")))?;
    answer.await.map_err(|_| TableError::Unavailable("the build of an index ended without a result".to_owned()))?
}

/// Parts of about the root of the rows, each row as bytes. Of the kinds that reach a recall of 0.95 this one reads
/// least for a query that finds nothing in memory, and builds fastest; the order within the candidates is settled by
/// the vectors themselves.
fn params(spec: VectorSpec, rows: u64) -> VectorIndexParams {
    let metric = match spec.metric {
        Metric::Cosine => DistanceType::Cosine,
        Metric::Dot => DistanceType::Dot,
        Metric::Euclidean => DistanceType::L2,
    };
    let partitions = usize::try_from(partitions(rows)).unwrap_or(usize::MAX);
    VectorIndexParams::with_ivf_sq_params(metric, IvfBuildParams::new(partitions), SQBuildParams::default())
}

/// Parts of an index over `rows`.
pub(crate) fn partitions(rows: u64) -> u64 {
    rows.isqrt().clamp(MIN_PARTITIONS, MAX_PARTITIONS)
}

/// Makes a built index part of the table as it is at `version`, in place of an older one of the column. `None` when it
/// does not fit any more: the table has moved on, or fragments it covers are gone.
pub(crate) async fn commit(files: &TableFiles, built: &Built, version: u64) -> Result<Option<u64>, TableError> {
    let Some(dataset) = files.open_latest(built.table).await? else { return Ok(None) };
    let there = |id: u32| dataset.manifest().fragments.iter().any(|f| f.id == u64::from(id));
    let covered = built.index.fragment_bitmap.as_ref();
    if dataset.manifest().version != version || !covered.is_some_and(|covered| covered.iter().all(there)) {
        return Ok(None);
    }
    let removed_indices = older(&dataset, built).await?;
    let operation = Operation::CreateIndex { new_indices: vec![built.index.clone()], removed_indices };
    let committed = CommitBuilder::new(Arc::new(dataset))
        .with_commit_handler(strict(version + 1))
        .with_max_retries(0)
        .with_skip_auto_cleanup(true)
        .execute(TransactionBuilder::new(version, operation).build())
        .await?;
    Ok(Some(committed.manifest().version))
}

async fn older(dataset: &Dataset, built: &Built) -> Result<Vec<IndexMetadata>, TableError> {
    let indices = dataset.load_indices().await?;
    Ok(indices.iter().filter(|index| index.name == built.index.name).cloned().collect())
}
