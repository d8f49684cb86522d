//! The Lance table of a collection: its columns, and the one strict commit by which a fold changes it.

mod columns;
mod fold;
mod open;
mod strict;

pub(crate) use columns::{ID, METADATA, ROW_BYTES, ROW_TOKENS, TEXT, batch_of};
pub(crate) use fold::{FoldInput, fold};
pub(crate) use open::{TableError, TableFiles};
