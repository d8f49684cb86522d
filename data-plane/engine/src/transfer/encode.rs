//! Records into a file, piece by piece.

use std::io;

use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Format, batch, json};
use crate::schema::{Record, Schema};

/// Bytes of a row group; as much is held until it is complete.
const ROW_GROUP: usize = 16 << 20;

/// Turns records into the bytes of a file.
pub(crate) enum Encoder {
    Jsonl,
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    ArrowStream(StreamWriter<Vec<u8>>),
}

/// Why records could not be written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("{0}")]
    Arrow(#[from] ArrowError),
    #[error("{0}")]
    Parquet(#[from] ParquetError),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Encoder {
    pub(crate) fn new(format: Format, schema: &Schema) -> Result<Self, EncodeError> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl,
            Format::Parquet => {
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                Self::Parquet(Box::new(ArrowWriter::try_new(Vec::new(), batch::columns(schema)?, Some(properties))?))
            }
            Format::ArrowStream => Self::ArrowStream(StreamWriter::try_new(Vec::new(), &*batch::columns(schema)?)?),
        })
    }

    /// Adds records, and gives the bytes that are complete by now; perhaps none.
    pub(crate) fn push(&mut self, schema: &Schema, records: Vec<Record>) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Jsonl => {
                let mut out = Vec::new();
                records.iter().try_for_each(|record| json::write(record, &mut out))?;
                Ok(out)
            }
            Self::Parquet(writer) => {
                writer.write(&batch::of_records(schema, records)?)?;
                if writer.in_progress_size() >= ROW_GROUP {
                    writer.flush()?;
                }
                Ok(std::mem::take(writer.inner_mut()))
            }
            Self::ArrowStream(writer) => {
                writer.write(&batch::of_records(schema, records)?)?;
                Ok(std::mem::take(writer.get_mut()))
            }
        }
    }

    /// The rest of the file.
    pub(crate) fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Jsonl => Ok(Vec::new()),
            Self::Parquet(writer) => Ok(writer.into_inner()?),
            Self::ArrowStream(mut writer) => {
                writer.finish()?;
                Ok(std::mem::take(writer.get_mut()))
            }
        }
    }
}
