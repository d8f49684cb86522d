//! The fragments of a version, as compaction and statistics see them.

use lance_table::format::{Fragment, Manifest};

/// One fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) id: u64,
    /// Rows in its files, deleted ones included.
    pub(crate) rows: u64,
    pub(crate) deleted: u64,
    /// Bytes of its data files.
    pub(crate) bytes: u64,
}

impl Piece {
    pub(crate) fn of(fragment: &Fragment) -> Self {
        let sizes = fragment.files.iter().filter_map(|file| file.file_size_bytes.get());
        Self {
            id: fragment.id,
            rows: fragment.physical_rows.unwrap_or(0) as u64,
            deleted: fragment.deletion_file.as_ref().and_then(|file| file.num_deleted_rows).unwrap_or(0) as u64,
            bytes: sizes.map(u64::from).sum(),
        }
    }

    pub(crate) fn live(&self) -> u64 {
        self.rows.saturating_sub(self.deleted)
    }

    /// The part of the bytes that deleted rows take, by their share.
    pub(crate) fn dead_bytes(&self) -> u64 {
        let dead = u128::from(self.bytes) * u128::from(self.deleted) / u128::from(self.rows.max(1));
        u64::try_from(dead).unwrap_or(self.bytes)
    }
}

/// The fragments of a version in the order of a scan.
pub(crate) fn pieces(manifest: &Manifest) -> Vec<Piece> {
    manifest.fragments.iter().map(Piece::of).collect()
}
