//! A file into records, piece by piece.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamDecoder;
use bytes::{Bytes, BytesMut};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::batch::{self, Columns};
use super::messages::Messages;
use super::pages::rows_at_once;
use super::{Format, FormatError, json};
use crate::schema::{Record, Schema};

/// Bytes of a Parquet file, whose end must be there before its beginning can be read.
const MAX_PARQUET: usize = 256 << 20;

/// Turns the bytes of a file into records.
pub(crate) struct Decoder {
    schema: Arc<Schema>,
    source: Source,
    /// A batch, its columns, and the next row of it.
    batch: Option<(Columns, usize, usize)>,
    /// Records given so far.
    records: u64,
}

/// Where records come from. `message` is what the decoder has not taken of the last message.
enum Source {
    Jsonl { line: BytesMut, ended: bool },
    Parquet { file: BytesMut, reader: Option<Box<ParquetRecordBatchReader>> },
    ArrowStream { decoder: Box<StreamDecoder>, messages: Messages, message: Bytes },
}

impl Decoder {
    pub(crate) fn new(format: Format, schema: Arc<Schema>) -> Self {
        let source = match format {
            Format::Jsonl => Source::Jsonl { line: BytesMut::new(), ended: false },
            Format::Parquet => Source::Parquet { file: BytesMut::new(), reader: None },
            Format::ArrowStream => {
                Source::ArrowStream { decoder: Box::default(), messages: Messages::default(), message: Bytes::new() }
            }
        };
        Self { schema, source, batch: None, records: 0 }
    }

    /// Takes the next bytes of the file. All records must have been taken out before.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        match &mut self.source {
            Source::Jsonl { line, .. } => line.extend_from_slice(bytes),
            Source::Parquet { file, .. } if file.len() + bytes.len() > MAX_PARQUET => {
                return Err(self.wrong(format!("a Parquet file has at most {MAX_PARQUET} bytes; split it")));
            }
            Source::Parquet { file, .. } => file.extend_from_slice(bytes),
            Source::ArrowStream { messages, .. } => messages.feed(bytes),
        }
        Ok(())
    }

    /// Says that the file is complete.
    pub(crate) fn end(&mut self) -> Result<(), FormatError> {
        let ended = match &mut self.source {
            Source::Jsonl { ended, .. } => {
                *ended = true;
                Ok(())
            }
            Source::Parquet { file, reader } => {
                let file = std::mem::take(file).freeze();
                open_parquet(&file, &self.schema).map(|opened| *reader = Some(Box::new(opened)))
            }
            Source::ArrowStream { messages, .. } => messages.end(),
        };
        ended.map_err(|why| self.wrong(why))
    }

    /// The next record, when the bytes so far hold a whole one.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, FormatError> {
        let record = self.next_record().map_err(|why| self.wrong(why))?;
        self.records += u64::from(record.is_some());
        Ok(record)
    }

    fn next_record(&mut self) -> Result<Option<Record>, String> {
        if let Source::Jsonl { line, ended } = &mut self.source {
            return next_line(line, *ended, &self.schema);
        }
        loop {
            if let Some((columns, row, rows)) = &mut self.batch {
                if row < rows {
                    *row += 1;
                    return columns.record(*row - 1).map(Some);
                }
                self.batch = None;
            }
            let Some(batch) = self.source.next_batch()? else { return Ok(None) };
            self.batch = Some((Columns::new(&self.schema, &batch)?, 0, batch.num_rows()));
        }
    }

    fn wrong(&self, why: String) -> FormatError {
        FormatError { record: self.records, why }
    }
}

/// The record of the next line that is not empty.
fn next_line(buffer: &mut BytesMut, ended: bool, schema: &Schema) -> Result<Option<Record>, String> {
    loop {
        let line = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => buffer.split_to(end + 1),
            None if ended && !buffer.is_empty() => buffer.split(),
            None if buffer.len() > json::MAX_LINE => {
                return Err(format!("the line has more than {} bytes", json::MAX_LINE));
            }
            None => return Ok(None),
        };
        if !line.trim_ascii().is_empty() {
            return json::read(&line, schema).map(Some);
        }
    }
}

/// Opens a Parquet file when the collection has its columns. The engine's own are not decoded.
fn open_parquet(file: &Bytes, schema: &Schema) -> Result<ParquetRecordBatchReader, String> {
    let why = |error: ParquetError| error.to_string();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone()).map_err(why)?;
    batch::check(schema, builder.schema())?;
    let columns = builder.parquet_schema().root_schema().get_fields().iter().enumerate();
    let columns = columns.filter(|(_, column)| !batch::is_own(column.name())).map(|(at, _)| at);
    let columns = ProjectionMask::roots(builder.parquet_schema(), columns);
    let rows = rows_at_once(file, builder.metadata(), &columns).map_err(why)?;
    builder.with_projection(columns).with_batch_size(rows).build().map_err(why)
}

impl Source {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, String> {
        match self {
            Self::Jsonl { .. } => Ok(None),
            Self::Parquet { reader, .. } => match reader {
                Some(reader) => reader.next().transpose().map_err(|error| error.to_string()),
                None => Ok(None),
            },
            Self::ArrowStream { decoder, messages, message } => loop {
                if message.is_empty() {
                    let Some(next) = messages.next()? else { return Ok(None) };
                    *message = next;
                }
                // A batch without bytes is given only when the next message comes, which then is not taken yet.
                let mut rest = message.clone().into();
                let batch = decoder.decode(&mut rest).map_err(|error| error.to_string())?;
                *message = message.split_off(message.len() - rest.len());
                if batch.is_some() {
                    return Ok(batch);
                }
            },
        }
    }
}
