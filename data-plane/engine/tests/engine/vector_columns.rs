//! A collection may hold several vectors a record. A query names the column it ranks by, and a record that has no
//! vector of that column is never among its hits, wherever the record is.

use std::collections::BTreeMap;

use crate::support::*;
use agentdb_data_plane_engine::schema::limits::MAX_VECTOR_COLUMNS;
use agentdb_data_plane_engine::{
    DEFAULT_VECTOR, Include, Metric, Mode, Namespace, Query, ReadError, Record, Schema, SchemaMismatch, Store,
    VectorSpec, WriteError, WriteMeta,
};

/// Two columns of different dimension and metric beside the default one.
fn columns() -> Schema {
    let mut several = schema();
    several.vectors.insert("image".to_owned(), VectorSpec { dimension: 2, metric: Metric::Euclidean });
    several.vectors.insert("Title".to_owned(), VectorSpec { dimension: 3, metric: Metric::Dot });
    several
}

/// Record `i` with the vectors that `i` calls for: two of three have an image, half a title, and one in five of the
/// rest none of the default column.
fn several(i: usize) -> Record {
    let mut record = record(i, 0);
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let x = i as f32;
    if !i.is_multiple_of(3) {
        record.vectors.insert("image".to_owned(), vec![x, -x]);
    }
    if i.is_multiple_of(2) {
        record.vectors.insert("Title".to_owned(), vec![x, 1.0, 0.5]);
    }
    if i.is_multiple_of(5) && record.vectors.len() > 1 {
        record.vectors.remove(DEFAULT_VECTOR);
    }
    record
}

async fn nearest(ns: &Namespace, column: &str, vector: Vec<f32>) -> Vec<(String, f32)> {
    let query =
        Query { column: column.to_owned(), include: Include::ALL, ..Query::new(Mode::Vector { vector }, 1_000) };
    let hits = ns.query(DOCS, query).await.expect("answered").value;
    for hit in &hits {
        let i: usize = hit.record.id[1..].parse().expect("a number");
        assert_eq!(hit.record, several(i), "a hit carries all its vectors");
    }
    hits.into_iter().map(|hit| (hit.record.id, hit.distance.expect("a distance"))).collect()
}

async fn check(ns: &Namespace) {
    let images = nearest(ns, "image", vec![7.0, -7.0]).await;
    assert_eq!(images[0], ("r0007".to_owned(), 0.0));
    let ids = |found: &[(String, f32)]| {
        let mut ids: Vec<String> = found.iter().map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids
    };
    let with = |column: &str| {
        let rows = (0..60).map(several).filter(|r| r.vectors.contains_key(column));
        rows.map(|r| r.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&images), with("image"));
    let titles = nearest(ns, "Title", vec![1.0, 0.0, 0.0]).await;
    assert_eq!(titles[0], ("r0058".to_owned(), -58.0), "the largest dot product is the nearest");
    assert_eq!(ids(&titles), with("Title"));
    let plain = nearest(ns, DEFAULT_VECTOR, vec![0.3, -0.2, 0.9, 0.1]).await;
    assert_eq!(ids(&plain), with(DEFAULT_VECTOR));
    assert!(plain.len() < 60, "some have none of the default column");
}

async fn fill(ns: &Namespace) {
    ns.create_collection(DOCS, columns(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..60).map(several).collect(), WriteMeta::default()).await.expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_column_ranks_the_records_that_have_a_vector_of_it() {
    for budget in [1 << 30, 0] {
        let objects = memory();
        let at = || Store::over(objects.clone(), budget);
        let ns = open(&at(), 1).await;
        fill(&ns).await;
        check(&ns).await;
        ns.fold().await.expect("fold");
        check(&ns).await;
        ns.upsert(DOCS, (0..30).map(several).collect(), WriteMeta::default()).await.expect("written again");
        check(&ns).await;
        ns.close().await;
        let ns = open(&at(), 2).await;
        check(&ns).await;
        ns.fold().await.expect("fold");
        check(&ns).await;
        let bytes: u64 = (0..60).map(|i| several(i).logical_bytes()).sum();
        assert_eq!(ns.logical_bytes_of(DOCS), Some(bytes));
    }
}

#[tokio::test]
async fn a_record_needs_one_vector_and_only_of_declared_columns() {
    let ns = open(&store(&memory()), 1).await;
    fill(&ns).await;
    let refused = async |vectors: BTreeMap<String, Vec<f32>>| match ns
        .upsert(DOCS, vec![Record { vectors, ..record(1, 0) }], WriteMeta::default())
        .await
    {
        Err(WriteError::SchemaMismatch(SchemaMismatch { field, why, .. })) => (field, why),
        other => panic!("{other:?}"),
    };
    let one = |name: &str, vector: &[f32]| BTreeMap::from([(name.to_owned(), vector.to_vec())]);
    assert_eq!(refused(BTreeMap::new()).await.0, "vector");
    assert_eq!(refused(one("image", &[1.0])).await.0, "vectors.image");
    let (field, why) = refused(one("sound", &[1.0])).await;
    assert_eq!(field, "vectors.sound");
    assert!(why.ends_with("it has Title, image, vector"), "{why}");
    let query = Query { column: "sound".to_owned(), ..Query::new(Mode::Vector { vector: vec![1.0] }, 1) };
    assert!(matches!(ns.query(DOCS, query).await, Err(ReadError::BadQuery { field: "vector", .. })));
}

#[tokio::test]
async fn names_of_columns_differ_from_those_of_attributes_by_more_than_case() {
    let spec = VectorSpec { dimension: 2, metric: Metric::Dot };
    let with = |name: &str| {
        let mut schema = schema();
        schema.vectors.insert(name.to_owned(), spec);
        schema.validate().map_err(|refused| refused.field)
    };
    assert_eq!(with("image"), Ok(()));
    assert_eq!(with("1st"), Err("vectors.1st".to_owned()));
    assert_eq!(with("Vector"), Err("vectors.Vector".to_owned()));
    assert_eq!(with("_commit"), Err("vectors._commit".to_owned()));
    assert_eq!(with("Topic"), Err("attributes.topic".to_owned()));
    let mut many = schema();
    many.vectors.extend((0..MAX_VECTOR_COLUMNS).map(|i| (format!("v{i}"), spec)));
    assert_eq!(many.validate().map_err(|refused| refused.field), Err("vectors".to_owned()));
}
