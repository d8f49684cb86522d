use object_store::memory::InMemory;
use object_store::{ObjectStoreExt, PutPayload};

use super::super::counted::Counted;
use super::super::io::IoScope;
use super::*;

const LIMIT: usize = 64 << 10;

fn data(namespace: &str, file: usize) -> Path {
    Path::from(format!("ns/{namespace}/tables/t.lance/data/{file}.lance"))
}

async fn world() -> (Arc<dyn ObjectStore>, Arc<IoScope>, Arc<InMemory>) {
    let memory = Arc::new(InMemory::new());
    let scope = Arc::new(IoScope::default());
    (Arc::new(Counted::new(Arc::clone(&memory) as _, &scope)), scope, memory)
}

async fn put(memory: &InMemory, path: &Path, bytes: usize) {
    let body: Vec<u8> = (0..bytes).map(|i| (i % 251) as u8).collect();
    memory.put(path, PutPayload::from(body)).await.expect("put");
}

async fn read(cache: &RangeCache, objects: &Arc<dyn ObjectStore>, path: &Path, range: Range<u64>) -> Bytes {
    let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
    cache.get(objects, path, options).await.expect("reads").bytes().await.expect("a body")
}

#[tokio::test]
async fn what_lies_inside_a_range_that_was_read_is_not_read_again() {
    let (objects, scope, memory) = world().await;
    let path = data("a", 1);
    put(&memory, &path, 4_000).await;
    let cache = RangeCache::new(LIMIT);
    let whole = read(&cache, &objects, &path, 1_000..3_000).await;
    assert_eq!(read(&cache, &objects, &path, 1_500..2_000).await, whole.slice(500..1_000));
    assert_eq!(scope.io().gets, 1);
    // Past what is held, and past the end of the object.
    assert_eq!(read(&cache, &objects, &path, 2_500..5_000).await.len(), 1_500);
    assert_eq!(read(&cache, &objects, &path, 3_500..9_000).await.len(), 500);
    assert_eq!(scope.io().gets, 2);
}

#[tokio::test]
async fn what_is_forgotten_is_read_again_and_others_stay() {
    let (objects, scope, memory) = world().await;
    let cache = RangeCache::new(LIMIT);
    let (gone, other) = (data("a", 1), data("ab", 1));
    for path in [&gone, &other] {
        put(&memory, path, 1_000).await;
        read(&cache, &objects, path, 0..1_000).await;
    }
    let both = cache.bytes();
    cache.forget("ns/a");
    assert_eq!(cache.bytes() * 2, both);
    cache.forget("ns/a");
    let before = scope.io().gets;
    read(&cache, &objects, &other, 0..1_000).await;
    assert_eq!(scope.io().gets, before);
    read(&cache, &objects, &gone, 0..1_000).await;
    assert_eq!((scope.io().gets, cache.bytes()), (before + 1, both));
}

#[tokio::test]
async fn manifests_and_the_log_are_never_kept() {
    let (objects, scope, memory) = world().await;
    let cache = RangeCache::new(LIMIT);
    for path in ["ns/a/tables/t.lance/_versions/1.manifest", "ns/a/log/1", "ns/a/checkpoint/1"] {
        let path = Path::from(path);
        put(&memory, &path, 100).await;
        let before = scope.io().gets;
        read(&cache, &objects, &path, 0..100).await;
        read(&cache, &objects, &path, 0..100).await;
        assert_eq!(scope.io().gets - before, 2, "{path}");
    }
    assert_eq!(cache.bytes(), 0);
}

#[tokio::test]
async fn a_range_asked_for_twice_at_once_is_read_once() {
    let (objects, scope, memory) = world().await;
    let path = data("a", 1);
    put(&memory, &path, 4_000).await;
    let cache = RangeCache::new(LIMIT);
    let reads = (0..16).map(|_| read(&cache, &objects, &path, 0..2_000));
    let read = futures::future::join_all(reads).await;
    assert!(read.iter().all(|bytes| bytes.len() == 2_000));
    assert_eq!(scope.io().gets, 1);
    assert!(cache.flights.lock().is_empty());
}

#[tokio::test]
async fn one_namespace_cannot_push_out_what_another_holds() {
    let (objects, scope, memory) = world().await;
    let small = data("small", 0);
    put(&memory, &small, 4_000).await;
    let cache = RangeCache::new(LIMIT);
    read(&cache, &objects, &small, 0..4_000).await;
    for file in 0..100 {
        let path = data("large", file);
        put(&memory, &path, 4_000).await;
        read(&cache, &objects, &path, 0..4_000).await;
        assert!(cache.bytes() <= LIMIT);
    }
    let before = scope.io().gets;
    read(&cache, &objects, &small, 0..4_000).await;
    assert_eq!(scope.io().gets, before, "it is there still");
    read(&cache, &objects, &data("large", 99), 0..4_000).await;
    assert_eq!(scope.io().gets, before, "the newest of the other one, too");
    read(&cache, &objects, &data("large", 0), 0..4_000).await;
    assert_eq!(scope.io().gets, before + 1, "its oldest went");
}

#[tokio::test]
async fn a_read_that_fails_fails_each_time_and_leaves_nothing() {
    let (objects, _, memory) = world().await;
    let cache = RangeCache::new(LIMIT);
    let path = data("a", 1);
    let ask = || GetOptions { range: Some(GetRange::Bounded(0..10)), ..GetOptions::default() };
    for _ in 0..2 {
        let error = cache.get(&objects, &path, ask()).await.expect_err("it is not there");
        assert!(matches!(error, object_store::Error::NotFound { .. }), "{error}");
    }
    put(&memory, &path, 10).await;
    assert_eq!(read(&cache, &objects, &path, 0..10).await.len(), 10);
}
