//! Reading a table into an image, or past one.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_select::concat::concat_batches;
use futures::{Stream, TryStreamExt};
use lance::Dataset;

use super::segment::{SEGMENT_BYTES, SEGMENT_ROWS, beside, memory_of};
use super::{Image, Segment};
use crate::catalog::{Layout, TableId, Totals};
use crate::schema::{AttributeType, Schema};
use crate::search::build_ahead;
use crate::store::{MemoryBudget, Reservation};
use crate::table::{ID, ROW_BYTES, ROW_COMMIT, ROW_TOKENS, TableError, TableFiles};

/// Rows and bytes of a batch that is read at once.
const SCAN_ROWS: usize = 8192;
const SCAN_BYTES: u64 = 8 << 20;
/// Batches read ahead of the one that is looked at.
const SCAN_AHEAD: usize = 2;
/// Bytes of a row's place in a column of texts or lists.
const OFFSET: u64 = 4;
/// Bytes of a row in the engine's own columns, and its places in those of ids and metadata.
const OWN_COLUMNS: u64 = 8 + 4 + 4 + 2 * OFFSET;

/// Loads the image of a table at a version: all columns when they are wanted and fit the budget, else the keys.
/// `wanted` are the sums over its rows.
pub(crate) async fn load(
    files: &TableFiles,
    schema: &Arc<Schema>,
    (table, version, layout): (TableId, u64, Option<&Layout>),
    wanted: Option<Totals>,
    budget: &Arc<MemoryBudget>,
) -> Result<Image, TableError> {
    let dataset = Arc::new(files.uncached().open_known(table, version, layout).await?);
    // Reserve before reading, so that loads side by side do not pass the limit together.
    let rows: u64 = dataset.manifest().fragments.iter().map(|f| f.num_rows().unwrap_or(0) as u64).sum();
    let admitted = wanted.and_then(|totals| budget.reserve(memory_for(schema, Totals { rows, ..totals })));
    if let Some(admitted) = admitted
        && let Some((batches, mut admitted)) = collect(stream(&dataset, None).await?, admitted).await?
        && let Some(segments) = segments(schema, batches, move |bytes| admitted.split(bytes)).await?
    {
        let image = Image::of(segments, None);
        build_ahead(schema, &image.parts);
        return Ok(image);
    }
    let keys = [ID, ROW_COMMIT, ROW_BYTES, ROW_TOKENS].map(str::to_owned);
    let batches: Vec<RecordBatch> = stream(&dataset, Some(&keys)).await?.try_collect().await?;
    let budget = Arc::clone(budget);
    let segments =
        segments(schema, batches, move |bytes| Some(budget.reserve_anyway(bytes))).await?.unwrap_or_default();
    Ok(Image::of(segments, Some(dataset)))
}

/// Bytes of memory that these rows and their postings take, about.
pub(crate) fn memory_for(schema: &Schema, totals: Totals) -> usize {
    let tokens = if schema.text.is_some() { totals.tokens } else { 0 };
    let bytes = arrow_bytes(schema, totals.rows, totals.bytes).saturating_add(beside(totals.rows, tokens));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What rows of these logical bytes take in memory at least. Numbers and vectors take their place where they are null,
/// too; that counts for nothing in logical bytes, as what is beside the records.
fn arrow_bytes(schema: &Schema, rows: u64, logical_bytes: u64) -> u64 {
    let mut fixed: u64 = schema.vectors.values().map(|spec| u64::from(spec.dimension) * 4).sum();
    let mut beside = OWN_COLUMNS + if schema.text.is_some() { OFFSET } else { 0 };
    for kind in schema.attributes.values() {
        match kind {
            AttributeType::Int | AttributeType::Float | AttributeType::Timestamp => fixed += 8,
            AttributeType::String | AttributeType::StringList => beside += OFFSET,
            // A bit.
            AttributeType::Bool => {}
        }
    }
    logical_bytes.max(rows.saturating_mul(fixed)).saturating_add(rows.saturating_mul(beside))
}

/// All batches, with room for them: more of it is reserved, if need be, before the next one is asked for. `None` when
/// the budget does not allow it.
async fn collect(
    batches: impl Stream<Item = Result<RecordBatch, TableError>>,
    mut admitted: Reservation,
) -> Result<Option<(Vec<RecordBatch>, Reservation)>, TableError> {
    let mut batches = std::pin::pin!(batches);
    let (mut collected, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = batches.try_next().await? {
        bytes += bytes_of(&batch);
        if bytes > admitted.bytes() {
            let Some(more) = admitted.split(bytes) else { return Ok(None) };
            admitted = more;
        }
        collected.push(batch);
    }
    Ok(Some((collected, admitted)))
}

/// Bytes of a batch's own rows; its buffers may be parts of larger ones.
fn bytes_of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column_bytes(column.as_ref())).sum()
}

fn column_bytes(column: &dyn Array) -> usize {
    if let Some(lists) = column.as_list_opt::<i32>() {
        // A part of them holds the items of all.
        let offsets = lists.value_offsets();
        let (first, last) = (offsets[0] as usize, offsets[lists.len()] as usize);
        return size_of_val(offsets) + column_bytes(lists.values().slice(first, last - first).as_ref());
    }
    let data = column.to_data();
    data.get_slice_memory_size().unwrap_or_else(|_| data.get_array_memory_size())
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::memtable::{MemRow, Row, Slot};
    use crate::schema::{Language, Metric, Record, TextSpec, Value, VectorSpec, default_vector};
    use crate::table::batch_of;

    fn schema() -> Schema {
        let attributes = [
            ("count", AttributeType::Int),
            ("seen", AttributeType::Timestamp),
            ("tags", AttributeType::StringList),
            ("topic", AttributeType::String),
            ("weight", AttributeType::Float),
        ];
        Schema {
            vectors: VectorSpec { dimension: 16, metric: Metric::Dot }.into(),
            text: Some(TextSpec { language: Language::English }),
            attributes: attributes.map(|(name, kind)| (name.to_owned(), kind)).into(),
            embedding_model: None,
        }
    }

    /// So many rows of the same values, and their logical bytes.
    fn batch(record: &Record, rows: usize) -> (RecordBatch, u64) {
        let row = Arc::new(MemRow::new(Row::from_record(record.clone(), &schema()), &schema()));
        let slots = vec![Slot { row: Arc::clone(&row), commit: 1 }; rows];
        (batch_of(&schema(), &slots).expect("a batch"), u64::from(row.bytes) * rows as u64)
    }

    fn full() -> Record {
        let attributes = [
            ("count", Value::Int(1)),
            ("seen", Value::Timestamp(2)),
            ("tags", Value::StringList(vec!["a".to_owned(), "bc".to_owned()])),
            ("topic", Value::String("a topic".to_owned())),
            ("weight", Value::Float(0.5)),
        ];
        Record {
            id: "id".to_owned(),
            vectors: default_vector(vec![0.5; 16]),
            text: Some("a text".to_owned()),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into(),
            metadata: Some(serde_json::json!({"a": 1})),
        }
    }

    #[test]
    fn what_rows_take_is_known_before_they_are_read_whether_their_columns_are_null_or_not() {
        for record in [full(), Record { id: "id".to_owned(), ..Record::default() }] {
            let (batch, logical) = batch(&record, 1_000);
            let (least, takes) = (arrow_bytes(&schema(), 1_000, logical), bytes_of(&batch) as u64);
            assert!(least <= takes && takes - least < takes / 10, "{least} and {takes} of {record:?}");
            assert!(bytes_of(&batch.slice(100, 200)) as u64 <= takes / 4, "a part takes its part");
        }
    }

    #[tokio::test]
    async fn batches_are_read_as_long_as_there_is_room_for_them() {
        let (batch, _) = batch(&full(), 100);
        let one = bytes_of(&batch);
        for (room, expected) in [(3 * one + 1, None), (10 * one, Some((10, 10 * one)))] {
            let (budget, read) = (Arc::new(MemoryBudget::new(room)), Cell::new(0));
            let batches = futures::stream::iter((0..10).map(|_| {
                read.set(read.get() + 1);
                Ok(batch.clone())
            }));
            let admitted = budget.reserve(one).expect("it fits");
            let collected = collect(batches, admitted).await.expect("nothing fails");
            let sizes = collected.as_ref().map(|(batches, admitted)| (batches.len(), admitted.bytes()));
            assert_eq!(sizes, expected);
            assert_eq!(read.get(), if expected.is_some() { 10 } else { 4 });
            assert_eq!(budget.has_room(1), expected.is_none(), "what is held is reserved");
            drop(collected);
            assert!(budget.has_room(room), "and given back");
        }
    }
}
