//! Reading a table into an image, or past one.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use futures::{Stream, TryStreamExt};
use lance::Dataset;

use super::segment::{SEGMENT_BYTES, SEGMENT_ROWS, memory_of};
use super::{Image, Segment};
use crate::catalog::{Layout, TableId};
use crate::schema::Schema;
use crate::search::build_ahead;
use crate::store::{MemoryBudget, Reservation};
use crate::table::{ID, ROW_BYTES, ROW_COMMIT, ROW_TOKENS, TableError, TableFiles};

/// Rows and bytes of a batch that is read at once.
const SCAN_ROWS: usize = 8192;
const SCAN_BYTES: u64 = 8 << 20;
/// Batches read ahead of the one that is looked at.
const SCAN_AHEAD: usize = 2;

/// Loads the image of a table at a version: all columns when they fit the budget, else the keys.
pub(crate) async fn load(
    files: &TableFiles,
    schema: &Arc<Schema>,
    (table, version, layout): (TableId, u64, Option<&Layout>),
    logical_bytes: u64,
    budget: &Arc<MemoryBudget>,
) -> Result<Image, TableError> {
    let dataset = Arc::new(files.uncached().open_known(table, version, layout).await?);
    // Reserve before reading, so that loads side by side do not pass the limit together.
    let estimate = usize::try_from(logical_bytes).unwrap_or(usize::MAX);
    if let Some(admitted) = budget.reserve(estimate) {
        let batches: Vec<RecordBatch> = stream(&dataset, None).await?.try_collect().await?;
        let mut admitted = admitted;
        if let Some(segments) = segments(schema, batches, move |bytes| admitted.split(bytes)).await? {
            let image = Image::of(segments, None);
            build_ahead(schema, &image.parts);
            return Ok(image);
        }
    }
    let keys = [ID, ROW_COMMIT, ROW_BYTES, ROW_TOKENS].map(str::to_owned);
    let batches: Vec<RecordBatch> = stream(&dataset, Some(&keys)).await?.try_collect().await?;
    let budget = Arc::clone(budget);
    let segments =
        segments(schema, batches, move |bytes| Some(budget.reserve_anyway(bytes))).await?.unwrap_or_default();
    Ok(Image::of(segments, Some(dataset)))
}

/// The rows of a version in their fixed order; all columns, or `columns`.
pub(crate) async fn stream(
    dataset: &Dataset,
    columns: Option<&[String]>,
) -> Result<impl Stream<Item = Result<RecordBatch, TableError>> + Send + use<>, TableError> {
    let mut scanner = dataset.scan();
    if let Some(columns) = columns {
        scanner.project(columns)?;
    }
    scanner.scan_in_order(true).batch_size(SCAN_ROWS).batch_size_bytes(SCAN_BYTES).batch_readahead(SCAN_AHEAD);
    Ok(scanner.try_into_stream().await?.map_err(TableError::from))
}

/// `None` when the budget does not allow it.
async fn segments(
    schema: &Arc<Schema>,
    batches: Vec<RecordBatch>,
    mut reserve: impl FnMut(usize) -> Option<Reservation> + Send + 'static,
) -> Result<Option<Vec<Segment>>, TableError> {
    let schema = Arc::clone(schema);
    let build = move || {
        let mut segments = Vec::new();
        for group in grouped(batches) {
            let Some(first) = group.first() else { continue };
            let batch = concat_batches(&first.schema(), &group)?;
            drop(group);
            let Some(memory) = reserve(memory_of(&batch)) else { return Ok(None) };
            segments.push(Segment::new(&schema, batch, Some(memory))?);
        }
        Ok(Some(segments))
    };
    tokio::task::spawn_blocking(build).await.map_err(|e| TableError::Damaged(e.to_string()))?
}

fn grouped(batches: Vec<RecordBatch>) -> Vec<Vec<RecordBatch>> {
    let mut groups: Vec<Vec<RecordBatch>> = vec![Vec::new()];
    let (mut rows, mut bytes) = (0, 0);
    for batch in batches {
        let (more_rows, more_bytes) = (batch.num_rows(), batch.get_array_memory_size());
        if rows > 0 && (rows + more_rows > SEGMENT_ROWS || bytes + more_bytes > SEGMENT_BYTES) {
            groups.push(Vec::new());
            (rows, bytes) = (0, 0);
        }
        (rows, bytes) = (rows + more_rows, bytes + more_bytes);
        if let Some(last) = groups.last_mut() {
            last.push(batch);
        }
    }
    groups
}
