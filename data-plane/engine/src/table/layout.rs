//! What of a table's files is worth knowing before they are opened.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use lance::Dataset;
use lance::index::DatasetIndexExt;
use lance_table::format::IndexMetadata;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::index::column_of;
use super::open::{TableError, TableFiles};
use crate::catalog::{FileEnd, Layout, TableId, VectorIndex};

/// As much of a file's end as Lance reads first.
const END: u64 = 64 << 10;
/// The end of an index file holds the centres of its parts, too.
const INDEX_END: u64 = 1 << 20;
/// Ends known of one table; those of further files are read when they are needed.
const MAX_ENDS: usize = 64;
/// Ends read at the same time.
const PARALLEL: usize = 32;

impl TableFiles {
    /// Describes the files of a version.
    pub(crate) async fn layout(&self, table: TableId, version: u64) -> Result<Layout, TableError> {
        let dataset = self.open(table, version).await?;
        let indices = dataset.load_indices().await?;
        let mut layout = Layout {
            version,
            manifest_bytes: dataset.manifest_location().size.unwrap_or(0),
            ends: Vec::new(),
            indexes: Vec::new(),
        };
        for index in indices.iter() {
            let Some(column) = column_of(&index.name) else { continue };
            layout.indexes.push(coverage(&dataset, index, column));
            let files = index.files.iter().flatten();
            layout.ends.extend(files.map(|file| FileEnd {
                path: format!("_indices/{}/{}", index.uuid, file.path),
                size: file.size_bytes,
                bytes: INDEX_END.min(file.size_bytes),
            }));
        }
        let files = dataset.manifest().fragments.iter().flat_map(|f| &f.files);
        layout.ends.extend(files.filter_map(|file| {
            let size = file.file_size_bytes.get()?.get();
            Some(FileEnd { path: format!("data/{}", file.path), size, bytes: END.min(size) })
        }));
        layout.ends.truncate(MAX_ENDS);
        Ok(layout)
    }

    /// Brings the ends of a version's files into the cache, all at once. What cannot be read now is read by whoever
    /// needs it.
    pub(super) async fn read_ends(&self, table: TableId, layout: &Layout) {
        let objects = self.store.objects();
        let path = self.path(table);
        let mut reads = Vec::with_capacity(layout.ends.len());
        for end in &layout.ends {
            let file = end.path.split('/').fold(path.clone(), Path::join);
            let (objects, range) = (Arc::clone(&objects), end.size - end.bytes..end.size);
            reads.push(async move { objects.get_range(&file, range).await }.boxed());
        }
        futures::stream::iter(reads).buffer_unordered(PARALLEL).for_each(|_| std::future::ready(())).await;
    }
}

fn coverage(dataset: &Dataset, index: &IndexMetadata, column: &str) -> VectorIndex {
    let mut found = VectorIndex { column: column.to_owned(), covered: 0, dead: 0, uncovered: 0 };
    for fragment in dataset.manifest().fragments.iter() {
        let rows = fragment.physical_rows.unwrap_or(0) as u64;
        let dead = fragment.deletion_file.as_ref().and_then(|d| d.num_deleted_rows).unwrap_or(0) as u64;
        let id = u32::try_from(fragment.id).ok();
        if id.zip(index.fragment_bitmap.as_ref()).is_some_and(|(id, covered)| covered.contains(id)) {
            found.covered += rows;
            found.dead += dead;
        } else {
            found.uncovered += rows.saturating_sub(dead);
        }
    }
    found
}
