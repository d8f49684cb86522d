//! The same rows in no index, in a graph in memory, and in the index of a table that is not in memory; in all three
//! places with newer writes beside them that shadow some.
//!
//! What takes no index gives the same answer everywhere. What takes one may miss a row, but seldom; the rows it gives
//! are live and pass, their distances are the exact ones to the last bit, and there are as many as there can be.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use agentdb_data_plane_engine::{
    Config, Filter, Fusion, GroupBy, Hit, Include, Metric, Mode, Namespace, Operation, OrderBy, OrderedPage, Query,
    Record, Schema, Store, WriteMeta,
};
use object_store::ObjectStore;

use super::stream::{SIEVES, Sieve, Stream, columns};
use crate::support::slow::Slow;
use crate::support::*;

/// Rows at first: so many that graphs are walked.
const ROWS: usize = 5_200;
/// Writes at a time, to ids of which some are new.
const WRITES: usize = 20;
const IDS: usize = ROWS + 200;
const TOP_K: usize = 10;
/// What each ranking gives to a fusion for so few hits.
const CANDIDATES: usize = 100;
/// The most hits of one query.
const ALL: usize = 1_000;

/// The same rows in three places.
struct Places {
    schema: Schema,
    /// In memory and in no index.
    plain: Arc<Namespace>,
    /// In memory, most of them in a graph.
    graph: Arc<Namespace>,
    /// Not in memory, most of them in the index of their table.
    cold: Arc<Namespace>,
}

/// Rows that were to be found by an index, and how many of them were.
#[derive(Default)]
struct Tally {
    found: usize,
    wanted: usize,
}

async fn opened(store: &Store, generation: u64, config: &Config) -> Arc<Namespace> {
    let (writer, environment) = (writer(generation), environment(generation));
    Namespace::open(store, PREFIX, writer, config.clone(), environment).await.expect("opens")
}

async fn write(ns: &Namespace, writes: &[Operation]) {
    for operation in writes {
        ns.write_one(operation.clone(), WriteMeta::default()).await.expect("written");
    }
}

/// A place of rows that are folded, in memory.
async fn filled(
    objects: &Arc<dyn ObjectStore>,
    config: &Config,
    schema: &Schema,
    rows: &[Operation],
) -> Arc<Namespace> {
    let ns = opened(&store(objects), 1, config).await;
    ns.create_collection(DOCS, schema.clone(), WriteMeta::default()).await.expect("created");
    write(&ns, rows).await;
    ns.fold().await.expect("fold");
    ns
}

/// The folded rows out of memory, with the index of their table.
async fn cooled(objects: Arc<dyn ObjectStore>, schema: &Schema, rows: &[Operation], probe: Vec<f32>) -> Arc<Namespace> {
    let config = Config { index_rows: 1_000, background_index: false, ..config() };
    let warm = filled(&objects, &config, schema, rows).await;
    warm.index_tables().await.expect("indexed");
    warm.close().await;
    let far: Arc<dyn ObjectStore> = Arc::new(Slow::new(Arc::clone(&objects), Duration::from_millis(20)));
    let far = opened(&Store::over(far, 0), 2, &config).await;
    let query = Query { include: Include::ID, ..Query::new(Mode::Vector { vector: probe }, TOP_K) };
    let io = far.query(DOCS, query).await.expect("query").io;
    assert!(io.gets > 0 && io.round_trips <= 6, "not by the index: {io:?}");
    far.close().await;
    opened(&Store::over(objects, 0), 3, &config).await
}

async fn ask(ns: &Namespace, query: &Query) -> Vec<Hit> {
    ns.query(DOCS, query.clone()).await.expect("query").value
}

async fn ask_together(ns: &Namespace, queries: &[Query]) -> Vec<Vec<Hit>> {
    ns.multi_query(DOCS, queries.to_vec()).await.expect("queries").value
}

impl Places {
    async fn new(schema: Schema, stream: &mut Stream) -> Self {
        let rows = stream.fill(ROWS);
        let unindexed = Config { index_above: usize::MAX, background_index: false, ..config() };
        let indexed = Config { index_above: 0, ..unindexed.clone() };
        let plain = filled(&memory(), &unindexed, &schema, &rows).await;
        let graph = filled(&memory(), &indexed, &schema, &rows).await;
        graph.index().await;
        assert_eq!(graph.stats().indexed_rows, ROWS);
        let cold = cooled(memory(), &schema, &rows, stream.probe(0)).await;
        Self { schema, plain, graph, cold }
    }

    async fn write(&self, writes: &[Operation]) {
        for ns in [&self.plain, &self.graph, &self.cold] {
            write(ns, writes).await;
        }
    }

    /// What is folded beside an index is in none.
    async fn fold(&self) {
        for ns in [&self.graph, &self.cold] {
            ns.fold().await.expect("fold");
        }
    }

    fn filter(&self, sieve: &Sieve) -> Filter {
        Filter::parse(sieve.text, &[], &self.schema).expect("a filter")
    }

    fn query(&self, mode: Mode, sieve: Option<&Sieve>) -> Query {
        let filter = sieve.map(|sieve| self.filter(sieve));
        Query { filter, include: Include::ALL, ..Query::new(mode, TOP_K) }
    }

    /// Queries by vector, with every filter, and without one and with one that most rows pass in several ways.
    async fn check_near(&self, stream: &Stream, probe: usize, tallies: &mut [Tally; 2]) {
        let mode = Mode::Vector { vector: stream.probe(probe) };
        for (at, sieve) in std::iter::once(None).chain(SIEVES.iter().map(Some)).enumerate() {
            let query = self.query(mode.clone(), sieve);
            let all = Query { exact: true, top_k: ALL, include: Include::ID, ..query.clone() };
            let all = ask(&self.plain, &all).await;
            let mut queries = vec![query.clone()];
            if let (0 | 1, Some(middle)) = (at, all.get(TOP_K / 2)) {
                queries.push(Query { top_k: 1, ..query.clone() });
                queries.push(Query { top_k: 100, ..query.clone() });
                queries.push(Query { max_distance: middle.distance, ..query.clone() });
                queries.push(Query { min_score: Some(middle.score), ..query });
            }
            for (ns, tally) in [&self.graph, &self.cold].into_iter().zip(&mut *tallies) {
                let asked = |query| Asked { query, sieve, rows: stream.rows() };
                for query in &queries {
                    asked(query).check_near(&ask(ns, query).await, &all, tally);
                }
                if queries.len() > 1 {
                    for (query, found) in queries.iter().zip(ask_together(ns, &queries).await) {
                        // Of a table not in memory these look at every row: they say nothing of its index.
                        asked(query).check_near(&found, &all, &mut Tally::default());
                    }
                }
            }
        }
    }

    /// Hybrid queries, whose ranking by vector an index may give.
    async fn check_hybrid(&self, stream: &Stream, probe: usize, tallies: &mut [Tally; 2]) {
        let (vector, text) = (stream.probe(probe), "planner 数据 locks".to_owned());
        for (fusion, sieve) in [(Fusion::Rrf, None), (Fusion::Weighted(0.4), Some(&SIEVES[1]))] {
            let wide = |mode, top_k| Query { exact: true, top_k, include: Include::ID, ..self.query(mode, sieve) };
            let near = ask(&self.plain, &wide(Mode::Vector { vector: vector.clone() }, ALL)).await;
            let texts = ask(&self.plain, &wide(Mode::Text { text: text.clone() }, CANDIDATES)).await;
            let query = self.query(Mode::Hybrid { vector: vector.clone(), text: text.clone(), fusion }, sieve);
            let exact = ask(&self.plain, &Query { exact: true, ..query.clone() }).await;
            for (ns, tally) in [&self.graph, &self.cold].into_iter().zip(&mut *tallies) {
                let asked = Asked { query: &query, sieve, rows: stream.rows() };
                asked.check_hybrid(&ask(ns, &query).await, &exact, (&near, &texts), tally);
            }
        }
    }

    /// Queries that take no index, alone and together.
    async fn check_exact(&self, vector: &[f32]) {
        let far = ask(&self.plain, &self.query(Mode::Vector { vector: vector.to_vec() }, None)).await;
        let bound = far.last().and_then(|hit| hit.distance);
        let near = |sieve| self.query(Mode::Vector { vector: vector.to_vec() }, sieve);
        let text = |text: &str, sieve| self.query(Mode::Text { text: text.to_owned() }, sieve);
        let both = |fusion, sieve| {
            let mode = Mode::Hybrid { vector: vector.to_vec(), text: "running replicas".to_owned(), fusion };
            Query { exact: true, ..self.query(mode, sieve) }
        };
        let group = |attribute: &str, size| Some(GroupBy { attribute: attribute.to_owned(), size });
        let queries = vec![
            Query { exact: true, ..near(None) },
            Query { exact: true, max_distance: bound, ..near(Some(&SIEVES[0])) },
            text("running query 数据", None),
            text("検索 backup", Some(&SIEVES[1])),
            Query { min_score: Some(0.8), ..text("index", None) },
            both(Fusion::Rrf, None),
            both(Fusion::Weighted(0.3), Some(&SIEVES[2])),
            Query { group_by: group("topic", 3), ..near(None) },
            Query { group_by: group("page", 1), ..near(Some(&SIEVES[1])) },
            Query { group_by: group("public", 4), max_distance: bound, ..near(None) },
            Query { group_by: group("weight", 2), ..text("vacuum", None) },
            Query { group_by: group("page", 2), ..both(Fusion::Rrf, Some(&SIEVES[0])) },
        ];
        let wanted = ask_together(&self.plain, &queries).await;
        for (ns, what) in [(&self.graph, "graph"), (&self.cold, "cold")] {
            let found = ask_together(ns, &queries).await;
            for ((query, found), wanted) in queries.iter().zip(found).zip(&wanted) {
                assert!(!wanted.is_empty(), "nothing to compare: {query:?}");
                assert_eq!(&found, wanted, "{what}: {query:?}");
            }
        }
        for (query, wanted) in queries.iter().zip(&wanted) {
            assert_eq!(&ask(&self.graph, query).await, wanted, "alone: {query:?}");
        }
    }

    /// Counts and pages, in the order of ids and of attributes.
    async fn check_pages(&self, rows: &BTreeMap<String, Record>) {
        let places = [(&self.plain, "plain"), (&self.graph, "graph"), (&self.cold, "cold")];
        for sieve in [None, Some(&SIEVES[2])] {
            let wanted: Vec<&Record> =
                rows.values().filter(|row| sieve.is_none_or(|sieve| (sieve.passes)(row))).collect();
            let filter = || sieve.map(|sieve| self.filter(sieve));
            let ordered = in_order(&self.plain, filter()).await;
            for (ns, what) in places {
                assert_eq!(ns.count(DOCS, filter()).await.expect("count").value, wanted.len() as u64, "{what}");
                assert!(in_order(ns, filter()).await == ordered, "{what}: another order");
                let found = scanned(ns, filter()).await;
                assert!(found.iter().eq(wanted.iter().copied()), "{what}: other rows than were written");
            }
        }
    }
}

async fn scanned(ns: &Namespace, filter: Option<Filter>) -> Vec<Record> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = ns.scan(DOCS, filter.clone(), after, ALL, Include::ALL).await.expect("scan").value;
        after = page.records.last().map(|last| last.id.clone());
        all.extend(page.records);
        if !page.more {
            return all;
        }
    }
}

/// Two pages in the order of each of some attributes.
async fn in_order(ns: &Namespace, filter: Option<Filter>) -> Vec<OrderedPage> {
    let mut pages = Vec::new();
    for (attribute, descending) in [("page", false), ("weight", true)] {
        let mut after = None;
        for _ in 0..2 {
            let order = OrderBy { attribute: attribute.to_owned(), descending };
            let page =
                ns.scan_ordered(DOCS, filter.clone(), order, after, 200, Include::ALL).await.expect("scan").value;
            after = page.last.clone();
            pages.push(page);
        }
    }
    pages
}

/// A query, and what its hits may be.
struct Asked<'a> {
    query: &'a Query,
    sieve: Option<&'a Sieve>,
    rows: &'a BTreeMap<String, Record>,
}

impl Asked<'_> {
    /// What an index may answer. `all`: what it chooses from, whatever the bounds of the query, best first.
    fn check_near(&self, found: &[Hit], all: &[Hit], tally: &mut Tally) {
        let Query { max_distance, min_score, top_k, .. } = self.query;
        let near = |hit: &&Hit| max_distance.is_none_or(|max| hit.distance.is_some_and(|distance| distance <= max));
        let good = |hit: &&Hit| min_score.is_none_or(|min| hit.score >= min);
        let wanted: Vec<&Hit> = all.iter().filter(near).filter(good).take(*top_k).collect();
        let as_many = found.len() == wanted.len();
        let bounded = max_distance.is_some() || min_score.is_some();
        assert!(as_many || bounded && found.len() < wanted.len(), "{} for {} hits", found.len(), wanted.len());
        let known = by_id(all);
        for (rank, hit) in (1_u32..).zip(found) {
            self.check_row(hit);
            let same = known[hit.record.id.as_str()];
            assert_eq!((bits(hit.distance), hit.score.to_bits()), (bits(same.distance), same.score.to_bits()));
            assert_eq!((hit.vector_rank, hit.text_rank, hit.bm25), (Some(rank), None, None));
            assert!(near(&hit) && good(&hit), "{hit:?}");
        }
        let order = |a: &Hit, b: &Hit| (a.distance, &a.record.id) < (b.distance, &b.record.id);
        assert!(found.is_sorted_by(order), "by distance, then by id");
        let worst = wanted.last().and_then(|hit| hit.distance);
        tally.found += found.iter().filter(|hit| hit.distance <= worst).count();
        tally.wanted += wanted.len();
    }

    /// What a fusion may answer when an index gave one ranking: of each row the rank by its text and its distance are
    /// the exact ones, and by vector it is ranked no worse, as rows that are missing can only be before it. `near` and
    /// `texts` are the exact rankings.
    fn check_hybrid(&self, found: &[Hit], exact: &[Hit], (near, texts): (&[Hit], &[Hit]), tally: &mut Tally) {
        assert_eq!(found.len(), exact.len());
        let (near, texts, exact) = (by_id(near), by_id(texts), by_id(exact));
        let share = |rank: Option<u32>| rank.map_or(0.0, |rank| 1.0 / (60.0 + f64::from(rank)));
        for hit in found {
            self.check_row(hit);
            let id = hit.record.id.as_str();
            let text = texts.get(id).map(|same| (same.text_rank, bits(same.bm25))).unwrap_or_default();
            assert_eq!((hit.text_rank, bits(hit.bm25)), text, "{hit:?}");
            assert_eq!(hit.vector_rank.is_some(), hit.distance.is_some(), "{hit:?}");
            if hit.vector_rank.is_some() {
                assert_eq!(bits(hit.distance), bits(near[id].distance), "{hit:?}");
                assert!(hit.vector_rank <= near[id].vector_rank, "{hit:?}");
            }
            if matches!(self.query.mode, Mode::Hybrid { fusion: Fusion::Rrf, .. }) {
                let score = (share(hit.vector_rank) + share(hit.text_rank)) as f32;
                assert_eq!(hit.score.to_bits(), score.to_bits(), "{hit:?}");
            }
            tally.found += usize::from(exact.contains_key(id));
        }
        assert!(found.is_sorted_by(|a, b| a.score >= b.score), "by score");
        tally.wanted += exact.len();
    }

    /// Neither dead nor shadowed, and it passes.
    fn check_row(&self, hit: &Hit) {
        let row = &hit.record;
        assert_eq!(self.rows.get(&row.id), Some(row), "not as it was written last");
        assert!(self.sieve.is_none_or(|sieve| (sieve.passes)(row)), "it does not pass: {row:?}");
    }
}

fn bits(number: Option<f32>) -> Option<u32> {
    number.map(f32::to_bits)
}

fn by_id(hits: &[Hit]) -> HashMap<&str, &Hit> {
    hits.iter().map(|hit| (hit.record.id.as_str(), hit)).collect()
}

async fn compare(metric: Metric, dimension: usize, seed: u64) {
    let mut stream = Stream::new(seed, dimension);
    let places = Places::new(columns(metric, dimension), &mut stream).await;
    let mut tallies = [Tally::default(), Tally::default()];
    for round in 0..2 {
        places.write(&stream.writes(WRITES, IDS)).await;
        places.fold().await;
        places.write(&stream.writes(WRITES, IDS)).await;
        places.check_near(&stream, round, &mut tallies).await;
        places.check_hybrid(&stream, round, &mut tallies).await;
        places.check_exact(&stream.probe(round)).await;
        places.check_pages(stream.rows()).await;
        places.graph.index().await;
    }
    for (Tally { found, wanted }, what) in tallies.iter().zip(["graph", "cold"]) {
        assert!(*wanted > 500 && found * 10 >= wanted * 9, "{what}: {found} of {wanted}");
    }
}

/// So many numbers that the rows which pass are too many bytes to be measured one by one.
#[tokio::test(flavor = "multi_thread")]
async fn indexes_give_the_exact_rows_or_nearly_so_by_cosine() {
    compare(Metric::Cosine, 256, 31).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_give_the_exact_rows_or_nearly_so_by_dot_product() {
    compare(Metric::Dot, 16, 32).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_give_the_exact_rows_or_nearly_so_by_euclidean_distance() {
    compare(Metric::Euclidean, 16, 33).await;
}
