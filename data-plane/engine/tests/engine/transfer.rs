//! Export and import: what goes out comes in again, once, and nothing else.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{
    Config, Environment, Filter, Format, Import, ImportError, Imported, Include, Moment, Namespace, ReadError, Record,
    Schema, Store, UsageDelta, Value, VectorSpec, WriteError, WriteMeta,
};
use arrow_array::builder::{LargeListBuilder, LargeStringBuilder, ListBuilder, StringBuilder, StringViewBuilder};
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray,
    TimestampNanosecondArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use uuid::Uuid;

use crate::support::leftovers::versions;
use crate::support::*;

const FORMATS: [Format; 3] = [Format::Jsonl, Format::Parquet, Format::ArrowStream];

/// A schema with two vector columns; the second one is null in some records.
fn wide() -> Schema {
    let mut schema = schema();
    schema.vectors.insert("second".to_owned(), VectorSpec { dimension: 2, metric: schema.vectors["vector"].metric });
    schema
}

fn wide_record(i: usize) -> Record {
    let mut record = record(i, 0);
    if i.is_multiple_of(3) {
        record.vectors.insert("second".to_owned(), vec![i as f32, -0.5]);
    }
    if i.is_multiple_of(5) {
        record.attributes.remove("page");
        record.metadata = None;
    }
    record
}

async fn filled(rows: usize) -> Arc<Namespace> {
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, wide(), WriteMeta::default()).await.expect("created");
    for (at, chunk) in (0..rows).collect::<Vec<_>>().chunks(700).enumerate() {
        ns.upsert(DOCS, chunk.iter().map(|i| wide_record(*i)).collect(), WriteMeta::default()).await.expect("written");
        if at == 0 {
            ns.fold().await.expect("fold");
        }
    }
    ns
}

async fn exported(ns: &Namespace, filter: Option<Filter>, format: Format) -> Vec<u8> {
    let export = ns.export(DOCS, filter, format).await.expect("export");
    let pieces: Vec<Bytes> = export.into_stream().try_collect().await.expect("bytes");
    pieces.concat()
}

async fn all(ns: &Namespace) -> Vec<Record> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = ns.scan(DOCS, None, after, 1000, Include::ALL).await.expect("scan").value;
        after = page.records.last().map(|r| r.id.clone());
        records.extend(page.records);
        if !page.more {
            return records;
        }
    }
}

fn per_record(records: &[Record]) -> Vec<UsageDelta> {
    vec![UsageDelta { key: Uuid::from_u128(1), meter: "write".to_owned(), hour: 1, amount: records.len() as u64 }]
}

fn import(format: Format) -> Import<'static> {
    Import { collection: DOCS, format, id: [7; 32], usage: &per_record }
}

/// A file that comes in pieces of the given size.
fn pieces(file: &[u8], size: usize) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + use<> {
    let pieces: Vec<Bytes> = file.chunks(size).map(Bytes::copy_from_slice).collect();
    futures::stream::iter(pieces.into_iter().map(Ok))
}

async fn empty() -> Arc<Namespace> {
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, wide(), WriteMeta::default()).await.expect("created");
    ns
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_imported_alike_in_every_format_however_the_bytes_are_cut() {
    let ns = filled(1_500).await;
    let wanted = all(&ns).await;
    assert_eq!(wanted.len(), 1_500);
    for format in FORMATS {
        let file = exported(&ns, None, format).await;
        for size in [17, 4_096, usize::MAX] {
            let target = empty().await;
            let done = target.import(import(format), pieces(&file, size)).await.expect("imported");
            assert_eq!((done.records, done.replayed), (1_500, 0), "{format:?} in pieces of {size}");
            assert_eq!(done.commit, target.commit());
            assert!(all(&target).await == wanted, "{format:?} in pieces of {size}");
            assert_eq!(target.usage()[0].1, 1_500);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_one_commit_and_only_what_passes() {
    let ns = filled(1_200).await;
    let before = all(&ns).await;
    let export = ns.export(DOCS, None, Format::Jsonl).await.expect("export");
    assert_eq!(export.commit(), ns.commit());
    let mut stream = Box::pin(export.into_stream());
    let mut file = stream.next().await.expect("a piece").expect("bytes").to_vec();
    // Behind and before what has come already.
    ns.delete(DOCS, vec![record(1_100, 0).id, record(1, 0).id], WriteMeta::default()).await.expect("deleted");
    ns.upsert(DOCS, vec![wide_record(2_000)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    while let Some(more) = stream.next().await {
        file.extend_from_slice(&more.expect("bytes"));
    }
    drop(stream);
    let target = empty().await;
    target.import(import(Format::Jsonl), pieces(&file, 1 << 16)).await.expect("imported");
    assert!(all(&target).await == before);
    let filter = Filter::parse("page < 3", &[], &wide()).expect("a filter");
    let some = exported(&ns, Some(filter.clone()), Format::Jsonl).await;
    let lines = some.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!(lines, ns.count(DOCS, Some(filter)).await.expect("count").value);
    assert!(lines > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_without_records_is_a_file_without_records() {
    let ns = empty().await;
    for format in FORMATS {
        let file = exported(&ns, None, format).await;
        let done = ns.import(import(format), pieces(&file, 64)).await.expect("imported");
        assert_eq!(done, Imported::default(), "{format:?}");
    }
    assert!(matches!(ns.export("none", None, Format::Jsonl).await, Err(ReadError::NoSuchCollection)));
    let held = [
        ns.export(DOCS, None, Format::Jsonl).await.expect("export"),
        ns.export(DOCS, None, Format::Jsonl).await.expect("export"),
    ];
    assert!(matches!(ns.export(DOCS, None, Format::Jsonl).await, Err(ReadError::Busy(_))));
    drop(held);
    assert!(ns.export(DOCS, None, Format::Jsonl).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_cut_short_is_sent_again_and_counted_once() {
    let wanted = filled(1_800).await;
    let file = exported(&wanted, None, Format::Jsonl).await;
    let target = empty().await;
    let mut ends = file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let within = ends.nth(1_100).expect("many lines") - 5;
    let cut = pieces(&file[..within], 1_000).chain(futures::stream::iter([Err(std::io::Error::other("gone"))]));
    let Err(ImportError::Source { done, .. }) = target.import(import(Format::Jsonl), cut).await else {
        panic!("the file was cut off");
    };
    assert_eq!(done.records, 1_000, "two whole writes were done");
    assert_eq!(target.usage()[0].1, 1_000);
    let done = target.import(import(Format::Jsonl), pieces(&file, 999)).await.expect("imported");
    assert_eq!((done.records, done.replayed), (1_800, 1_000));
    assert_eq!(target.usage()[0].1, 1_800);
    assert!(all(&target).await == all(&wanted).await);
    // Another file under the same name is not taken for the same import.
    let other = exported(&wanted, None, Format::Jsonl).await;
    let other = String::from_utf8(other).expect("utf-8").replacen("r0000", "r9999", 1).into_bytes();
    let refused = target.import(import(Format::Jsonl), pieces(&other, 1 << 20)).await;
    assert!(matches!(refused, Err(ImportError::Write { error: WriteError::IdempotencyConflict, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_resumed_only_where_its_rows_are() {
    let source = filled(1_200).await;
    let file = exported(&source, None, Format::Jsonl).await;
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, wide(), WriteMeta::default()).await.expect("created");
    ns.create_collection("other", wide(), WriteMeta::default()).await.expect("created");
    let before = ns.commit();
    let send = async |ns: &Arc<Namespace>, collection: &'static str| {
        let import = Import { collection, ..import(Format::Jsonl) };
        let done = ns.import(import, pieces(&file, 1 << 16)).await.expect("imported");
        assert_eq!(ns.count(collection, None).await.expect("count").value, 1_200);
        (done.records, done.replayed)
    };
    assert_eq!(send(&ns, DOCS).await, (1_200, 0));
    assert_eq!(send(&ns, "other").await, (1_200, 0), "another collection");
    assert_eq!(send(&ns, DOCS).await, (1_200, 1_200));
    ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    ns.create_collection(DOCS, wide(), WriteMeta::default()).await.expect("created");
    assert_eq!(send(&ns, DOCS).await, (1_200, 0), "another one of its name");
    ns.rewind(&Moment::Commit(before), WriteMeta::default()).await.expect("rewound");
    assert_eq!(send(&ns, DOCS).await, (1_200, 0), "taken back to what was before");
    ns.fold().await.expect("fold");
    ns.close().await;
    let ns = open(&store(&objects), 2).await;
    assert_eq!(send(&ns, DOCS).await, (1_200, 1_200), "folded and opened again");
    assert_eq!(send(&ns, "other").await, (1_200, 0), "taken back with the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_streamed_rows_keeps_its_version_as_long_as_it_goes_on() {
    let objects = memory();
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let environment = Environment { clock: Arc::new(clock.clone()), ..environment(1) };
    let retention = Duration::from_secs(60);
    let config = Config { retention, history: Duration::ZERO, orphan_grace: Duration::ZERO, ..config() };
    // No room for rows in memory.
    let handle = Store::over(Arc::clone(&objects), 0);
    let ns = Namespace::open(&handle, PREFIX, writer(1), config, environment).await.expect("opens");
    ns.create_collection(DOCS, wide(), WriteMeta::default()).await.expect("created");
    let write = async |version: usize| {
        let made = |i: usize| if version == 0 { wide_record(i) } else { record(i, version) };
        for from in (0..2_500).step_by(500) {
            let records = (from..from + 500).map(made).collect();
            ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
        }
        ns.fold().await.expect("fold");
    };
    write(0).await;
    let wanted = all(&ns).await;
    let mut stream = Box::pin(ns.export(DOCS, None, Format::Jsonl).await.expect("export").into_stream());
    let mut file = stream.next().await.expect("a piece").expect("bytes").to_vec();
    for version in 1..4 {
        write(version).await;
        clock.advance(retention * 2);
    }
    ns.clean_up().await.expect("cleaned");
    assert_eq!(versions(&objects).await, [2], "the newest, and the one that is exported");
    while let Some(more) = stream.next().await {
        file.extend_from_slice(&more.expect("its files are there"));
    }
    drop(stream);
    let target = empty().await;
    target.import(import(Format::Jsonl), pieces(&file, 1 << 16)).await.expect("imported");
    assert!(all(&target).await == wanted);
    ns.clean_up().await.expect("cleaned");
    assert_eq!(versions(&objects).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_does_not_fit_is_named_by_its_number_and_what_came_before_stays() {
    let good = |i: usize| format!("{{\"id\":\"r{i}\",\"vector\":[1,2,3,4]}}\n");
    let lines = |bad: &str| (0..600).map(good).chain([bad.to_owned()]).collect::<String>();
    for (bad, word) in [
        ("{\"id\":\"x\",\"vector\":[1]}", "dimension"),
        ("{\"id\":\"x\",\"vector\":[1,2,3,4],\"colour\":1}", "colour"),
        ("{\"id\":\"x\",\"vector\":[1,2,3,4],\"attributes\":{\"page\":\"one\"}}", "attributes.page"),
        ("{\"id\":\"x\",\"vectors\":{\"colour\":[]}}", "vectors.colour: is not declared"),
        ("{\"id\":\"x\"", "EOF"),
        ("\u{1}", "expected"),
    ] {
        let ns = empty().await;
        let error = ns.import(import(Format::Jsonl), pieces(lines(bad).as_bytes(), 512)).await.expect_err("refused");
        let text = error.to_string();
        assert!(text.contains("record 600"), "{text}");
        assert!(text.contains(word), "{text}");
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, 500, "{text}");
    }
    let ns = empty().await;
    let endless = ns.import(import(Format::Jsonl), pieces(&vec![b' '; 9 << 20], 1 << 20)).await;
    assert!(matches!(endless, Err(ImportError::Format { .. })), "{endless:?}");
    let missing = Import { collection: "none", ..import(Format::Jsonl) };
    let missing = ns.import(missing, pieces(b"", 1)).await;
    assert!(matches!(missing, Err(ImportError::Write { error: WriteError::NoSuchCollection, .. })));
}

#[test]
fn a_damaged_file_is_an_error_and_never_the_end_of_the_process() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let (ns, files) = runtime.block_on(async {
        let ns = filled(40).await;
        let files = [
            (Format::Parquet, exported(&ns, None, Format::Parquet).await),
            (Format::ArrowStream, exported(&ns, None, Format::ArrowStream).await),
        ];
        (ns, files)
    });
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut refused = 0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damage = (0..2_usize, any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    for _ in 0..400 {
        let (which, at, byte, cut) = damage.new_tree(&mut runner).expect("a value").current();
        let (format, file) = &files[which];
        let at = at.index(file.len());
        let mut file = file.clone();
        if cut {
            file.truncate(at);
        } else {
            file[at] = byte;
        }
        let options = Import { id: [at as u8; 32], ..import(*format) };
        refused += u32::from(runtime.block_on(ns.import(options, pieces(&file, 4_096))).is_err());
    }
    std::panic::set_hook(hook);
    assert!(refused > 150, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_buffers_of_a_stream_are_refused() {
    let ids: StringArray = (0..1_000).map(|i| Some(format!("a long enough id {i}"))).collect();
    let batch = RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef)]).expect("batch");
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).expect("options");
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("writer");
    writer.write(&batch).expect("written");
    let file = writer.into_inner().expect("file");
    let ns = empty().await;
    let error = ns.import(import(Format::ArrowStream), pieces(&file, 100)).await.expect_err("refused");
    assert!(error.to_string().contains("without compression"), "{error}");
}

/// Vectors of the records `rows`.
fn vectors(rows: Range<usize>) -> ArrayRef {
    let vectors = rows.map(|i| Some([Some(i as f32), Some(1.0), Some(2.0), Some(3.0)]));
    Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, 4))
}

/// The records `rows` with their vectors in a column of the given name. Without records it has no byte.
fn views(rows: Range<usize>, column: &str) -> RecordBatch {
    let ids: StringViewArray = rows.clone().map(|i| Some(format!("r{i}"))).collect();
    RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), (column, vectors(rows))]).expect("batch")
}

fn arrow_stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("writer");
    for batch in batches {
        writer.write(batch).expect("written");
    }
    writer.into_inner().expect("file")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_bytes_hides_no_other_and_is_looked_at_itself() {
    let records = arrow_stream(&[views(0..0, "vector"), views(0..3, "vector"), views(3..6, "vector")]);
    let stray = arrow_stream(&[views(0..0, "stray")]);
    // The mark of the end may be missing.
    for cut in [0, 8] {
        let ns = empty().await;
        let file = pieces(&records[..records.len() - cut], 100);
        let done = ns.import(import(Format::ArrowStream), file).await.expect("imported");
        assert_eq!(done.records, 6);
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, 6);
        let file = pieces(&stray[..stray.len() - cut], 100);
        let error = ns.import(import(Format::ArrowStream), file).await.expect_err("refused");
        assert!(error.to_string().contains("no column stray"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_after_the_end_of_a_stream_are_refused() {
    let mut file = arrow_stream(&[views(0..3, "vector")]);
    file.extend_from_slice(&[0; 100]);
    for size in [1, 64, usize::MAX] {
        let ns = empty().await;
        let error = ns.import(import(Format::ArrowStream), pieces(&file, size)).await.expect_err("refused");
        assert!(matches!(error, ImportError::Format { .. }), "{error}");
        assert!(error.to_string().contains("after the end"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_a_collection_lacks_are_refused_before_they_are_read_and_its_own_are_not_read() {
    for (column, own) in [("stray", false), ("_stray", true)] {
        let text = |values: [&str; 2]| Arc::new(StringArray::from_iter_values(values)) as ArrayRef;
        let columns = [("id", text(["a", "b"])), ("vector", vectors(0..2)), (column, text(["x", "y"]))];
        let batch = RecordBatch::try_from_iter(columns).expect("batch");
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("writer");
        writer.write(&batch).expect("written");
        let mut file = writer.into_inner().expect("file");
        let opened = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.clone())).expect("opened");
        let (start, length) = opened.metadata().row_group(0).columns().last().expect("columns").byte_range();
        file[start as usize..(start + length) as usize].fill(0);
        let ns = empty().await;
        match ns.import(import(Format::Parquet), pieces(&file, 1 << 20)).await {
            Ok(done) => assert!(own && done.records == 2, "{done:?}"),
            Err(error) => assert!(!own && error.to_string().contains("no column stray"), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arrow_columns_are_refused_when_their_values_would_change_or_grow() {
    let text = "x".repeat(1 << 20);
    let mut shared = StringViewBuilder::new().with_deduplicate_strings();
    let mut listed = ListBuilder::new(StringViewBuilder::new().with_deduplicate_strings());
    for _ in 0..65 {
        shared.append_value(&text);
        listed.values().append_value(&text);
    }
    listed.append(true);
    let mut nulls = ListBuilder::new(StringBuilder::new());
    nulls.append_value([Some("a"), None]);
    let mut strings = ListBuilder::new(StringBuilder::new());
    strings.append_value([Some("a")]);
    let numbers = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let cases: [(&str, ArrayRef, &str); 6] = [
        ("text", Arc::new(shared.finish()), "bytes of strings"),
        ("tags", Arc::new(listed.finish()), "bytes of strings"),
        ("tags", Arc::new(nulls.finish()), "null string"),
        ("tags", Arc::new(numbers), "column tags is"),
        ("text", Arc::new(strings.finish()), "column text is"),
        ("seen", Arc::new(TimestampNanosecondArray::from(vec![1_000, 1_001])), "finer than a microsecond"),
    ];
    for (column, values, why) in cases {
        let ids = StringArray::from_iter_values((0..values.len()).map(|i| format!("r{i}")));
        let batch = RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), (column, values)]).expect("batch");
        let ns = empty().await;
        let file = pieces(&arrow_stream(&[batch]), 1 << 20);
        let error = ns.import(import(Format::ArrowStream), file).await.expect_err("refused");
        assert!(matches!(error, ImportError::Format { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_widths_of_the_same_values_are_taken() {
    let mut tags = LargeListBuilder::new(LargeStringBuilder::new());
    tags.append_value([Some("a"), Some("b")]);
    let vectors = ListArray::from_iter_primitive::<Float64Type, _, _>([Some([1.0, 2.0, 3.0, 4.0].map(Some))]);
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(LargeStringArray::from(vec!["r"]))),
        ("vector", Arc::new(vectors)),
        ("tags", Arc::new(tags.finish())),
        ("seen", Arc::new(TimestampNanosecondArray::from(vec![5_000]).with_timezone("UTC"))),
    ];
    let file = arrow_stream(&[RecordBatch::try_from_iter(columns).expect("batch")]);
    let ns = empty().await;
    ns.import(import(Format::ArrowStream), pieces(&file, 1 << 20)).await.expect("imported");
    let records = all(&ns).await;
    assert_eq!(records[0].attributes["tags"], Value::StringList(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(records[0].attributes["seen"], Value::Timestamp(5));
}
