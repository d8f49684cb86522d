//! Asking the vector index of a table for rows that may be near.
//!
//! The parts of the index that a query looks into are read side by side; Lance's own search reads one after the other.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, UInt64Type};
use arrow_array::{Float32Array, RecordBatch};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt, TryStreamExt};
use lance::Dataset;
use lance::dataset::scanner::RowAddrMask;
use lance::index::prefilter::DatasetPreFilter;
use lance::index::{DatasetIndexExt, DatasetIndexInternalExt, FilterLoader, PreFilter};
use lance_index::metrics::NoOpMetricsCollector;
use lance_index::vector::{ApproxMode, Query, VectorIndex};
use lance_table::format::{Fragment, IndexMetadata};

use super::index::column_of;
use super::open::TableError;
use crate::schema::Metric;

/// Parts of an index that one query looks into at the same time.
const SIDE_BY_SIDE: usize = 128;

/// The vector index of a column, open.
pub(crate) struct Nearest {
    dataset: Arc<Dataset>,
    metadata: IndexMetadata,
    index: Arc<dyn VectorIndex>,
    column: String,
}

/// A mask that is there already.
struct Given(RowAddrMask);

#[async_trait]
impl FilterLoader for Given {
    async fn load(self: Box<Self>) -> lance::Result<RowAddrMask> {
        Ok(self.0)
    }
}

impl Nearest {
    /// Opens the index of a column; `None` when the table has none.
    pub(crate) async fn open(dataset: &Arc<Dataset>, column: &str) -> Result<Option<Self>, TableError> {
        let indices = dataset.load_indices().await?;
        let Some(metadata) = indices.iter().find(|index| column_of(&index.name) == Some(column)).cloned() else {
            return Ok(None);
        };
        let index = dataset.open_vector_index(column, &metadata.uuid, &NoOpMetricsCollector).await?;
        Ok(Some(Self { dataset: Arc::clone(dataset), metadata, index, column: column.to_owned() }))
    }

    /// Fragments that the index does not cover.
    pub(crate) fn uncovered(&self) -> Vec<Fragment> {
        let covered = |fragment: &&Fragment| {
            let id = u32::try_from(fragment.id).ok();
            id.zip(self.metadata.fragment_bitmap.as_ref()).is_some_and(|(id, covered)| covered.contains(id))
        };
        self.dataset.manifest().fragments.iter().filter(|f| !covered(f)).cloned().collect()
    }

    /// The `limit` rows that the index holds for nearest among the live ones that `mask` lets through, nearest first,
    /// after a look into its `probes` nearest parts.
    pub(crate) async fn propose(
        &self,
        (vector, metric): (&[f32], Metric),
        (limit, probes): (usize, usize),
        mask: Option<RowAddrMask>,
    ) -> Result<Vec<u64>, TableError> {
        let query = self.query(vector, metric, limit, probes);
        let filter: Option<Box<dyn FilterLoader>> = match mask {
            Some(mask) => Some(Box::new(Given(mask))),
            None => None,
        };
        let metadata = std::slice::from_ref(&self.metadata);
        let filter: Arc<dyn PreFilter> = Arc::new(DatasetPreFilter::new(Arc::clone(&self.dataset), metadata, filter));
        let (parts, distances) = self.index.find_partitions(&query)?;
        let mut searches = Vec::with_capacity(parts.len());
        for (part, distance) in parts.values().iter().zip(distances.values()) {
            let (index, part, filter) = (Arc::clone(&self.index), *part as usize, Arc::clone(&filter));
            let query = Query { dist_q_c: *distance, ..query.clone() };
            let search = async move { index.search_in_partition(part, &query, filter, &NoOpMetricsCollector).await };
            searches.push(search.boxed());
        }
        let found: Vec<RecordBatch> =
            futures::stream::iter(searches).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        Ok(best(&found, limit))
    }

    fn query(&self, vector: &[f32], metric: Metric, limit: usize, probes: usize) -> Query {
        let length = crate::search::norm(vector);
        let key: Float32Array = match metric {
            Metric::Cosine if length > 0.0 => vector.iter().map(|x| x / length).collect(),
            _ => vector.to_vec().into(),
        };
        Query {
            column: self.column.clone(),
            key: Arc::new(key),
            k: limit,
            lower_bound: None,
            upper_bound: None,
            minimum_nprobes: probes,
            maximum_nprobes: Some(probes),
            search_effort: 0.5,
            ef: None,
            refine_factor: None,
            metric_type: None,
            use_index: true,
            query_parallelism: 0,
            dist_q_c: 0.0,
            approx_mode: ApproxMode::Normal,
        }
    }
}

fn best(found: &[RecordBatch], limit: usize) -> Vec<u64> {
    let mut rows: Vec<(f32, u64)> = Vec::new();
    for batch in found {
        let distances = batch.column_by_name("_distance").and_then(|c| c.as_primitive_opt::<Float32Type>());
        let ids = batch.column_by_name("_rowid").and_then(|c| c.as_primitive_opt::<UInt64Type>());
        let Some((distances, ids)) = distances.zip(ids) else { continue };
        let live = distances.iter().zip(ids.iter());
        rows.extend(live.filter_map(|(distance, row)| Some((distance?, row?))));
    }
    let order = |a: &(f32, u64), b: &(f32, u64)| -> Ordering { a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)) };
    rows.sort_unstable_by(order);
    rows.truncate(limit);
    rows.into_iter().map(|(_, row)| row).collect()
}
