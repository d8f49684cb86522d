use std::collections::BTreeSet;

use agentdb_clock::{ManualClock, SystemClock};
use agentdb_control_plane_contract::{Assignment, AssignmentState, PolicyBatch, PolicyEvent};
use agentdb_ids::{NamespaceId, OrgId, Uuid};
use chrono::DateTime;
use futures::FutureExt as _;
use object_store::{ObjectStoreExt as _, memory::InMemory};

use super::*;
use crate::{
    assignments::Registry,
    fair::Bounds,
    metering::{DirtyMarks, StorageLedger},
};

const CALLS: Bounds = Bounds { places: 2, kept: 0, each: 0, background: 1, lent: 0, queue: 8 };
const WORK: Bounds = Bounds { places: 1, kept: 0, each: 0, background: 1, lent: 1, queue: 8 };

struct Bench {
    store: FairStore,
    calls: Arc<FairShare>,
    work: Arc<FairShare>,
    _dir: tempfile::TempDir,
}

fn org(n: u128) -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(n))
}

fn namespace(n: u128) -> NamespaceId {
    NamespaceId::from_uuid(Uuid::from_u128(n))
}

fn object(n: u128, name: &str) -> Path {
    Path::from(format!("root/ns/{}/{name}", namespace(n)))
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let marks = DirtyMarks::new(dir.path());
        let storage = Arc::new(StorageLedger::load(dir.path().join("storage.json")));
        let clock = Arc::new(SystemClock::new());
        let registry = Arc::new(Registry::load(dir.path().join("policy.json"), marks, storage, clock));
        let events = (1..=3).map(|n| {
            PolicyEvent::Assignment(Assignment {
                namespace_id: namespace(n),
                org_id: org(n),
                name: format!("n{n}"),
                prefix: format!("ns/{}", namespace(n)),
                generation: 1,
                state: AssignmentState::Serve,
            })
        });
        registry.apply(PolicyBatch { cursor: 1, snapshot: true, events: events.collect(), digest: None });
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let (calls, work) =
            (FairShare::new("calls", CALLS, clock.clone()), FairShare::new("work", WORK, clock.clone()));
        let owners = Owners::new(registry, clock);
        let store = FairStore::new(Arc::new(InMemory::new()), (Arc::clone(&calls), Arc::clone(&work)), owners);
        Self { store, calls, work, _dir: dir }
    }

    /// All places for calls, of the organisation 9.
    fn full(&self) -> Vec<Place> {
        let take = |_| self.calls.place(org(9), 1, Class::Foreground).now_or_never().expect("room").expect("a place");
        (0..CALLS.places).map(take).collect()
    }
}

#[tokio::test]
async fn calls_wait_for_their_turn_by_the_namespace_that_they_are_for() {
    let bench = Bench::new();
    let (mine, other) = (object(1, "log/1"), object(2, "log/1"));
    bench.store.put(&mine, "a".into()).await.expect("put");
    bench.store.put(&other, "b".into()).await.expect("put");
    let full = bench.full();
    let mut reads: Vec<_> = (0..5).map(|_| bench.store.get(&mine).boxed()).collect();
    for read in &mut reads {
        assert!((&mut *read).now_or_never().is_none());
    }
    let mut quiet = bench.store.get(&other).boxed();
    assert!((&mut quiet).now_or_never().is_none());
    assert_eq!(bench.calls.waiting(), 6);
    // What is of no namespace, and of one that is not here, passes.
    for free in ["root/nodes/n/lease/1", &format!("root/ns/{}/log/1", namespace(77))] {
        bench.store.put(&Path::from(free), "x".into()).now_or_never().expect("at once").expect("put");
    }
    drop(full);
    let outcomes = futures::future::join(futures::future::try_join_all(reads), quiet).await;
    assert_eq!(outcomes.0.expect("read").len(), 5);
    assert_eq!(outcomes.1.expect("read").bytes().await.expect("a body"), "b");
    assert_eq!((bench.calls.held(), bench.calls.waiting()), (0, 0), "bodies hold nothing");
}

#[tokio::test]
async fn a_queue_that_is_full_refuses_and_a_call_that_is_given_up_leaves_it() {
    let bench = Bench::new();
    let mine = object(1, "tables/t/data/1.lance");
    let _full = bench.full();
    let mut waiting: Vec<_> = (0..8).map(|_| bench.store.get(&mine).boxed()).collect();
    waiting.iter_mut().for_each(|read| assert!(read.now_or_never().is_none()));
    let refused = bench.store.get(&mine).now_or_never().expect("at once").expect_err("full");
    assert!(matches!(refused, Error::Generic { .. }), "{refused}");
    drop(waiting.pop());
    assert!(bench.store.get(&mine).now_or_never().is_none(), "there is room to wait again");
}

#[tokio::test]
async fn writes_of_tables_are_background_and_who_waits_for_the_store_lends_its_place() {
    let bench = Bench::new();
    for name in ["tables/t/data/1.lance", "checkpoint/1", "log/1"] {
        bench.store.put(&object(1, name), "a".into()).await.expect("put");
    }
    let back = bench.calls.place(org(2), 1, Class::Background).await.expect("a place");
    let (checkpoint, data, entry) = (object(1, "checkpoint/2"), object(1, "tables/t/data/2.lance"), object(1, "log/1"));
    let folded = bench.store.put(&checkpoint, "a".into());
    assert!(folded.now_or_never().is_none(), "one place is for the background");
    bench.store.put(&object(1, "log/2"), "a".into()).now_or_never().expect("at once").expect("put");
    let mut upload = bench.store.put_multipart(&data).boxed();
    assert!((&mut upload).now_or_never().is_none());
    drop(back);
    let mut upload = upload.await.expect("begun");
    upload.put_part("part".into()).await.expect("put");
    upload.complete().await.expect("done");

    let _full = bench.full();
    let _working = bench.work.place(org(1), 1, Class::Foreground).await.expect("a place");
    let mut other = Box::pin(bench.work.place(org(3), 1, Class::Foreground));
    assert!((&mut other).now_or_never().is_none());
    let mut read = bench.store.get(&entry).boxed();
    assert!((&mut read).now_or_never().is_none());
    assert!((&mut other).now_or_never().is_some(), "the reader waits for the store");
}

#[tokio::test]
async fn lists_and_removals_have_their_turn_and_are_as_they_were() {
    let bench = Bench::new();
    let paths: Vec<Path> = (0..20).map(|n| object(1, &format!("log/{n:03}"))).collect();
    for path in &paths {
        bench.store.put(path, "a".into()).await.expect("put");
    }
    let under = Path::from(format!("root/ns/{}", namespace(1)));
    let full = bench.full();
    let mut listing = bench.store.list(Some(&under));
    assert!(listing.next().now_or_never().is_none());
    drop(full);
    let listed: Vec<ObjectMeta> = listing.try_collect().await.expect("listed");
    let listed: BTreeSet<Path> = listed.into_iter().map(|meta| meta.location).collect();
    assert_eq!(listed, paths.iter().cloned().collect());
    let after = bench.store.list_with_offset(Some(&under), &paths[14]);
    assert_eq!(after.try_collect::<Vec<_>>().await.expect("listed").len(), 5);
    let gone = bench.store.delete_stream(stream::iter(paths.clone().into_iter().map(Ok)).boxed());
    assert_eq!(gone.try_collect::<Vec<_>>().await.expect("removed").len(), 20);
    let delimited = bench.store.list_with_delimiter(Some(&under)).await.expect("listed");
    assert!(delimited.objects.is_empty() && delimited.common_prefixes.is_empty());
    assert_eq!(bench.calls.held(), 0);
}
