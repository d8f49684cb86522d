//! Records as files: the formats of import and export.
//!
//! Owns the bytes of the formats and their checks; does not own where they come from or go to. Both directions work
//! on bounded pieces, whatever the size of the file.

mod batch;
mod decode;
mod encode;
mod json;
mod messages;
mod pages;

pub(crate) use decode::Decoder;
pub(crate) use encode::{EncodeError, Encoder};
pub(crate) use json::write as write_line;

/// A format of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: `id`, `vectors` by column or `vector`, `text`, `attributes`, `metadata`.
    Jsonl,
    /// Apache Parquet; a column each for the id, the text, the metadata (JSON text), every vector (a fixed-size list of
    /// 32-bit floats) and every attribute.
    Parquet,
    /// An Arrow IPC stream with the same columns.
    ArrowStream,
}

/// Why bytes are not records of a collection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {record}: {why}")]
pub struct FormatError {
    /// The record's number in the file, 0-based; for what concerns the whole file the number of records before it.
    pub record: u64,
    /// What is wrong.
    pub why: String,
}
