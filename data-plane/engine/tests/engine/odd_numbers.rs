//! Numbers that no distance can be taken of are refused by whatever way they come, with the name of their field, and
//! nothing of what came with them is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_data_plane_engine::{
    Action, DEFAULT_VECTOR, Filter, Format, Fusion, Import, ImportError, Imported, Include, Metric, Mode, Namespace,
    Operation, Patch, Query, ReadError, Record, Schema, SchemaMismatch, Store, UsageDelta, Value, VectorSpec,
    WriteError, WriteMeta, default_vector,
};
use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, FixedSizeListArray, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;

use crate::support::*;

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::Euclidean];
const FORMATS: [Format; 3] = [Format::Jsonl, Format::Parquet, Format::ArrowStream];
/// Another column, as wide.
const IMAGE: &str = "image";

/// Vectors for a column of four numbers, and what is said of each.
fn odd_vectors() -> Vec<(Vec<f32>, &'static str)> {
    vec![
        (vec![f32::NAN, 0.0, 0.0, 1.0], "number 0 is not finite"),
        (vec![1.0, f32::INFINITY, 0.0, 1.0], "number 1 is not finite"),
        (vec![1.0, 0.0, f32::NEG_INFINITY, 1.0], "number 2 is not finite"),
        (vec![1.0, 0.0, 0.0, 1e16], "number 3 is larger than 1e15"),
        (vec![1.0, 0.0, 0.0, -1e16], "number 3 is larger than 1e15"),
        (vec![1.0; 3], "dimension is 4"),
        (vec![1.0; 5], "dimension is 4"),
        (Vec::new(), "dimension is 4"),
    ]
}

fn columns(metric: Metric) -> Schema {
    let spec = VectorSpec { dimension: 4, metric };
    Schema { vectors: [(DEFAULT_VECTOR.to_owned(), spec), (IMAGE.to_owned(), spec)].into(), ..schema() }
}

/// With a few records, whose ids end in 0 to 3.
async fn filled(metric: Metric, budget: usize) -> Arc<Namespace> {
    let ns = open(&Store::over(memory(), budget), 1).await;
    ns.create_collection(DOCS, columns(metric), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..4).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns
}

/// The last commit and all records.
async fn stored(ns: &Namespace) -> (u64, Vec<Record>) {
    let page = ns.scan(DOCS, None, None, 1_000, Include::ALL).await.expect("scan").value;
    (ns.commit(), page.records)
}

fn with(i: usize, column: &str, vector: &[f32]) -> Record {
    Record { vectors: BTreeMap::from([(column.to_owned(), vector.to_vec())]), ..record(i, 1) }
}

/// What was refused: the record's place in the request, the field, and why.
fn mismatch<T: std::fmt::Debug>(outcome: Result<T, WriteError>) -> (usize, String, String) {
    match outcome {
        Err(WriteError::SchemaMismatch(SchemaMismatch { record, field, why })) => (record, field, why),
        other => panic!("{other:?}"),
    }
}

/// Writes a record, patches one of a request's two, and patches what passes a filter.
async fn check_writes(ns: &Namespace, column: &str, vector: &[f32], wanted: (&str, &str)) {
    let (field, why) = wanted;
    let before = stored(ns).await;
    let patch =
        |vector: &[f32]| Patch { vectors: [(column.to_owned(), Some(vector.to_vec()))].into(), ..Patch::default() };
    let patches = vec![(record(0, 0).id, patch(&[1.0; 4])), (record(1, 0).id, patch(vector))];
    let filter = Filter::parse("page >= 0", &[], &columns(Metric::Dot)).expect("a filter");
    let by_filter = Action::PatchWhere { filter, patch: patch(vector), limit: 10 };
    let operations = [
        (1, Operation::upsert(DOCS, vec![with(8, column, &[1.0; 4]), with(9, column, vector)])),
        (1, Operation::patch(DOCS, patches)),
        (0, Operation::new(DOCS, by_filter)),
    ];
    for (place, operation) in operations {
        let refused = mismatch(ns.write_one(operation.clone(), WriteMeta::default()).await);
        assert_eq!((refused.0, refused.1.as_str()), (place, field), "{vector:?}");
        assert!(refused.2.contains(why), "{vector:?}: {}", refused.2);
        // Nor is another operation of its request done.
        let first = Operation::upsert(DOCS, vec![with(7, column, &[1.0; 4])]);
        let refused = ns.write(vec![first, operation], WriteMeta::default()).await;
        assert!(matches!(refused, Err(WriteError::InOperation { operation: 1, .. })), "{refused:?}");
    }
    assert_eq!(stored(ns).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_odd_vectors_are_refused_and_do_nothing() {
    for metric in METRICS {
        let ns = filled(metric, 1 << 30).await;
        for (vector, why) in odd_vectors() {
            check_writes(&ns, DEFAULT_VECTOR, &vector, ("vector", why)).await;
            check_writes(&ns, IMAGE, &vector, ("vectors.image", why)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_are_no_numbers_are_refused_and_do_nothing() {
    let ns = filled(Metric::Cosine, 1 << 30).await;
    let before = stored(&ns).await;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut odd = record(9, 0);
        odd.attributes.insert("weight".to_owned(), Value::Float(number));
        let refused = mismatch(ns.upsert(DOCS, vec![record(8, 0), odd], WriteMeta::default()).await);
        assert_eq!(refused, (1, "attributes.weight".to_owned(), "must be finite".to_owned()));
        let attributes = [("weight".to_owned(), Some(Value::Float(number)))].into();
        let patch = Operation::patch(DOCS, vec![(record(0, 0).id, Patch { attributes, ..Patch::default() })]);
        let refused = mismatch(ns.write_one(patch, WriteMeta::default()).await);
        assert_eq!(refused, (0, "attributes.weight".to_owned(), "must be finite".to_owned()));
    }
    assert_eq!(stored(&ns).await, before);
}

fn no_usage(_: &[Record]) -> Vec<UsageDelta> {
    Vec::new()
}

async fn import(ns: &Namespace, format: Format, id: u8, vectors: &[&[f32]]) -> Result<Imported, ImportError> {
    let import = Import { collection: DOCS, format, id: [id; 32], usage: &no_usage };
    let file = file(format, vectors);
    ns.import(import, futures::stream::iter([Ok::<Bytes, std::io::Error>(file.into())])).await
}

/// Records `i0`, `i1`, … with these vectors.
fn file(format: Format, vectors: &[&[f32]]) -> Vec<u8> {
    match format {
        Format::Jsonl => {
            let line = |(i, vector): (usize, &&[f32])| format!("{{\"id\":\"i{i}\",\"vector\":{vector:?}}}\n");
            vectors.iter().enumerate().map(line).collect::<String>().into_bytes()
        }
        Format::Parquet => {
            let batch = batch(vectors);
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("writer");
            writer.write(&batch).expect("written");
            writer.into_inner().expect("file")
        }
        Format::ArrowStream => {
            let batch = batch(vectors);
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("writer");
            writer.write(&batch).expect("written");
            writer.into_inner().expect("file")
        }
    }
}

fn batch(vectors: &[&[f32]]) -> RecordBatch {
    let ids = StringArray::from_iter_values((0..vectors.len()).map(|i| format!("i{i}")));
    let numbers = vectors.iter().map(|vector| Some(vector.iter().copied().map(Some)));
    let list = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(numbers, vectors[0].len() as i32);
    RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), ("vector", Arc::new(list) as ArrayRef)])
        .expect("batch")
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_of_odd_vectors_are_refused_and_store_nothing() {
    let ns = filled(Metric::Dot, 1 << 30).await;
    let before = stored(&ns).await;
    for (vector, why) in odd_vectors().into_iter().filter(|(vector, _)| !vector.is_empty()) {
        for format in FORMATS {
            let good = vec![1.0_f32; vector.len()];
            let error = import(&ns, format, 1, &[&good, &vector]).await.expect_err("refused");
            let what = format!("{format:?} of {vector:?}: {error}");
            let finite = vector.iter().all(|number| number.is_finite());
            match &error {
                ImportError::Write { error, done } => {
                    let (record, field, said) = mismatch::<()>(Err(error.clone()));
                    // Records of another length are wrong from the first one on.
                    assert_eq!((record, field.as_str()), (usize::from(vector.len() == 4), "vector"), "{what}");
                    assert!(said.contains(why), "{what}");
                    assert_eq!(*done, Imported::default(), "{what}");
                }
                // JSON has no such numbers, and Arrow's lists have one length.
                ImportError::Format { error, done } => {
                    assert!(if format == Format::Jsonl { !finite } else { vector.len() != 4 }, "{what}");
                    assert!(format == Format::Jsonl || error.why.contains("column vector"), "{what}");
                    assert_eq!(*done, Imported::default(), "{what}");
                }
                ImportError::Source { .. } => panic!("{what}"),
            }
        }
    }
    for number in ["1e39", "-1e39", "1e400"] {
        let line = format!("{{\"id\":\"i\",\"vector\":[1,2,3,{number}]}}");
        let import = Import { collection: DOCS, format: Format::Jsonl, id: [1; 32], usage: &no_usage };
        let file = futures::stream::iter([Ok::<Bytes, std::io::Error>(line.into())]);
        let refused = ns.import(import, file).await;
        assert!(refused.is_err(), "{number}: {refused:?}");
    }
    assert_eq!(stored(&ns).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_by_odd_numbers_are_refused() {
    for budget in [1 << 30, 0] {
        let ns = filled(Metric::Euclidean, budget).await;
        ns.fold().await.expect("fold");
        let good = || Mode::Vector { vector: vec![1.0; 4] };
        let hybrid = |vector, fusion| Mode::Hybrid { vector, text: "index".to_owned(), fusion };
        for (vector, why) in odd_vectors() {
            let modes = [Mode::Vector { vector: vector.clone() }, hybrid(vector.clone(), Fusion::Rrf)];
            for (mode, column) in modes.iter().flat_map(|mode| [(mode, DEFAULT_VECTOR), (mode, IMAGE)]) {
                let query = Query { column: column.to_owned(), ..Query::new(mode.clone(), 3) };
                check_query(&ns, query, "vector", why).await;
            }
        }
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let near = Query { max_distance: Some(number), ..Query::new(good(), 3) };
            check_query(&ns, near, "max_distance", "finite").await;
            let best = Query { min_score: Some(number), ..Query::new(good(), 3) };
            check_query(&ns, best, "min_score", "finite").await;
            let fused = Query::new(hybrid(vec![1.0; 4], Fusion::Weighted(number)), 3);
            check_query(&ns, fused, "alpha", "0 to 1").await;
        }
    }
}

/// It is refused alone and as the second of two.
async fn check_query(ns: &Namespace, query: Query, wanted: &str, because: &str) {
    let refused = ns.query(DOCS, query.clone()).await.expect_err("refused");
    let ReadError::BadQuery { field, why } = refused else { panic!("{refused:?}") };
    assert!(field == wanted && why.contains(because), "{field}: {why}; of {query:?}");
    let good = Query::new(Mode::Text { text: "index".to_owned() }, 3);
    let refused = ns.multi_query(DOCS, vec![good, query]).await.expect_err("refused");
    let ReadError::BadQuery { field, why } = refused else { panic!("{refused:?}") };
    assert!(field == wanted && why.starts_with("queries[1]: ") && why.contains(because), "{field}: {why}");
}

/// Nothing, in both of its signs, and so little that its square is nothing.
const NOTHING: [[f32; 4]; 3] = [[0.0; 4], [-0.0; 4], [1e-30; 4]];

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_without_length_is_refused_where_only_the_direction_counts() {
    let ns = filled(Metric::Cosine, 1 << 30).await;
    for nothing in NOTHING {
        check_writes(&ns, DEFAULT_VECTOR, &nothing, ("vector", "no direction")).await;
        check_writes(&ns, IMAGE, &nothing, ("vectors.image", "no direction")).await;
        let before = stored(&ns).await;
        for format in FORMATS {
            let error = import(&ns, format, 1, &[&[1.0; 4], &nothing]).await.expect_err("refused");
            let ImportError::Write { error, done } = error else { panic!("{error:?}") };
            let (record, field, why) = mismatch::<()>(Err(error));
            assert_eq!((record, field.as_str(), done), (1, "vector", Imported::default()), "{format:?}");
            assert!(why.contains("no direction") && why.contains("cosine"), "{format:?}: {why}");
        }
        assert_eq!(stored(&ns).await, before);
    }
    // Ever so short is long enough.
    let short = Record { vectors: default_vector(vec![1e-15; 4]), ..record(9, 0) };
    ns.upsert(DOCS, vec![short.clone()], WriteMeta::default()).await.expect("written");
    for _ in 0..2 {
        let query = Query { include: Include::ALL, ..Query::new(Mode::Vector { vector: vec![2.0; 4] }, 1) };
        let hits = ns.query(DOCS, query).await.expect("query").value;
        assert_eq!(hits[0].record, short);
        assert!(hits[0].distance.expect("a distance").abs() < 1e-6, "{:?}", hits[0]);
        ns.fold().await.expect("fold");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_without_length_is_found_by_the_other_metrics() {
    for (metric, budget) in [Metric::Dot, Metric::Euclidean].into_iter().flat_map(|m| [(m, 1 << 30), (m, 0)]) {
        let ns = filled(metric, budget).await;
        ns.upsert(DOCS, vec![with(9, DEFAULT_VECTOR, &NOTHING[0])], WriteMeta::default()).await.expect("written");
        for (id, format) in (0_u8..).zip(FORMATS) {
            // Each import overwrites the records of the one before.
            let done = import(&ns, format, id, &[&NOTHING[0], &NOTHING[1], &NOTHING[2]]).await.expect("imported");
            assert_eq!(done.records, 3, "{format:?}");
        }
        // No other record is at distance 0 of these.
        let vector = if metric == Metric::Dot { vec![1.0; 4] } else { vec![0.0; 4] };
        for _ in 0..2 {
            let query = Query { include: Include::ID, ..Query::new(Mode::Vector { vector: vector.clone() }, 100) };
            let hits = ns.query(DOCS, query).await.expect("query").value;
            assert_eq!(hits.len(), 8, "{metric:?}");
            let at_zero = hits.iter().filter(|hit| hit.distance.is_some_and(|distance| distance.abs() < 1e-20));
            let mut found: Vec<&str> = at_zero.map(|hit| hit.record.id.as_str()).collect();
            found.sort_unstable();
            assert_eq!(found, ["i0", "i1", "i2", "r0009"], "{metric:?}");
            ns.fold().await.expect("fold");
        }
    }
}
