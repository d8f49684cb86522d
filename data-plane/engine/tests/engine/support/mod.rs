//! What the engine's tests share.

pub mod faulty;
pub mod held;
pub mod killed;
pub mod lease;
pub mod leftovers;
pub mod pause;
pub mod place;
pub mod s3;
pub mod slow;
pub mod tables;
pub mod timeline;
pub mod vectors;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_clock::{ManualClock, SeededEntropy};
use agentdb_data_plane_engine::{
    AttributeType, Config, Environment, Language, Metric, Namespace, Record, Schema, SoleOwner, Store, TextSpec,
    UsageDelta, Value, VectorSpec, WriteMeta, Writer, default_vector,
};
use object_store::ObjectStore;
use uuid::Uuid;

pub const PREFIX: &str = "ns/test";
pub const DOCS: &str = "docs";

/// Config without background folds: tests say when.
pub fn config() -> Config {
    Config { background_fold: false, ..Config::default() }
}

pub fn environment(seed: u64) -> Environment {
    let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    Environment {
        clock: Arc::new(ManualClock::at(start)),
        entropy: Arc::new(SeededEntropy::new(seed)),
        lease: Arc::new(SoleOwner),
    }
}

/// An empty store: memory, unless the suites are run on another one.
pub fn memory() -> Arc<dyn ObjectStore> {
    place::objects()
}

pub fn store(objects: &Arc<dyn ObjectStore>) -> Store {
    Store::over(Arc::clone(objects), 1 << 30)
}

pub fn writer(generation: u64) -> Writer {
    Writer { writer_id: Uuid::new_v4(), generation }
}

pub async fn open(store: &Store, generation: u64) -> Arc<Namespace> {
    Namespace::open(store, PREFIX, writer(generation), config(), environment(generation)).await.expect("opens")
}

/// A schema with a column of every kind.
pub fn schema() -> Schema {
    Schema {
        vectors: VectorSpec { dimension: 4, metric: Metric::Cosine }.into(),
        text: Some(TextSpec { language: Language::English }),
        attributes: BTreeMap::from([
            ("topic".to_owned(), AttributeType::String),
            ("page".to_owned(), AttributeType::Int),
            ("weight".to_owned(), AttributeType::Float),
            ("public".to_owned(), AttributeType::Bool),
            ("seen".to_owned(), AttributeType::Timestamp),
            ("tags".to_owned(), AttributeType::StringList),
        ]),
        embedding_model: None,
    }
}

const WORDS: [&str; 16] = [
    "index",
    "vacuum",
    "query",
    "planner",
    "lock",
    "buffer",
    "replica",
    "table",
    "Running",
    "backup",
    "数据库",
    "検索",
    "role",
    "schema",
    "trigger",
    "view",
];

/// Record `i` in version `version`: every column a function of both.
pub fn record(i: usize, version: usize) -> Record {
    let n = i * 31 + version * 17;
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let f = |k: usize| ((n * (k + 3)) % 101) as f32 / 50.0 - 1.0;
    let text: Vec<&str> = (0..3 + n % 9).map(|k| WORDS[(n * (k + 1) + k * k) % WORDS.len()]).collect();
    Record {
        id: format!("r{i:04}"),
        vectors: default_vector((0..4).map(f).collect()),
        text: (!n.is_multiple_of(7)).then(|| text.join(" ")),
        attributes: BTreeMap::from([
            ("topic".to_owned(), Value::String(WORDS[n % 5].to_owned())),
            ("page".to_owned(), Value::Int((n % 40) as i64)),
            ("weight".to_owned(), Value::Float((n % 13) as f64 / 4.0)),
            ("public".to_owned(), Value::Bool(n.is_multiple_of(3))),
            ("seen".to_owned(), Value::Timestamp(1_700_000_000_000_000 + n as i64)),
            ("tags".to_owned(), Value::StringList(vec![WORDS[n % 6].to_owned(), WORDS[n % 4].to_owned()])),
        ]),
        metadata: Some(
            serde_json::json!({"n": n, "source": {"kind": if n.is_multiple_of(2) { "draft" } else { "final" }}}),
        ),
    }
}

pub fn usage(key: u128, amount: u64) -> WriteMeta {
    WriteMeta {
        usage: vec![UsageDelta { key: Uuid::from_u128(key), meter: "write".to_owned(), hour: 500_000, amount }],
        ..WriteMeta::default()
    }
}
