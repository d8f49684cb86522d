//! How many rows of a Parquet file are decoded at once.
//!
//! Some encodings write a string once for many rows, each of which has it whole when it is decoded.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

/// Rows that are held at once; their strings may be long.
const MAX_ROWS: usize = 256;
/// Bytes that shared strings may take at once.
const MAX_SHARED: usize = 64 << 20;

/// Rows whose shared strings stay under the limit, but at least one. How many strings a list has is not looked at.
pub(super) fn rows_at_once(
    file: &Bytes,
    metadata: &ParquetMetaData,
    columns: &ProjectionMask,
) -> Result<usize, ParquetError> {
    let file = Arc::new(file.clone());
    let (mut row, mut read) = (0, 0);
    let all = 0..metadata.file_metadata().schema_descr().num_columns();
    for column in all.filter(|column| columns.leaf_included(*column)) {
        let mut longest = 0;
        let chunks = metadata.row_groups().iter().filter_map(|group| group.columns().get(column));
        for chunk in chunks.filter(|chunk| chunk.column_type() == Type::BYTE_ARRAY) {
            // Otherwise a small file could have the same pages read again and again.
            read += chunk.byte_range().1;
            if read > file.len() as u64 {
                return Err(ParquetError::General("the columns overlap".to_owned()));
            }
            longest = longest.max(longest_shared(&file, chunk)?);
        }
        row += longest;
    }
    Ok((MAX_SHARED / row.max(1)).clamp(1, MAX_ROWS))
}

/// Bytes of the longest string that rows of a column may share.
fn longest_shared(file: &Arc<Bytes>, chunk: &ColumnChunkMetaData) -> Result<usize, ParquetError> {
    let mut longest = 0;
    for page in SerializedPageReader::new(Arc::clone(file), chunk, 0, None)? {
        longest = longest.max(match page? {
            Page::DictionaryPage { buf, .. } => longest_of(buf),
            // Each string is a beginning of the one before it and a rest: never longer than all the rests.
            page if page.encoding() == Encoding::DELTA_BYTE_ARRAY => page.buffer().len(),
            _ => 0,
        });
    }
    Ok(longest)
}

/// Bytes of the longest of strings that each follow their length.
fn longest_of(mut strings: Bytes) -> usize {
    let mut longest = 0;
    while strings.len() >= 4 {
        let length = (strings.get_u32_le() as usize).min(strings.len());
        longest = longest.max(length);
        strings.advance(length);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::WriterProperties;

    #[test]
    fn the_longer_a_shared_string_is_the_fewer_rows_are_decoded_at_once() {
        let plain = WriterProperties::builder().set_dictionary_enabled(false);
        let delta = plain.clone().set_encoding(Encoding::DELTA_BYTE_ARRAY);
        for (properties, length, rows) in [
            (WriterProperties::builder(), 1 << 20, 64),
            (WriterProperties::builder(), 100, MAX_ROWS),
            (delta, 1 << 20, 63),
            (plain, 1 << 20, MAX_ROWS),
        ] {
            let text = "x".repeat(length);
            let texts: ArrayRef = Arc::new(StringArray::from_iter_values([&text, &text]));
            let batch = RecordBatch::try_from_iter([("text", texts)]).expect("batch");
            let mut writer =
                ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).expect("writer");
            writer.write(&batch).expect("written");
            let file = Bytes::from(writer.into_inner().expect("file"));
            let opened = ParquetRecordBatchReaderBuilder::try_new(file.clone()).expect("opened");
            let found = rows_at_once(&file, opened.metadata(), &ProjectionMask::all()).expect("pages");
            assert_eq!(found, rows, "{length} bytes");
        }
    }
}
