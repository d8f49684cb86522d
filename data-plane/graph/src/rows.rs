//! All blocks at one moment. A row's number is its block and its place in there.

use std::sync::Arc;

use crate::chunk::{CHUNK_BITS, CHUNK_ROWS, Chunk};
use crate::code::Point;

#[derive(Debug, Default, Clone)]
pub(crate) struct Rows(Vec<Arc<Chunk>>);

impl Rows {
    /// `None` for a row of a block that came later.
    pub(crate) fn find(&self, row: u32) -> Option<(&Chunk, usize)> {
        let chunk = self.0.get((row >> CHUNK_BITS) as usize)?;
        Some((chunk, row as usize & (CHUNK_ROWS - 1)))
    }

    /// The distance from a point to a row; infinite when the row is not there.
    pub(crate) fn distance(&self, from: &Point<'_>, row: u32) -> f32 {
        self.find(row).map_or(f32::INFINITY, |(chunk, at)| {
            let (code, meta) = chunk.code(at);
            from.distance(code, meta)
        })
    }

    /// The row of a label, looked for near `row` first, which then is the row after it: quickest when labels ascend, and
    /// few are missing between those of a block.
    pub(crate) fn find_label(&self, label: u32, row: &mut u32) -> Option<(&Chunk, usize)> {
        let near = self.find(*row).and_then(|(chunk, at)| {
            let first = *chunk.labels().get(at)?;
            let at = at + label.checked_sub(first)? as usize;
            (*chunk.labels().get(at)? == label).then_some((chunk, at))
        });
        if let Some((chunk, at)) = near {
            let block = *row >> CHUNK_BITS;
            *row = if at + 1 < chunk.len() { (block << CHUNK_BITS) + at as u32 + 1 } else { (block + 1) << CHUNK_BITS };
            return Some((chunk, at));
        }
        let found = self.row_of_label(label)?;
        *row = found + 1;
        self.find(found)
    }

    /// The row of a label.
    pub(crate) fn row_of_label(&self, label: u32) -> Option<u32> {
        let block = self.0.partition_point(|chunk| chunk.label(0) <= label).checked_sub(1)?;
        let at = self.0[block].find_label(label)?;
        Some((u32::try_from(block).ok()? << CHUNK_BITS) + u32::try_from(at).ok()?)
    }

    /// With one more block.
    pub(crate) fn with(&self, chunk: Chunk) -> Self {
        let mut chunks = self.0.clone();
        chunks.push(Arc::new(chunk));
        Self(chunks)
    }

    /// The number that the first row of the next block has.
    pub(crate) fn end(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX) << CHUNK_BITS
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.0.iter().map(|chunk| chunk.memory_bytes()).sum()
    }
}
