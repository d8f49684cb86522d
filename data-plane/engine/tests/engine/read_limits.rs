//! One answer holds at most `max_read_bytes`, wherever the rows are: pages end early, larger answers are refused.

use std::sync::Arc;

use crate::support::*;
use agentdb_data_plane_engine::{Config, Include, Mode, Namespace, Page, Query, ReadError, Record, Store, WriteMeta};
use object_store::ObjectStore;

const ROWS: usize = 60;
const LIMIT: usize = 2_000;

/// Rows in the memtable, folded in memory or streamed from Lance, or the odd ones written after a fold.
async fn namespace(resident_bytes: usize, folded: bool, mixed: bool) -> Arc<Namespace> {
    let objects: Arc<dyn ObjectStore> = memory();
    let store = Store::over(objects, resident_bytes);
    let config = Config { max_read_bytes: LIMIT, ..config() };
    let ns = Namespace::open(&store, PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let write = async |rows: Vec<Record>| ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
    if mixed {
        write((0..ROWS).step_by(2).map(|i| record(i, 0)).collect()).await;
        ns.fold().await.expect("fold");
        write((1..ROWS).step_by(2).map(|i| record(i, 0)).collect()).await;
    } else {
        write((0..ROWS).map(|i| record(i, 0)).collect()).await;
    }
    if folded {
        ns.fold().await.expect("fold");
    }
    ns
}

fn field(error: &ReadError) -> &'static str {
    match error {
        ReadError::BadQuery { field, why } => {
            assert!(why.contains("include"), "{why}");
            field
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn answers_are_bounded_wherever_rows_are() {
    let whole: Vec<Record> = (0..ROWS).map(|i| record(i, 0)).collect();
    let bytes: u64 = whole.iter().map(Record::logical_bytes).sum();
    assert!(bytes > 3 * LIMIT as u64, "the rows are too few for the test: {bytes} bytes");
    let ids: Vec<String> = whole.iter().map(|r| r.id.clone()).collect();
    for (resident, folded, mixed) in
        [(1 << 30, false, false), (1 << 30, true, false), (1 << 30, false, true), (0, true, false), (0, false, true)]
    {
        let layout = format!("resident {resident}, folded {folded}, mixed {mixed}");
        let ns = namespace(resident, folded, mixed).await;
        let fetched = ns.fetch(DOCS, &ids, Include::ALL).await.expect_err(&layout);
        assert_eq!(field(&fetched), "ids", "{layout}");
        let nearest = Mode::Vector { vector: vec![0.3, -0.2, 0.9, 0.1] };
        let query = |top_k, include| Query { include, ..Query::new(nearest.clone(), top_k) };
        let asked = ns.query(DOCS, query(ROWS, Include::ALL)).await.expect_err(&layout);
        assert_eq!(field(&asked), "top_k", "{layout}");
        // Fewer, or less of each, is answered.
        assert_eq!(ns.query(DOCS, query(3, Include::ALL)).await.expect(&layout).value.len(), 3, "{layout}");
        let found = ns.query(DOCS, query(ROWS, Include::ID)).await.expect(&layout).value;
        assert_eq!(found.len(), ROWS, "{layout}");
        let some = ns.fetch(DOCS, &ids, Include::ID).await.expect(&layout).value;
        assert!(some.iter().all(Option::is_some), "{layout}");

        let (mut seen, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let page = ns.scan(DOCS, None, after, 1000, Include::ALL).await.expect(&layout).value;
            let Page { records, more } = page;
            let page_bytes: u64 = records.iter().map(Record::logical_bytes).sum();
            assert!(!records.is_empty() && page_bytes <= LIMIT as u64, "{layout}: {page_bytes} bytes");
            after = records.last().map(|r| r.id.clone());
            seen.extend(records);
            pages += 1;
            if !more {
                break;
            }
        }
        assert_eq!(seen, whole, "{layout}: every row once, in order");
        assert!(pages > 3, "{layout}: {pages} pages");
    }
}

#[tokio::test]
async fn a_full_page_says_whether_it_is_the_last() {
    for (resident, folded, mixed) in
        [(1 << 30, false, false), (1 << 30, true, false), (0, true, false), (0, false, true)]
    {
        let ns = namespace(resident, folded, mixed).await;
        let page = async |limit| ns.scan(DOCS, None, None, limit, Include::ID).await.expect("scan").value;
        assert!(page(ROWS - 1).await.more);
        let last = page(ROWS).await;
        assert_eq!((last.records.len(), last.more), (ROWS, false));
    }
}
