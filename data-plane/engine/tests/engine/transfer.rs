//! Export and import: what goes out comes in again, once, and nothing else.

use std::sync::Arc;

use agentdb_data_plane_engine::{
    Filter, Format, Import, ImportError, Imported, Include, Namespace, ReadError, Record, Schema, UsageDelta,
    VectorSpec, WriteError, WriteMeta,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use uuid::Uuid;

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
async fn a_record_that_does_not_fit_is_named_by_its_number_and_what_came_before_stays() {
    let good = |i: usize| format!("{{\"id\":\"r{i}\",\"vector\":[1,2,3,4]}}\n");
    let lines = |bad: &str| (0..600).map(good).chain([bad.to_owned()]).collect::<String>();
    for (bad, word) in [
        ("{\"id\":\"x\",\"vector\":[1]}", "dimension"),
        ("{\"id\":\"x\",\"vector\":[1,2,3,4],\"colour\":1}", "colour"),
        ("{\"id\":\"x\",\"vector\":[1,2,3,4],\"attributes\":{\"page\":\"one\"}}", "attributes.page"),
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
    use arrow_array::{RecordBatch, StringArray};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
    let ids: StringArray = (0..1_000).map(|i| Some(format!("a long enough id {i}"))).collect();
    let batch = RecordBatch::try_from_iter([("id", Arc::new(ids) as arrow_array::ArrayRef)]).expect("batch");
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).expect("options");
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("writer");
    writer.write(&batch).expect("written");
    let file = writer.into_inner().expect("file");
    let ns = empty().await;
    let error = ns.import(import(Format::ArrowStream), pieces(&file, 100)).await.expect_err("refused");
    assert!(error.to_string().contains("without compression"), "{error}");
}
