//! Indexes of vector columns: answers are the exact ones or nearly so, whatever happens to the rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agentdb_data_plane_engine::{
    AttributeType, Config, Filter, Hit, Include, Metric, Mode, Namespace, Query, Record, Schema, Store, Value,
    VectorSpec, WriteMeta, default_vector,
};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::support::{DOCS, PREFIX, config, environment, memory, writer};

const DIMENSION: usize = 12;
/// Searches are as wide as a recall of 0.97 takes; a probe asks so few rows that chance makes this of it at worst.
const PROBED: f64 = 0.93;

fn schema(metric: Metric) -> Schema {
    Schema {
        vectors: VectorSpec { dimension: DIMENSION as u32, metric }.into(),
        attributes: BTreeMap::from([("page".to_owned(), AttributeType::Int)]),
        ..Schema::default()
    }
}

/// Every column is indexed, when the test says so.
fn indexing() -> Config {
    Config { index_above: 0, background_index: false, ..config() }
}

async fn open_with(store: &Store, config: Config) -> Arc<Namespace> {
    Namespace::open(store, PREFIX, writer(1), config, environment(1)).await.expect("opens")
}

async fn open_new(config: Config, schema: Schema) -> Arc<Namespace> {
    let ns = open_with(&Store::over(memory(), 1 << 30), config).await;
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    ns
}

fn id(i: usize) -> String {
    format!("r{i:05}")
}

fn record(i: usize, vector: Vec<f32>) -> Record {
    let attributes = BTreeMap::from([("page".to_owned(), Value::Int((i % 10) as i64))]);
    Record { id: id(i), vectors: default_vector(vector), attributes, ..Record::default() }
}

async fn upsert(ns: &Namespace, rows: Vec<Record>) {
    for chunk in rows.chunks(1_000) {
        ns.upsert(DOCS, chunk.to_vec(), WriteMeta::default()).await.expect("written");
    }
}

async fn delete(ns: &Namespace, rows: impl Iterator<Item = usize>) {
    let ids: Vec<String> = rows.map(id).collect();
    for chunk in ids.chunks(1_000) {
        ns.delete(DOCS, chunk.to_vec(), WriteMeta::default()).await.expect("deleted");
    }
}

/// Vectors around a few centres.
struct Vectors {
    chance: ChaCha8Rng,
    centres: Vec<Vec<f32>>,
}

impl Vectors {
    fn new(seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let centres = (0..25).map(|_| (0..DIMENSION).map(|_| chance.random_range(-1.0_f32..1.0)).collect()).collect();
        Self { chance, centres }
    }

    fn next(&mut self) -> Vec<f32> {
        let centre = &self.centres[self.chance.random_range(0..self.centres.len())];
        centre.iter().map(|x| x + self.chance.random_range(-0.3_f32..0.3)).collect()
    }

    fn rows(&mut self, rows: std::ops::Range<usize>) -> Vec<Record> {
        rows.map(|i| record(i, self.next())).collect()
    }
}

async fn ask(ns: &Namespace, query: Query) -> Vec<Hit> {
    ns.query(DOCS, query).await.expect("query").value
}

fn nearest(vector: Vec<f32>, top_k: usize) -> Query {
    Query { include: Include::ID, ..Query::new(Mode::Vector { vector }, top_k) }
}

fn ids(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.record.id.as_str()).collect()
}

/// Rows in an index, in segments beside it, and in the memtable; every third of the first ones overwritten or gone.
async fn scatter(ns: &Namespace, vectors: &mut Vectors, indexed: bool) {
    upsert(ns, vectors.rows(0..5_000)).await;
    if indexed {
        ns.fold().await.expect("fold");
        ns.index().await;
    }
    upsert(ns, vectors.rows(5_000..5_100)).await;
    delete(ns, (0..300).map(|i| i * 3)).await;
    if indexed {
        ns.fold().await.expect("fold");
    }
    let again = (0..200).map(|i| record(i * 9 + 1, vectors.next())).collect();
    upsert(ns, again).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_exact_when_asked_for_and_nearly_so_otherwise(
        seed in any::<u64>(),
        metric in prop::sample::select(vec![Metric::Cosine, Metric::Dot, Metric::Euclidean]),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        runtime.block_on(async {
            let plain = open_new(config(), schema(metric)).await;
            scatter(&plain, &mut Vectors::new(seed), false).await;
            let ns = open_new(indexing(), schema(metric)).await;
            scatter(&ns, &mut Vectors::new(seed), true).await;
            assert_eq!(ns.stats().indexed_rows, 5_000, "the index is there");
            let filters = [None, Some("page < 8")];
            let (mut found, mut wanted) = (0, 0);
            let mut queries = Vectors::new(seed);
            for filter in filters {
                let filter = filter.map(|f| Filter::parse(f, &[], &schema(metric)).expect("filter"));
                for _ in 0..25 {
                    let query = Query { filter: filter.clone(), ..nearest(queries.next(), 10) };
                    let all = ask(&plain, Query { top_k: 1_000, ..query.clone() }).await;
                    let exact = ask(&ns, Query { exact: true, ..query.clone() }).await;
                    assert_eq!(exact, all[..10], "where rows are makes no difference");
                    let distances: HashMap<&str, Option<f32>> =
                        all.iter().map(|hit| (hit.record.id.as_str(), hit.distance)).collect();
                    let near = ask(&ns, query).await;
                    assert_eq!(near.len(), 10);
                    for hit in &near {
                        assert_eq!(distances.get(hit.record.id.as_str()), Some(&hit.distance), "exact distances of live rows");
                    }
                    let order = |hit: &Hit| (hit.distance.expect("a distance"), hit.record.id.clone());
                    assert!(near.is_sorted_by(|a, b| order(a) < order(b)), "by distance, then by id");
                    found += near.iter().filter(|hit| hit.distance <= all[9].distance).count();
                    wanted += 10;
                }
            }
            assert!(found * 100 >= wanted * 95, "{found} of {wanted}");
            let recall = ns.recall(DOCS, "vector", 50, 10).await.expect("recall").value;
            assert!(recall.indexed && recall.samples > 40 && recall.recall >= PROBED, "{recall:?}");
            let recall = plain.recall(DOCS, "vector", 50, 10).await.expect("recall").value;
            assert!(!recall.indexed);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_shadowed_rows_in_an_index_do_not_push_live_ones_out() {
    let ns = open_new(indexing(), schema(Metric::Cosine)).await;
    let at = |x: f32, i: usize| (0..DIMENSION).map(|k| if k == 0 { x } else { (i % (k + 7)) as f32 * 1e-3 }).collect();
    upsert(&ns, (0..4_000).map(|i| record(i, at(1.0, i))).collect()).await;
    upsert(&ns, Vectors::new(1).rows(4_000..16_000)).await;
    ns.fold().await.expect("fold");
    ns.index().await;
    assert_eq!(ns.stats().indexed_rows, 16_000);
    upsert(&ns, (10..4_000).map(|i| record(i, at(-1.0, i))).collect()).await;
    for _ in 0..3 {
        let hits = ask(&ns, nearest(at(1.0, 0), 10)).await;
        let mut found = ids(&hits);
        found.sort_unstable();
        assert_eq!(found, (0..10).map(id).collect::<Vec<_>>());
        ns.fold().await.expect("fold");
        ns.index().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_which_much_is_dead_is_built_anew() {
    let ns = open_new(indexing(), schema(Metric::Cosine)).await;
    let mut vectors = Vectors::new(8);
    upsert(&ns, vectors.rows(0..3_000)).await;
    ns.fold().await.expect("fold");
    ns.index().await;
    upsert(&ns, vectors.rows(0..2_500)).await;
    ns.fold().await.expect("fold");
    assert_eq!(ns.stats().indexed_rows, 3_000);
    ns.index().await;
    assert_eq!(ns.stats().indexed_rows, 3_000, "the live ones and no others");
    let recall = ns.recall(DOCS, "vector", 100, 10).await.expect("recall").value;
    assert!(recall.indexed && recall.recall >= PROBED, "{recall:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_probe_looks_for_the_rows_beside_the_one_it_asks_with() {
    let ns = open_new(indexing(), schema(Metric::Euclidean)).await;
    let probed = async |rows: usize, top_k: usize| {
        upsert(&ns, (0..rows).map(|i| record(i, vec![i as f32; DIMENSION])).collect()).await;
        ns.fold().await.expect("fold");
        ns.index().await;
        let recall = ns.recall(DOCS, "vector", 10, top_k).await.expect("recall").value;
        assert!(recall.indexed, "{recall:?}");
        (recall.samples, recall.recall)
    };
    assert_eq!(probed(1, 1).await, (0, 1.0), "one row alone has nothing to find");
    assert_eq!(probed(2, 1).await, (2, 1.0), "each finds the other");
    assert_eq!(probed(3, 5).await, (3, 1.0), "all that are there are as many as can be found");
}

#[tokio::test(flavor = "multi_thread")]
async fn folds_that_move_rows_keep_the_index() {
    let ns = open_new(indexing(), schema(Metric::Euclidean)).await;
    let mut vectors = Vectors::new(2);
    upsert(&ns, vectors.rows(0..2_000)).await;
    ns.fold().await.expect("fold");
    ns.index().await;
    for round in 0..4 {
        upsert(&ns, vectors.rows(2_000 + round * 500..2_500 + round * 500)).await;
        delete(&ns, round * 50..round * 50 + 50).await;
        ns.fold().await.expect("fold");
        let before = ns.stats().indexed_rows;
        let recall = ns.recall(DOCS, "vector", 100, 10).await.expect("recall").value;
        assert!(recall.indexed && recall.recall >= PROBED, "{recall:?}");
        ns.index().await;
        assert_eq!(ns.stats().indexed_rows, before + 500, "what was indexed stays");
        let recall = ns.recall(DOCS, "vector", 100, 10).await.expect("recall").value;
        assert!(recall.recall >= PROBED, "{recall:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_seen_by_the_next_query_while_indexes_are_built() {
    let config = Config { background_index: true, background_fold: true, fold_rows: 400, ..indexing() };
    let ns = open_new(config, schema(Metric::Euclidean)).await;
    let mut vectors = Vectors::new(3);
    for round in 0..25 {
        upsert(&ns, vectors.rows(round * 200..round * 200 + 200)).await;
        let (row, vector) = (round * 200 + 7, vectors.next());
        upsert(&ns, vec![record(row, vector.clone())]).await;
        assert_eq!(ids(&ask(&ns, nearest(vector.clone(), 1)).await), [id(row)]);
        delete(&ns, std::iter::once(row)).await;
        assert!(!ids(&ask(&ns, nearest(vector, 100)).await).contains(&id(row).as_str()));
    }
    ns.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_memory_for_an_index_every_row_is_looked_at() {
    let rows = Vectors::new(4).rows(0..3_000);
    for (bytes, fits) in [(1 << 30, true), (800_000, false)] {
        let ns = open_with(&Store::over(memory(), bytes), indexing()).await;
        ns.create_collection(DOCS, schema(Metric::Dot), WriteMeta::default()).await.expect("created");
        upsert(&ns, rows.clone()).await;
        ns.fold().await.expect("fold");
        ns.index().await;
        assert_eq!(ns.stats().indexed_rows, if fits { 3_000 } else { 0 });
        assert_eq!(ns.recall(DOCS, "vector", 20, 10).await.expect("recall").value.indexed, fits);
        let query = nearest(Vectors::new(5).next(), 10);
        let exact = ask(&ns, Query { exact: true, ..query.clone() }).await;
        if !fits {
            assert_eq!(ask(&ns, query).await, exact);
        }
        ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
        assert_eq!(ns.stats().index_bytes, 0, "its memory is given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_collections_are_not_indexed() {
    let ns = open_new(Config { index_above: 3_000 * (DIMENSION + 64), ..indexing() }, schema(Metric::Cosine)).await;
    let mut vectors = Vectors::new(6);
    upsert(&ns, vectors.rows(0..3_000)).await;
    ns.fold().await.expect("fold");
    ns.index().await;
    assert_eq!(ns.stats().indexed_rows, 0);
    upsert(&ns, vectors.rows(3_000..3_001)).await;
    ns.fold().await.expect("fold");
    ns.index().await;
    assert_eq!(ns.stats().indexed_rows, 3_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_vectors_do_no_harm_to_an_index() {
    for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
        let mut two = schema(metric);
        two.vectors.insert("other".to_owned(), VectorSpec { dimension: 1, metric });
        let ns = open_new(indexing(), two).await;
        let odd = |i: usize| match i % 4 {
            0 => Record { vectors: BTreeMap::from([("other".to_owned(), vec![1.0])]), ..record(i, Vec::new()) },
            // By cosine each vector needs a direction.
            1 if metric == Metric::Cosine => record(i, vec![-1e-15; DIMENSION]),
            1 => record(i, vec![0.0; DIMENSION]),
            2 => record(i, vec![1.0; DIMENSION]),
            _ => record(i, vec![if i % 8 == 3 { 1e15 } else { 1e-15 }; DIMENSION]),
        };
        upsert(&ns, (0..4_000).map(odd).collect()).await;
        ns.fold().await.expect("fold");
        ns.index().await;
        ns.index().await;
        for vector in [vec![0.0; DIMENSION], vec![1.0; DIMENSION], vec![-1e15; DIMENSION]] {
            for top_k in [1, 10, 1_000] {
                let query = nearest(vector.clone(), top_k);
                let exact = ask(&ns, Query { exact: true, ..query.clone() }).await;
                let found = ask(&ns, query).await;
                assert_eq!(found.len(), exact.len());
                assert!(found.is_sorted_by(|a, b| a.distance <= b.distance));
                if metric == Metric::Cosine {
                    let (last, worst) = (found.last().map(|h| h.score), exact.last().map(|h| h.score));
                    assert_eq!(last, worst, "{vector:?} {top_k}: as near, though perhaps others");
                }
            }
        }
        delete(&ns, 0..4_000).await;
        ns.fold().await.expect("fold");
        ns.index().await;
        assert!(ask(&ns, nearest(vec![1.0; DIMENSION], 10)).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_does_not_wait_for_an_index() {
    let ns = open_new(Config { background_index: true, ..indexing() }, schema(Metric::Cosine)).await;
    upsert(&ns, Vectors::new(7).rows(0..4_000)).await;
    ns.fold().await.expect("fold");
    ns.close().await;
    assert!(ns.stats().indexed_rows <= 4_000);
}
