//! What rewind, branch, restore and erase take at 100,000 rows of 384 numbers. Printed, not judged:
//! `cargo nextest run -p agentdb-data-plane-engine --test engine --run-ignored only --no-capture -E 'test(time_cost)'`.

#![expect(clippy::disallowed_methods, reason = "a measurement takes the real time")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::*;
use agentdb_data_plane_engine::{
    Config, Include, Metric, Mode, Moment, Namespace, Query, Record, Schema, Store, StoreConfig, VectorSpec, WriteMeta,
    default_vector,
};
use futures::TryStreamExt;
use object_store::path::Path;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 100_000;
const DIMENSION: u32 = 384;

fn rows(range: std::ops::Range<usize>, version: u64) -> Vec<Record> {
    let mut random = ChaCha8Rng::seed_from_u64(version * 1_000_003 + range.start as u64);
    let vector = |random: &mut ChaCha8Rng| (0..DIMENSION).map(|_| random.random_range(-1.0..1.0_f32)).collect();
    range
        .map(|i| Record { id: format!("r{i:06}"), vectors: default_vector(vector(&mut random)), ..Record::default() })
        .collect()
}

async fn bytes(store: &Store) -> (usize, u64) {
    let found: Vec<_> = store.objects().list(Some(&Path::from(PREFIX))).try_collect().await.expect("list");
    (found.len(), found.iter().map(|meta| meta.size).sum())
}

/// How long readers waited at most while `work` was done, how many reads they did, and how long it took.
async fn beside_readers<T>(ns: &Arc<Namespace>, work: impl Future<Output = T>) -> (T, Duration, usize, Duration) {
    let done = tokio_util::sync::CancellationToken::new();
    let reader = {
        let (ns, done) = (Arc::clone(ns), done.clone());
        tokio::spawn(async move {
            let (mut slowest, mut reads) = (Duration::ZERO, 0);
            while !done.is_cancelled() {
                let from = Instant::now();
                let ids = ["r000001".to_owned()];
                ns.fetch(DOCS, &ids, Include::default()).await.expect("fetch");
                slowest = slowest.max(from.elapsed());
                reads += 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            (slowest, reads)
        })
    };
    let from = Instant::now();
    let result = work.await;
    let took = from.elapsed();
    done.cancel();
    let (slowest, reads) = reader.await.expect("a reader");
    (result, took, reads, slowest)
}

async fn measured<T>(what: &str, store: &Store, ns: &Arc<Namespace>, work: impl Future<Output = T>) -> T {
    let before = bytes(store).await;
    let (result, took, reads, slowest) = beside_readers(ns, work).await;
    let after = bytes(store).await;
    println!(
        "{what}: {took:.1?}; {} objects and {} bytes more; {reads} reads beside it, the slowest {slowest:.1?}",
        after.0.cast_signed() - before.0.cast_signed(),
        after.1.cast_signed() - before.1.cast_signed(),
    );
    result
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, which takes a minute"]
async fn rewind_branch_restore_and_erase_of_100_000_rows() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&StoreConfig::directory(directory.path())).await.expect("store");
    let config = Config { background_fold: false, ..Config::default() };
    let open = |prefix: String, generation: u64| {
        let (store, config) = (store.clone(), config.clone());
        async move {
            let environment = environment(generation);
            Namespace::open(&store, &prefix, writer(generation), config, environment).await.expect("opens")
        }
    };
    let ns = open(PREFIX.to_owned(), 1).await;
    let schema = Schema {
        vectors: [("vector".to_owned(), VectorSpec { dimension: DIMENSION, metric: Metric::Cosine })].into(),
        ..Schema::default()
    };
    ns.create_collection(DOCS, schema, WriteMeta::default()).await.expect("created");
    for from in (0..ROWS).step_by(1000) {
        ns.upsert(DOCS, rows(from..from + 1000, 0), WriteMeta::default()).await.expect("written");
        if from % 20_000 == 19_000 {
            ns.fold().await.expect("fold");
        }
    }
    ns.fold().await.expect("fold");
    println!("{ROWS} rows of {DIMENSION} numbers: {:?} objects and bytes", bytes(&store).await);
    let folded = ns.create_snapshot("folded", None, WriteMeta::default()).await.expect("made").commit;
    ns.upsert(DOCS, rows(0..1000, 1), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    let tail = ns.upsert(DOCS, rows(1000..2000, 1), WriteMeta::default()).await.expect("written").commit;
    ns.upsert(DOCS, rows(2000..3000, 2), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    let back = Moment::Commit(folded);
    measured("rewind to a folded commit", &store, &ns, ns.rewind(&back, WriteMeta::default())).await.expect("rewound");
    let back = Moment::Commit(tail);
    let work = ns.rewind(&back, WriteMeta::default());
    measured("rewind to a commit with 1,000 rows in the log alone", &store, &ns, work).await.expect("rewound");
    measured("a snapshot", &store, &ns, ns.create_snapshot("s", None, WriteMeta::default())).await.expect("made");
    let restore = Moment::Snapshot("folded".to_owned());
    measured("restore a snapshot", &store, &ns, ns.rewind(&restore, WriteMeta::default())).await.expect("rewound");
    measured("fold after it", &store, &ns, ns.fold()).await.expect("fold");
    let made = measured("branch of the present", &store, &ns, ns.create_branch("b", None, WriteMeta::default())).await;
    let branch = made.expect("made");
    let opened = measured("open the branch, first query", &store, &ns, async {
        let opened = open(branch.prefix.clone(), 1).await;
        let query = Query::new(Mode::Vector { vector: vec![0.1; DIMENSION as usize] }, 10);
        assert_eq!(opened.query(DOCS, query).await.expect("query").value.len(), 10);
        opened
    });
    let opened = opened.await;
    measured("1,000 rows into the branch, and a fold", &store, &ns, async {
        opened.upsert(DOCS, rows(0..1000, 3), WriteMeta::default()).await.expect("written");
        opened.fold().await.expect("fold");
    })
    .await;
    opened.close().await;
    let past = measured("the first read at an older commit", &store, &ns, async {
        let past = ns.at_commit(tail).await.expect("in the history");
        assert_eq!(past.count(DOCS, None).await.expect("count").value, ROWS as u64);
        past
    });
    drop(past.await);
    measured("delete the branch", &store, &ns, ns.delete_branch("b", WriteMeta::default())).await.expect("deleted");
    let ids = (0..100).map(|i| format!("r{i:06}")).collect();
    let receipt = measured("erase 100 records", &store, &ns, ns.erase(DOCS, ids, WriteMeta::default())).await;
    println!("{:?}", receipt.expect("erased"));
}
