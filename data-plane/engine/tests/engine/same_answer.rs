//! The same rows give the same answers wherever they are: in the memtable, folded in memory, streamed from
//! Lance because they do not fit in memory, or spread over all of these.

mod indexed;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::*;
use agentdb_data_plane_engine::{
    Filter, Fusion, GroupBy, Hit, Include, Mode, Namespace, OrderBy, Query, Record, Store, WriteMeta, default_vector,
};
use object_store::ObjectStore;
use proptest::prelude::*;

/// How the rows got where they are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Memtable,
    Folded,
    Mixed,
    Reopened,
    /// No memory for folded rows: they are streamed.
    Streamed,
    StreamedMixed,
}

const LAYOUTS: [Layout; 6] =
    [Layout::Memtable, Layout::Folded, Layout::Mixed, Layout::Reopened, Layout::Streamed, Layout::StreamedMixed];

#[derive(Debug, Clone)]
enum Step {
    Upsert(Vec<(usize, usize)>),
    Delete(Vec<usize>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::collection::vec((0..40_usize, 0..5_usize), 1..20).prop_map(|mut rows| {
            rows.sort_unstable();
            rows.dedup_by_key(|(i, _)| *i);
            Step::Upsert(rows)
        }),
        1 => prop::collection::vec(0..40_usize, 1..8).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 1..8)
}

async fn build(steps: &[Step], layout: Layout) -> Arc<Namespace> {
    let objects: Arc<dyn ObjectStore> = memory();
    let budget = if matches!(layout, Layout::Streamed | Layout::StreamedMixed) { 0 } else { 1 << 30 };
    let at = |objects: &Arc<dyn ObjectStore>| Store::over(Arc::clone(objects), budget);
    let ns = open(&at(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for (i, step) in steps.iter().enumerate() {
        match step {
            Step::Upsert(rows) => {
                let records = rows.iter().map(|(i, v)| record(*i, *v)).collect();
                ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
            }
            Step::Delete(rows) => {
                let ids = rows.iter().map(|i| record(*i, 0).id).collect();
                ns.delete(DOCS, ids, WriteMeta::default()).await.expect("deleted");
            }
        }
        let mixed = matches!(layout, Layout::Mixed | Layout::StreamedMixed);
        if mixed && i % 2 == 0 && i + 1 < steps.len() {
            ns.fold().await.expect("fold");
        }
    }
    if matches!(layout, Layout::Folded | Layout::Reopened | Layout::Streamed) {
        ns.fold().await.expect("fold");
    }
    if layout == Layout::Reopened {
        ns.close().await;
        return open(&at(&objects), 2).await;
    }
    ns
}

fn model(steps: &[Step]) -> BTreeMap<String, Record> {
    let mut rows = BTreeMap::new();
    for step in steps {
        match step {
            Step::Upsert(items) => rows.extend(items.iter().map(|(i, v)| (record(*i, *v).id, record(*i, *v)))),
            Step::Delete(items) => items.iter().for_each(|i| {
                rows.remove(&record(*i, 0).id);
            }),
        }
    }
    rows
}

const FILTERS: [&str; 8] = [
    "page >= 7 AND page < 33",
    "topic = 'index' OR tags HAS 'vacuum'",
    "NOT (public)",
    "metadata.source.kind = 'draft' AND weight <= 2.5",
    "topic LIKE '%u%' AND id != 'r0003'",
    "page IN (1, 2, 3, 5, 8, 13, 21)",
    "seen BETWEEN '2023-11-14T22:13:20.000100Z' AND '2023-11-14T22:13:20.000900Z'",
    "metadata.n > 400 OR metadata.missing IS NULL AND page < 10",
];

type Answers = (Vec<Vec<Hit>>, Vec<Vec<Record>>, Vec<u64>);

async fn answers(ns: &Namespace) -> Answers {
    let vector = || vec![0.3, -0.2, 0.9, 0.1];
    let modes = [
        Mode::Vector { vector: vector() },
        Mode::Text { text: "running query 数据".to_owned() },
        Mode::Hybrid { vector: vector(), text: "planner locks".to_owned(), fusion: Fusion::Rrf },
        Mode::Hybrid { vector: vector(), text: "検索 backup".to_owned(), fusion: Fusion::Weighted(0.3) },
    ];
    let filters =
        || std::iter::once(None).chain(FILTERS.map(|f| Some(Filter::parse(f, &[], &schema()).expect("filter"))));
    let mut hits = Vec::new();
    for (mode, filter) in modes.iter().flat_map(|m| filters().map(move |f| (m.clone(), f))) {
        let query = Query { filter, include: Include::ALL, ..Query::new(mode, 7) };
        hits.push(ns.query(DOCS, query).await.expect("query").value);
    }
    let narrowed: Vec<Query> = modes.iter().flat_map(|mode| narrowed(mode, filters().nth(1).flatten())).collect();
    for queries in narrowed.chunks(16) {
        let together = ns.multi_query(DOCS, queries.to_vec()).await.expect("queries").value;
        for (query, found) in queries.iter().zip(&together) {
            let alone = ns.query(DOCS, query.clone()).await.expect("query").value;
            assert_eq!(&alone, found, "a query is answered alike alone and with others: {query:?}");
        }
        hits.extend(together);
    }
    let (mut pages, mut counts) = (Vec::new(), Vec::new());
    for filter in filters() {
        counts.push(ns.count(DOCS, filter.clone()).await.expect("count").value);
        let mut after = None;
        let mut all = Vec::new();
        loop {
            let page = ns.scan(DOCS, filter.clone(), after, 5, Include::ALL).await.expect("scan").value;
            assert!(page.records.len() == 5 || !page.more, "a page that is not full is the last");
            after = page.records.last().map(|last| last.id.clone());
            all.extend(page.records);
            if !page.more {
                break;
            }
        }
        pages.push(all);
    }
    for attribute in ["topic", "page", "weight", "public", "seen"] {
        for (descending, filter) in [(false, None), (true, filters().nth(2).flatten())] {
            pages.push(in_order(ns, attribute, descending, filter.clone()).await);
            counts.push(ns.count(DOCS, filter).await.expect("count").value);
        }
    }
    (hits, pages, counts)
}

/// The query bounded and grouped in several ways.
fn narrowed(mode: &Mode, filter: Option<Filter>) -> Vec<Query> {
    let query = || Query { include: Include::ALL, ..Query::new(mode.clone(), 4) };
    let group = |attribute: &str, size| Some(GroupBy { attribute: attribute.to_owned(), size });
    let max_distance = (!matches!(mode, Mode::Text { .. })).then_some(0.7);
    vec![
        Query { max_distance, min_score: Some(0.02), ..query() },
        Query { group_by: group("topic", 1), ..query() },
        Query { group_by: group("page", 3), filter: filter.clone(), ..query() },
        Query { group_by: group("public", 2), max_distance, ..query() },
        Query { group_by: group("weight", 2), min_score: Some(0.02), filter, ..query() },
    ]
}

async fn in_order(ns: &Namespace, attribute: &str, descending: bool, filter: Option<Filter>) -> Vec<Record> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let order = OrderBy { attribute: attribute.to_owned(), descending };
        let page = ns.scan_ordered(DOCS, filter.clone(), order, after, 6, Include::ALL).await.expect("scan").value;
        assert!(page.records.len() == 6 || !page.more, "a page that is not full is the last");
        all.extend(page.records);
        after = page.last;
        if !page.more {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn answers_do_not_depend_on_where_rows_are(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        runtime.block_on(async {
            let rows = model(&steps);
            let mut first: Option<Answers> = None;
            for layout in LAYOUTS {
                let ns = build(&steps, layout).await;
                let found = answers(&ns).await;
                let all: Vec<Record> = rows.values().cloned().collect();
                assert_eq!(found.1[0], all, "{layout:?}: a scan gives every row once");
                for (page, count) in found.1.iter().zip(&found.2) {
                    assert_eq!(page.len() as u64, *count, "{layout:?}");
                }
                match &first {
                    None => first = Some(found),
                    Some(first) => assert_eq!(first, &found, "{layout:?} differs from the memtable"),
                }
                ns.close().await;
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_shadowed_rows_do_not_push_live_ones_out() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let near = |i: usize| Record { vectors: default_vector(vec![1.0, 0.0, 0.0, 0.0]), ..record(i, 0) };
    for chunk in (0..3000).collect::<Vec<_>>().chunks(1000) {
        let rows = chunk.iter().map(|i| near(*i)).collect();
        ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
    }
    ns.fold().await.expect("fold");
    // All near rows but ten move far away; none of that is folded.
    let far = |i: usize| Record { vectors: default_vector(vec![-1.0, 0.0, 0.0, 0.0]), ..record(i, 1) };
    for chunk in (10..3000).collect::<Vec<_>>().chunks(1000) {
        let rows = chunk.iter().map(|i| far(*i)).collect();
        ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
    }
    let nearest = Mode::Vector { vector: vec![1.0, 0.0, 0.0, 0.0] };
    let query = Query { include: Include::ID, ..Query::new(nearest, 10) };
    for _ in 0..2 {
        let hits = ns.query(DOCS, query.clone()).await.expect("query").value;
        let ids: Vec<_> = hits.iter().map(|h| h.record.id.clone()).collect();
        assert_eq!(ids, (0..10).map(|i| record(i, 0).id).collect::<Vec<_>>());
        ns.fold().await.expect("fold");
    }
}
