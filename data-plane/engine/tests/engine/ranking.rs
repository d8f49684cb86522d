//! Hits and scores against a model: every row looked at, every formula written down once more, all in f64.
//!
//! The model shares nothing with the engine. Texts are short English words that are their own stems, so words
//! are terms. Rows that score alike to the last bit are ordered by id; other near ties would make the order a
//! matter of rounding, so the model refuses data that has any.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::support::{DOCS, memory, open};
use agentdb_data_plane_engine::{
    AttributeType, Filter, Fusion, Hit, Include, Language, Metric, Mode, Namespace, Query, Record, Schema, Store,
    TextSpec, Value, VectorSpec, WriteMeta, default_vector,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DIMENSION: usize = 8;
const WORDS: [&str; 12] = ["ant", "bat", "cat", "dog", "elk", "fox", "gnu", "hen", "jay", "koi", "owl", "rat"];
/// Live rows: more than the candidates of a hybrid query, so that its cut is seen.
const ROWS: usize = 160;
/// What each ranking gives to a fusion for up to 33 hits.
const CANDIDATES: usize = 100;
/// What most queries by vector ask for.
const PROBE: [f32; DIMENSION] = [0.31, -0.42, 0.93, 0.14, -0.55, 0.26, 0.07, -0.68];
/// Distances are f32 in the engine, and what is computed of them is no more exact; all else is f64. Keys further
/// apart than this are not a matter of rounding.
const APART_F32: f64 = 2e-6;
const APART_F64: f64 = 1e-12;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Memtable,
    Folded,
    /// Half of it folded, then overwritten and deleted in the memtable.
    Mixed,
    Streamed,
    StreamedMixed,
}

const LAYOUTS: [Layout; 5] = [Layout::Memtable, Layout::Folded, Layout::Mixed, Layout::Streamed, Layout::StreamedMixed];

fn schema(metric: Metric) -> Schema {
    Schema {
        vectors: VectorSpec { dimension: DIMENSION as u32, metric }.into(),
        text: Some(TextSpec { language: Language::English }),
        attributes: BTreeMap::from([("page".to_owned(), AttributeType::Int)]),
        embedding_model: None,
    }
}

fn random_record(random: &mut ChaCha8Rng, id: usize) -> Record {
    let vector = (0..DIMENSION).map(|_| random.random_range(-1.0..1.0_f32)).collect();
    let words = random.random_range(1..12_usize);
    // Some words are rare.
    let mut word = || random.random_range(0..WORDS.len()).min(random.random_range(0..WORDS.len()));
    let text: Vec<&str> = (0..words).map(|_| WORDS[word()]).collect();
    Record {
        id: format!("r{id:03}"),
        vectors: default_vector(vector),
        text: random.random_bool(0.9).then(|| text.join(", ").replace("fox", "Fox")),
        attributes: BTreeMap::from([("page".to_owned(), Value::Int(random.random_range(0..10)))]),
        metadata: None,
    }
}

/// The live rows, and rows that were there before them: overwritten, or deleted (the ids from `ROWS` on).
fn data(metric: Metric, seed: u64) -> (Vec<Record>, Vec<Record>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut live: Vec<Record> = (0..ROWS).map(|id| random_record(&mut random, id)).collect();
    let gone = (0..ROWS / 4).chain(ROWS..ROWS + 20).map(|id| random_record(&mut random, id)).collect();
    // Ties: every eighth row is another one under a new id. And one vector has no length; by cosine, where each needs a
    // direction, it has hardly any, at right angles to what is asked for.
    for i in (0..ROWS).step_by(8) {
        let twin = live[(i * 7 + 3) % ROWS].clone();
        live[i] = Record { id: live[i].id.clone(), ..twin };
    }
    let mut short = vec![0.0; DIMENSION];
    if metric == Metric::Cosine {
        (short[0], short[1]) = (-1e-15 * PROBE[1], 1e-15 * PROBE[0]);
    }
    live[5].vectors = default_vector(short);
    (live, gone)
}

async fn build(live: &[Record], gone: &[Record], metric: Metric, layout: Layout) -> Arc<Namespace> {
    let budget = if matches!(layout, Layout::Streamed | Layout::StreamedMixed) { 0 } else { 1 << 30 };
    let ns = open(&Store::over(memory(), budget), 1).await;
    ns.create_collection(DOCS, schema(metric), WriteMeta::default()).await.expect("created");
    let write = async |rows: Vec<Record>| ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
    write(live[ROWS / 2..].to_vec()).await;
    write(gone.to_vec()).await;
    if matches!(layout, Layout::Mixed | Layout::StreamedMixed) {
        ns.fold().await.expect("fold");
    }
    write(live[..ROWS / 2].to_vec()).await;
    let deleted = gone.iter().filter(|r| live.iter().all(|l| l.id != r.id)).map(|r| r.id.clone()).collect();
    ns.delete(DOCS, deleted, WriteMeta::default()).await.expect("deleted");
    if matches!(layout, Layout::Folded | Layout::Streamed) {
        ns.fold().await.expect("fold");
    }
    ns
}

/// A ranking of the model, best first: id, key (lower is better).
type Ranking = Vec<(String, f64)>;

fn sorted(mut ranking: Ranking, apart: f64) -> Ranking {
    ranking.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    for pair in ranking.windows(2) {
        let gap = pair[1].1 - pair[0].1;
        assert!(gap == 0.0 || gap > apart, "{} and {} are nearly equal: choose other data", pair[0].0, pair[1].0);
    }
    ranking
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn distance(metric: Metric, query: &[f32], row: &[f32]) -> f64 {
    match metric {
        Metric::Dot => -dot(query, row),
        Metric::Euclidean => {
            query.iter().zip(row).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
        }
        Metric::Cosine => 1.0 - dot(query, row) / (dot(query, query).sqrt() * dot(row, row).sqrt()),
    }
}

fn vector_score(metric: Metric, distance: f64) -> f64 {
    match metric {
        Metric::Cosine => 1.0 - distance,
        Metric::Dot => -distance,
        Metric::Euclidean => 1.0 / (1.0 + distance),
    }
}

fn by_vector(rows: &[&Record], metric: Metric, query: &[f32]) -> Ranking {
    let vector = |row: &Record| row.vector().expect("a vector").to_vec();
    sorted(rows.iter().map(|row| (row.id.clone(), distance(metric, query, &vector(row)))).collect(), APART_F32)
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// BM25 with k1 = 1.2 and b = 0.75; the statistics are those of all live rows, whatever the filter.
fn by_text(all: &[Record], passing: &[&Record], query: &str) -> Ranking {
    let texts: Vec<Vec<String>> = all.iter().filter_map(|r| r.text.as_deref()).map(words).collect();
    let documents = texts.len() as f64;
    let average = texts.iter().map(Vec::len).sum::<usize>() as f64 / documents;
    let idf = |word: &str| {
        let with = texts.iter().filter(|text| text.iter().any(|w| w == word)).count() as f64;
        ((documents - with + 0.5) / (with + 0.5)).ln_1p()
    };
    let asked: BTreeSet<String> = words(query).into_iter().collect();
    let score = |text: &str| {
        let text = words(text);
        let parts = asked.iter().map(|word| {
            let count = text.iter().filter(|w| *w == word).count() as f64;
            idf(word) * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * text.len() as f64 / average))
        });
        parts.sum::<f64>()
    };
    let found = passing.iter().filter_map(|row| row.text.as_deref().map(|text| (row.id.clone(), -score(text))));
    sorted(found.filter(|(_, key)| *key < 0.0).collect(), APART_F64)
}

/// A hit as the model has it.
#[derive(Debug, Default, Clone)]
struct Expected {
    id: String,
    score: f64,
    distance: Option<f64>,
    bm25: Option<f64>,
    vector_rank: Option<u32>,
    text_rank: Option<u32>,
}

fn fused(mut near: Ranking, mut texts: Ranking, fusion: Fusion) -> Vec<Expected> {
    near.truncate(CANDIDATES);
    texts.truncate(CANDIDATES);
    let share = |ranking: &Ranking, rank: usize, weight: f64| match fusion {
        Fusion::Rrf => 1.0 / (60.0 + (rank + 1) as f64),
        Fusion::Weighted(_) => {
            let (best, worst) = (ranking[0].1, ranking[ranking.len() - 1].1);
            weight * (worst - ranking[rank].1) / (worst - best)
        }
    };
    let (alpha, apart) = match fusion {
        Fusion::Rrf => (0.0, APART_F64),
        Fusion::Weighted(alpha) => (f64::from(alpha), APART_F32),
    };
    let mut rows: HashMap<String, Expected> = HashMap::new();
    for (rank, (id, key)) in near.iter().enumerate() {
        let row = rows.entry(id.clone()).or_insert_with(|| Expected { id: id.clone(), ..Expected::default() });
        (row.distance, row.vector_rank) = (Some(*key), Some(rank as u32 + 1));
        row.score += share(&near, rank, alpha);
    }
    for (rank, (id, key)) in texts.iter().enumerate() {
        let row = rows.entry(id.clone()).or_insert_with(|| Expected { id: id.clone(), ..Expected::default() });
        (row.bm25, row.text_rank) = (Some(-key), Some(rank as u32 + 1));
        row.score += share(&texts, rank, 1.0 - alpha);
    }
    let order = sorted(rows.values().map(|row| (row.id.clone(), -row.score)).collect(), apart);
    order.into_iter().map(|(id, _)| rows[&id].clone()).collect()
}

fn page_of(row: &Record) -> i64 {
    match row.attributes["page"] {
        Value::Int(page) => page,
        ref other => panic!("{other:?}"),
    }
}

fn expected(live: &[Record], metric: Metric, query: &Query, page_below: Option<i64>) -> Vec<Expected> {
    let passes = |row: &&Record| page_below.is_none_or(|page| page_of(row) < page);
    let passing: Vec<&Record> = live.iter().filter(passes).collect();
    let mut hits = match &query.mode {
        Mode::Vector { vector } => by_vector(&passing, metric, vector)
            .into_iter()
            .map(|(id, key)| Expected {
                id,
                score: vector_score(metric, key),
                distance: Some(key),
                ..Expected::default()
            })
            .collect(),
        Mode::Text { text } => by_text(live, &passing, text)
            .into_iter()
            .map(|(id, key)| Expected { id, score: -key, bm25: Some(-key), ..Expected::default() })
            .collect(),
        Mode::Hybrid { vector, text, fusion } => {
            fused(by_vector(&passing, metric, vector), by_text(live, &passing, text), *fusion)
        }
    };
    hits.truncate(query.top_k);
    hits
}

fn near(got: f32, wanted: f64) -> bool {
    let got = f64::from(got);
    (got - wanted).abs() <= 1e-4 * wanted.abs().max(got.abs()) + 1e-6
}

fn assert_hits(hits: &[Hit], wanted: &[Expected], hybrid: bool, what: &str) {
    let ids = |hits: &[Hit]| hits.iter().map(|h| h.record.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(hits), wanted.iter().map(|e| e.id.clone()).collect::<Vec<_>>(), "{what}");
    for (hit, wanted) in hits.iter().zip(wanted) {
        let what = format!("{what}: {hit:?}, wanted {wanted:?}");
        assert!(near(hit.score, wanted.score), "{what}");
        for (got, wanted) in [(hit.distance, wanted.distance), (hit.bm25, wanted.bm25)] {
            assert_eq!(got.is_some(), wanted.is_some(), "{what}");
            assert!(got.zip(wanted).is_none_or(|(got, wanted)| near(got, wanted)), "{what}");
        }
        if hybrid {
            assert_eq!((hit.vector_rank, hit.text_rank), (wanted.vector_rank, wanted.text_rank), "{what}");
        }
    }
}

fn queries(live: &[Record]) -> Vec<(Mode, usize)> {
    let probe = || PROBE.to_vec();
    // The vector of a row that has a twin: distance nothing, twice.
    let own = live[8].vector().expect("a vector").to_vec();
    let hybrid = |text: &str, fusion| Mode::Hybrid { vector: probe(), text: text.to_owned(), fusion };
    vec![
        (Mode::Vector { vector: probe() }, ROWS),
        (Mode::Vector { vector: own }, 12),
        (Mode::Text { text: "fox".to_owned() }, ROWS),
        (Mode::Text { text: "Koi? OWL! fox, fox".to_owned() }, 20),
        (Mode::Text { text: "zebu".to_owned() }, 5),
        (hybrid("cat dog", Fusion::Rrf), 30),
        (hybrid("ant, elk, gnu, hen", Fusion::Rrf), 33),
        (hybrid("jay rat", Fusion::Weighted(0.3)), 30),
        (hybrid("bat", Fusion::Weighted(1.0)), 10),
        (hybrid("bat owl", Fusion::Weighted(0.0)), 10),
        (hybrid("zebu", Fusion::Weighted(0.7)), 10),
    ]
}

async fn compare(metric: Metric, seed: u64) {
    let (live, gone) = data(metric, seed);
    for layout in LAYOUTS {
        let ns = build(&live, &gone, metric, layout).await;
        assert_eq!(ns.count(DOCS, None).await.expect("count").value, ROWS as u64);
        for (number, (mode, top_k)) in queries(&live).into_iter().enumerate() {
            for page_below in [None, Some(4)] {
                let parsed = |page| Filter::parse(&format!("page < {page}"), &[], &schema(metric)).expect("a filter");
                let query =
                    Query { filter: page_below.map(parsed), include: Include::ID, ..Query::new(mode.clone(), top_k) };
                let wanted = expected(&live, metric, &query, page_below);
                let hits = ns.query(DOCS, query).await.expect("answered").value;
                let hybrid = matches!(mode, Mode::Hybrid { .. });
                let what = format!("{metric:?}, {layout:?}, query {number}, page below {page_below:?}");
                assert_hits(&hits, &wanted, hybrid, &what);
            }
        }
        ns.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_those_of_the_model_by_cosine() {
    compare(Metric::Cosine, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_those_of_the_model_by_dot_product() {
    compare(Metric::Dot, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_those_of_the_model_by_euclidean_distance() {
    compare(Metric::Euclidean, 3).await;
}
