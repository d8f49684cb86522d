//! The Lance table of a collection: its columns, the one strict commit by which a fold changes it, its vector index,
//! and the removal of files that no kept version needs.

mod builds;
mod cleanup;
mod clone;
mod columns;
mod compact;
mod fold;
mod index;
mod known;
mod layout;
mod open;
mod pieces;
mod propose;
mod rewrite;
mod strict;

pub(crate) use builds::Builds;
pub use cleanup::Removed;
pub(crate) use cleanup::{CleanInput, Footprint, clean, is_worth_cleaning};
pub(crate) use columns::{ID, METADATA, ROW_BYTES, ROW_COMMIT, ROW_TOKENS, TEXT, arrow_schema, batch_of};
pub(crate) use compact::compact;
#[cfg(feature = "planted-bugs")]
pub(crate) use compact::planted_beside_fold;
pub(crate) use fold::{FoldInput, fold};
pub(crate) use index::{Built, build as build_index, commit as commit_index, partitions};
pub(crate) use open::{TableError, TableFiles};
pub(crate) use pieces::Piece;
pub(crate) use propose::Nearest;
pub(crate) use rewrite::{renew, rewrite, take_over};
