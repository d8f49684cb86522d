//! What bounds, groups, orders and several queries in one call mean, against a model that looks at every row.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::support::*;
use agentdb_data_plane_engine::{
    Filter, Fusion, GroupBy, Hit, Include, Mode, Namespace, OrderBy, Position, Query, ReadError, Record, Store, Value,
    WriteMeta,
};

const ROWS: usize = 200;

fn records() -> Vec<Record> {
    let without = |mut record: Record, i: usize| {
        // Some rows have no value for some attributes.
        if i.is_multiple_of(9) {
            record.attributes.remove("topic");
            record.attributes.remove("weight");
        }
        record
    };
    (0..ROWS).map(|i| without(record(i, i % 3), i)).collect()
}

/// Rows partly folded, partly overwritten and deleted after it; in memory, or streamed.
async fn namespace(budget: usize) -> Arc<Namespace> {
    let ns = open(&Store::over(memory(), budget), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let old = (0..ROWS + 20).map(|i| record(i, 7)).collect();
    ns.upsert(DOCS, old, WriteMeta::default()).await.expect("written");
    let records = records();
    ns.upsert(DOCS, records[..ROWS / 2].to_vec(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, records[ROWS / 2..].to_vec(), WriteMeta::default()).await.expect("written");
    let gone = (ROWS..ROWS + 20).map(|i| record(i, 7).id).collect();
    ns.delete(DOCS, gone, WriteMeta::default()).await.expect("deleted");
    ns
}

fn vector() -> Mode {
    Mode::Vector { vector: vec![0.3, -0.2, 0.9, 0.1] }
}

fn text() -> Mode {
    Mode::Text { text: "query planner 数据".to_owned() }
}

/// All hits of a query, best first: what the model groups and cuts.
async fn all(ns: &Namespace, mode: Mode, filter: Option<Filter>) -> Vec<Hit> {
    ns.query(DOCS, Query { filter, include: Include::ALL, ..Query::new(mode, 1000) }).await.expect("query").value
}

fn ids(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.record.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_those_with_the_best_rows_and_hold_their_best() {
    for budget in [1 << 30, 0] {
        let ns = namespace(budget).await;
        let filter = Filter::parse("page != 3", &[], &schema()).expect("a filter");
        for (mode, attribute, size) in [
            (vector(), "topic", 3),
            (vector(), "weight", 1),
            (text(), "page", 2),
            (text(), "topic", 40),
            (vector(), "seen", 2),
        ] {
            let ranked = all(&ns, mode.clone(), Some(filter.clone())).await;
            let mut groups: Vec<(Option<Value>, Vec<&str>)> = Vec::new();
            for hit in &ranked {
                let value = hit.record.attributes.get(attribute).cloned();
                match groups.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, rows)) => rows.push(&hit.record.id),
                    None => groups.push((value, vec![&hit.record.id])),
                }
            }
            assert!(groups.len() > 4, "{attribute}: too few groups to choose from");
            let mut wanted: Vec<(&Option<Value>, &str)> = Vec::new();
            for (value, rows) in groups.iter().take(4) {
                wanted.extend(rows.iter().take(size).map(|row| (value, *row)));
            }
            let group_by = Some(GroupBy { attribute: attribute.to_owned(), size });
            let query = Query { filter: Some(filter.clone()), group_by, include: Include::ID, ..Query::new(mode, 4) };
            let found = ns.query(DOCS, query).await.expect("query").value;
            let found: Vec<(&Option<Value>, &str)> = found.iter().map(|hit| (&hit.group, &*hit.record.id)).collect();
            assert_eq!(found, wanted, "{attribute} x {size}, memory {budget}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_leave_out_exactly_the_rows_beyond_them() {
    for budget in [1 << 30, 0] {
        let ns = namespace(budget).await;
        let ranked = all(&ns, vector(), None).await;
        let at = ranked[20].distance.expect("a distance");
        let within = |hit: &&Hit| hit.distance.is_some_and(|distance| distance <= at);
        let wanted: Vec<&str> = ranked.iter().filter(within).map(|h| &*h.record.id).collect();
        let near = Query { max_distance: Some(at), ..Query::new(vector(), 1000) };
        assert_eq!(ids(&ns.query(DOCS, near.clone()).await.expect("query").value), wanted);
        assert!(wanted.len() > 20 && wanted.len() < ranked.len());
        let few = Query { top_k: 3, ..near };
        assert_eq!(ids(&ns.query(DOCS, few).await.expect("query").value), wanted[..3]);

        let texts = all(&ns, text(), None).await;
        let least = texts[10].score;
        let wanted: Vec<&str> = texts.iter().filter(|h| h.score >= least).map(|h| &*h.record.id).collect();
        let scored = Query { min_score: Some(least), ..Query::new(text(), 1000) };
        assert_eq!(ids(&ns.query(DOCS, scored).await.expect("query").value), wanted);

        // In a hybrid query a row that is too far is found by its text alone.
        let (Mode::Vector { vector }, Mode::Text { text }) = (vector(), text()) else { unreachable!() };
        let mode = Mode::Hybrid { vector, text, fusion: Fusion::Rrf };
        let hybrid = Query { max_distance: Some(at), ..Query::new(mode, 1000) };
        let found = ns.query(DOCS, hybrid).await.expect("query").value;
        assert!(found.iter().all(|hit| hit.distance.is_none_or(|distance| distance <= at)));
        assert!(found.iter().any(|hit| hit.distance.is_none() && hit.bm25.is_some()));
    }
}

fn order(a: &Record, b: &Record, attribute: &str, descending: bool) -> Ordering {
    let values = match (a.attributes.get(attribute), b.attributes.get(attribute)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => {
            let order = match (a, b) {
                (Value::String(a), Value::String(b)) => a.cmp(b),
                (Value::Int(a), Value::Int(b)) | (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
                (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
                (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
                other => panic!("{other:?}"),
            };
            if descending { order.reverse() } else { order }
        }
    };
    values.then_with(|| a.id.cmp(&b.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_in_order_gives_every_row_once_and_writes_move_no_other() {
    for budget in [1 << 30, 0] {
        let ns = namespace(budget).await;
        for attribute in ["topic", "page", "weight", "public", "seen"] {
            for descending in [false, true] {
                let (mut seen, mut after) = (Vec::new(), None);
                loop {
                    let by = OrderBy { attribute: attribute.to_owned(), descending };
                    let page = ns.scan_ordered(DOCS, None, by, after, 23, Include::ALL).await.expect("scan").value;
                    let last = page.records.last().expect("a page has rows");
                    let place = Position { value: last.attributes.get(attribute).cloned(), id: last.id.clone() };
                    assert_eq!(page.last.as_ref(), Some(&place));
                    // The row the page ended with goes away; nothing else is moved by that.
                    ns.delete(DOCS, vec![last.id.clone()], WriteMeta::default()).await.expect("deleted");
                    seen.extend(page.records);
                    after = page.last;
                    if !page.more {
                        break;
                    }
                }
                let mut wanted = records();
                wanted.sort_by(|a, b| order(a, b, attribute, descending));
                assert_eq!(seen, wanted, "{attribute}, descending {descending}, memory {budget}");
                ns.upsert(DOCS, records(), WriteMeta::default()).await.expect("written again");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_its_field() {
    let ns = namespace(1 << 30).await;
    let group = |attribute: &str, size| Some(GroupBy { attribute: attribute.to_owned(), size });
    for (field, query) in [
        ("group_by", Query { group_by: group("nothing", 1), ..Query::new(vector(), 5) }),
        ("group_by", Query { group_by: group("tags", 1), ..Query::new(vector(), 5) }),
        ("group_size", Query { group_by: group("topic", 0), ..Query::new(vector(), 5) }),
        ("group_size", Query { group_by: group("topic", 201), ..Query::new(vector(), 5) }),
        ("max_distance", Query { max_distance: Some(f32::NAN), ..Query::new(vector(), 5) }),
        ("max_distance", Query { max_distance: Some(1.0), ..Query::new(text(), 5) }),
        ("min_score", Query { min_score: Some(f32::INFINITY), ..Query::new(text(), 5) }),
    ] {
        let alone = ns.query(DOCS, query.clone()).await;
        assert!(matches!(&alone, Err(ReadError::BadQuery { field: found, .. }) if *found == field), "{alone:?}");
        let together = ns.multi_query(DOCS, vec![Query::new(vector(), 1), query]).await;
        let Err(ReadError::BadQuery { field: found, why }) = together else { panic!("{field} was taken") };
        assert_eq!(found, field);
        assert!(why.starts_with("queries[1]: "), "{why}");
    }
    for count in [0, 17] {
        let many = ns.multi_query(DOCS, vec![Query::new(vector(), 1); count]).await;
        assert!(matches!(many, Err(ReadError::BadQuery { field: "queries", .. })));
    }
    let by = |attribute: &str| OrderBy { attribute: attribute.to_owned(), descending: false };
    let scan = async |order, after, limit| ns.scan_ordered(DOCS, None, order, after, limit, Include::ID).await;
    assert!(matches!(scan(by("tags"), None, 5).await, Err(ReadError::BadQuery { field: "order_by", .. })));
    assert!(matches!(scan(by("page"), None, 0).await, Err(ReadError::BadQuery { field: "limit", .. })));
    let other = Position { value: Some(Value::String("x".to_owned())), id: "x".to_owned() };
    assert!(matches!(scan(by("page"), Some(other), 5).await, Err(ReadError::BadQuery { field: "cursor", .. })));
}

/// What is printed of a namespace goes into logs.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_of_a_namespace_holds_none_of_its_records() {
    let ns = namespace(1 << 30).await;
    let past = ns.at_commit(ns.commit()).await.expect("in the history");
    for printed in [format!("{ns:?}"), format!("{past:?}")] {
        assert!(printed.contains(PREFIX) && printed.len() < 1_000, "{printed}");
        assert!(!printed.contains("weight") && !printed.contains(&record(0, 0).id), "{printed}");
    }
}

/// Numbers were once rounded twice on their way through JSON, to the one beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_same_in_attributes_metadata_and_filters() {
    const NUMBER: &str = "0.10207441554165295";
    let number: f64 = NUMBER.parse().expect("a number");
    let metadata: serde_json::Value = serde_json::from_str(&format!(r#"{{"x":{NUMBER}}}"#)).expect("JSON");
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut given = Record { metadata: Some(metadata), ..record(1, 0) };
    given.attributes.insert("weight".to_owned(), Value::Float(number));
    ns.upsert(DOCS, vec![given.clone()], WriteMeta::default()).await.expect("written");
    for step in ["in memory", "folded"] {
        for text in [format!("weight = {NUMBER}"), format!("metadata.x = {NUMBER}"), "metadata.x = $1".to_owned()] {
            let params = if text.contains('$') { vec![serde_json::json!(number)] } else { Vec::new() };
            let filter = Filter::parse(&text, &params, &schema()).expect("a filter");
            assert_eq!(ns.count(DOCS, Some(filter)).await.expect("count").value, 1, "{text}, {step}");
        }
        let found = ns.fetch(DOCS, &[given.id.clone()], Include::ALL).await.expect("fetch").value;
        let found = found[0].as_ref().and_then(|record| record.metadata.as_ref()).expect("there");
        assert_eq!(found["x"].as_f64(), Some(number), "{step}");
        ns.fold().await.expect("fold");
    }
}
