//! Clean-up leaves what a kept version needs and nothing else, whoever still writes and wherever it dies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::killed::killed_at_each_call;
use crate::support::leftovers::{leftovers, open_table, tables, versions};
use crate::support::*;
use agentdb_clock::ManualClock;
use agentdb_data_plane_engine::{Config, Environment, Include, Namespace, Record, Removed, Store, WriteMeta};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use tokio::sync::RwLockWriteGuard;
use tokio::task::JoinHandle;

const RETENTION: Duration = Duration::from_secs(60);

fn clock() -> ManualClock {
    ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"))
}

async fn open_at(store: &Store, generation: u64, grace: Duration, clock: &ManualClock) -> Arc<Namespace> {
    let environment = Environment { clock: Arc::new(clock.clone()), ..environment(generation) };
    let config = Config { retention: RETENTION, history: Duration::ZERO, orphan_grace: grace, ..config() };
    Namespace::open(store, PREFIX, writer(generation), config, environment).await.expect("opens")
}

/// Folds some generations of the same thirty records, one deleted in each, five seconds apart.
async fn prepare(ns: &Namespace, clock: &ManualClock, folds: usize) -> BTreeMap<String, Record> {
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut rows = BTreeMap::new();
    for version in 0..folds {
        let records: Vec<Record> =
            (0..30).filter(|i| version == 0 || i % folds == version).map(|i| record(i, version)).collect();
        rows.extend(records.iter().map(|r| (r.id.clone(), r.clone())));
        ns.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
        let gone = record(20 + version, 0).id;
        rows.remove(&gone);
        ns.delete(DOCS, vec![gone], WriteMeta::default()).await.expect("deleted");
        ns.fold().await.expect("fold");
        clock.advance(Duration::from_secs(5));
    }
    rows
}

async fn check(ns: &Namespace, rows: &BTreeMap<String, Record>, what: &str) {
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_stay_for_the_retention_and_then_only_the_newest_is_left() {
    let (objects, clock) = (memory(), clock());
    let ns = open_at(&store(&objects), 1, Duration::ZERO, &clock).await;
    let rows = prepare(&ns, &clock, 3).await;
    ns.clean_up().await.expect("cleaned");
    assert_eq!(versions(&objects).await, [3], "checkpoints of the last 15 seconds name them");
    let place = tables(&objects).await.into_keys().next().expect("a table");
    let table = open_table(&objects, &place).await;
    for (nth, version) in table.versions().await.expect("listed").into_iter().enumerate() {
        let dataset = table.checkout_version(version.version).await.expect("is there");
        dataset.validate().await.expect("is whole");
        assert_eq!(dataset.count_rows(None).await.expect("count"), [29, 28, 28][nth]);
    }

    clock.advance(RETENTION);
    let removed = ns.clean_up().await.expect("cleaned");
    assert!(removed.objects > 4 && removed.bytes > 0, "{removed:?}");
    assert_eq!(versions(&objects).await, [1]);
    assert_eq!(leftovers(&objects).await, Vec::<String>::new());
    assert_eq!(ns.clean_up().await.expect("cleaned"), Removed::default(), "there is no more to do");
    check(&ns, &rows, "cleaned").await;
    ns.close().await;
    let ns = open_at(&store(&objects), 2, Duration::ZERO, &clock).await;
    check(&ns, &rows, "opened again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_no_version_ever_named_stay_for_their_grace() {
    let (objects, clock) = (memory(), clock());
    let ns = open_at(&store(&objects), 1, Duration::from_secs(3600), &clock).await;
    let rows = prepare(&ns, &clock, 3).await;
    let place = tables(&objects).await.into_keys().next().expect("a table");
    let put = async |name: &str| {
        use object_store::ObjectStoreExt;
        let path = Path::from(format!("{place}/{name}"));
        objects.put(&path, bytes::Bytes::from_static(b"half an index").into()).await.expect("put");
    };
    put("_indices/3b0d1f3e-9d7c-4b52-a3a5-0f4f5f1d2c11/page").await;
    put("data/unfinished.lance").await;
    put("somebody/elses").await;
    clock.advance(RETENTION);
    ns.clean_up().await.expect("cleaned");
    assert_eq!(versions(&objects).await, [1]);
    assert_eq!(leftovers(&objects).await.len(), 3, "they may belong to work in flight");
    ns.close().await;

    // It has committed nothing, so others may be about to; but for that, a version of its own is enough.
    let ns = open_at(&store(&objects), 2, Duration::ZERO, &clock).await;
    ns.clean_up().await.expect("cleaned");
    clock.advance(RETENTION);
    ns.clean_up().await.expect("cleaned");
    assert_eq!(leftovers(&objects).await, [format!("{place}/somebody/elses")]);
    check(&ns, &rows, "cleaned").await;
}

/// Dies at the `call`th call of a fold with the clean-up after it. False when it was done before it could die.
async fn die_at(objects: Arc<dyn ObjectStore>, rows: Arc<BTreeMap<String, Record>>, call: u64, worked: bool) -> bool {
    let clock = clock();
    clock.advance(Duration::from_secs(1000));
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open_at(&Store::over(faulty.clone(), 1 << 30), 2, Duration::ZERO, &clock).await;
    let mut rows = BTreeMap::clone(&rows);
    let records: Vec<Record> = (0..8).map(|i| record(i, 9)).collect();
    rows.extend(records.iter().map(|r| (r.id.clone(), r.clone())));
    dying.upsert(DOCS, records, WriteMeta::default()).await.expect("written");
    faulty.crash_in(call);
    if dying.fold().await.is_ok() && !faulty.is_dead() {
        clock.advance(RETENTION);
        let _ = dying.clean_up().await;
    }
    let dead = faulty.is_dead();
    assert!(dead || dying.stats().storage.compactions > 0, "its fold is to compact");
    drop(dying);
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let ns = open_at(&store(&objects), 3, Duration::ZERO, &clock).await;
    check(&ns, &rows, &what).await;
    rows.insert(record(4, 9).id, record(4, 9));
    ns.upsert(DOCS, vec![record(4, 9)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    clock.advance(RETENTION);
    ns.clean_up().await.expect("cleaned");
    check(&ns, &rows, &what).await;
    assert_eq!(leftovers(&objects).await, Vec::<String>::new(), "{what}");
    ns.close().await;
    let ns = open_at(&store(&objects), 4, Duration::ZERO, &clock).await;
    check(&ns, &rows, &what).await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_a_compaction_and_a_clean_up() {
    let prepared = Arc::new(InMemory::new());
    let (objects, clock) = (Arc::clone(&prepared) as Arc<dyn ObjectStore>, clock());
    let ns = open_at(&store(&objects), 1, Duration::ZERO, &clock).await;
    let rows = Arc::new(prepare(&ns, &clock, 7).await);
    ns.close().await;
    let (mut first, mut deaths) = (1, 0);
    loop {
        let runs = (first..first + 8).flat_map(|call| [(call, false), (call, true)]).map(|(call, worked)| {
            let objects: Arc<dyn ObjectStore> = Arc::new(prepared.fork());
            tokio::spawn(die_at(objects, Arc::clone(&rows), call, worked))
        });
        let runs: Vec<_> = runs.collect();
        let mut died = 0;
        for run in runs {
            died += u64::from(run.await.expect("every check holds"));
        }
        deaths += died;
        if died < 16 {
            break;
        }
        first += 8;
    }
    assert!(deaths > 60, "a fold and a clean-up have many steps to die at; these had {deaths}");
}

/// An owner falls asleep before the `put`th PUT of its fold, wakes up when its successor has folded and cleaned, and
/// goes on. False when its fold was done before.
async fn sleep_before(put: usize) -> bool {
    let (objects, clock) = (memory(), clock());
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let old = open_at(&Store::over(faulty.clone(), 1 << 30), 1, Duration::ZERO, &clock).await;
    let mut rows = prepare(&old, &clock, 7).await;
    let records: Vec<Record> = (0..8).map(|i| record(i, 7)).collect();
    rows.extend(records.iter().map(|r| (r.id.clone(), r.clone())));
    old.upsert(DOCS, records, WriteMeta::default()).await.expect("written");

    let held = faulty.hold_puts().await;
    let sleeper = Arc::clone(&old);
    let fold = tokio::spawn(async move { sleeper.fold().await });
    let Some(held) = asleep_before(&faulty, held, &fold, put).await else { return false };
    let new = open_at(&store(&objects), 2, Duration::ZERO, &clock).await;
    new.upsert(DOCS, vec![record(2, 8)], WriteMeta::default()).await.expect("written");
    rows.insert(record(2, 8).id, record(2, 8));
    new.fold().await.expect("fold");
    clock.advance(RETENTION);
    new.clean_up().await.expect("cleaned");
    drop(held);
    let _ = fold.await.expect("no panic");

    check(&new, &rows, &format!("asleep before PUT {put}")).await;
    new.upsert(DOCS, vec![record(5, 8)], WriteMeta::default()).await.expect("written");
    rows.insert(record(5, 8).id, record(5, 8));
    new.fold().await.expect("the successor still folds");
    clock.advance(RETENTION);
    new.clean_up().await.expect("cleaned");
    assert_eq!(leftovers(&objects).await, Vec::<String>::new(), "asleep before PUT {put}");
    new.close().await;
    let ns = open_at(&store(&objects), 3, Duration::ZERO, &clock).await;
    check(&ns, &rows, "opened again").await;
    true
}

/// Lets `put` PUTs of `work` through and holds the next one. `None` when it was done before.
async fn asleep_before<'a, T>(
    faulty: &'a Faulty,
    mut held: RwLockWriteGuard<'a, ()>,
    work: &JoinHandle<T>,
    put: usize,
) -> Option<RwLockWriteGuard<'a, ()>> {
    for _ in 0..put {
        tokio::select! {
            () = faulty.put_held() => {}
            () = finished(work) => return None,
        }
        // The held PUT goes before whoever asks for the gate after it.
        let mut next = Box::pin(faulty.hold_puts());
        assert!(futures::poll!(&mut next).is_pending());
        drop(held);
        held = next.await;
    }
    tokio::select! {
        () = faulty.put_held() => Some(held),
        () = finished(work) => None,
    }
}

async fn finished<T>(task: &JoinHandle<T>) {
    while !task.is_finished() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_wakes_up_in_its_fold_finds_its_files_or_loses_to_the_successor() {
    let mut put = 0;
    while sleep_before(put).await {
        put += 1;
    }
    assert!(
        put >= 7,
        "data file, deletions, manifest, compaction and checkpoint are to be written; it slept {put} times"
    );
}

/// Manifests of the table in `place`.
async fn versions_of(objects: &Arc<dyn ObjectStore>, place: &Path) -> usize {
    tables(objects).await[place].iter().filter(|file| file.starts_with("_versions/")).count()
}

/// Writes to another collection and folds, twenty seconds later.
async fn go_on(ns: &Namespace, clock: &ManualClock) {
    clock.advance(RETENTION / 3);
    ns.upsert("other", vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
}

#[tokio::test(flavor = "multi_thread")]
async fn folds_clean_a_collection_that_is_not_written_any_more() {
    let (objects, clock) = (memory(), clock());
    let ns = open_at(&store(&objects), 1, Duration::ZERO, &clock).await;
    let rows = prepare(&ns, &clock, 3).await;
    let place = tables(&objects).await.into_keys().next().expect("a table");
    ns.clean_up().await.expect("cleaned");
    assert_eq!(versions_of(&objects, &place).await, 3, "checkpoints name them");
    ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    for _ in 0..10 {
        go_on(&ns, &clock).await;
    }
    assert_eq!(versions_of(&objects, &place).await, 1);
    check(&ns, &rows, "cleaned").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folds_do_not_put_off_a_clean_up_that_is_to_come() {
    let (objects, clock) = (memory(), clock());
    let environment = Environment { clock: Arc::new(clock.clone()), ..environment(1) };
    let config = Config {
        retention: RETENTION,
        history: Duration::ZERO,
        orphan_grace: Duration::ZERO,
        background_fold: true,
        fold_interval: Duration::from_secs(24 * 3600),
        ..config()
    };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), config, environment).await.expect("opens");
    let rows = prepare(&ns, &clock, 3).await;
    let place = tables(&objects).await.into_keys().next().expect("a table");
    ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    for _ in 0..2 {
        go_on(&ns, &clock).await;
    }
    assert_eq!(versions_of(&objects, &place).await, 3, "checkpoints name them");
    // A minute and more after the first fold, twenty seconds after the last one.
    clock.advance(RETENTION / 3);
    // The first write after a fold has the background look at the time.
    ns.upsert("other", vec![record(2, 0)], WriteMeta::default()).await.expect("written");
    let cleaned = async {
        while versions_of(&objects, &place).await > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), cleaned).await.expect("it is cleaned");
    check(&ns, &rows, "cleaned").await;
}

/// Three versions of a collection in a namespace that is closed. Gives the rows of the newest, and a time at which the
/// others can be read no more.
async fn left_behind(objects: &Arc<dyn ObjectStore>) -> (BTreeMap<String, Record>, ManualClock) {
    let clock = clock();
    let ns = open_at(&store(objects), 1, Duration::ZERO, &clock).await;
    let rows = prepare(&ns, &clock, 3).await;
    ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    ns.clean_up().await.expect("cleaned");
    ns.close().await;
    assert_eq!(versions(objects).await, [3], "checkpoints name them");
    clock.advance(RETENTION * 2);
    (rows, clock)
}

/// Waits until there are two manifests of the table in `place`: of the version that was the newest, and of its equal.
async fn cleaned(objects: &Arc<dyn ObjectStore>, place: &Path) {
    let cleaned = async {
        while versions_of(objects, place).await > 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), cleaned).await.expect("it is cleaned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_not_written_any_more_is_cleaned_by_the_next_owner_and_by_none_after_it() {
    let objects = memory();
    let (rows, clock) = left_behind(&objects).await;
    let ns = open_at(&store(&objects), 2, Duration::ZERO, &clock).await;
    let removed = ns.clean_up().await.expect("cleaned");
    assert!(removed.objects > 4 && removed.bytes > 0, "{removed:?}");
    assert_eq!(versions(&objects).await, [2], "the newest can still be read, and this owner's is its equal");
    check(&ns, &rows, "cleaned").await;
    ns.close().await;
    for generation in 3..6 {
        clock.advance(RETENTION * 2);
        let ns = open_at(&store(&objects), generation, Duration::ZERO, &clock).await;
        assert_eq!(ns.clean_up().await.expect("cleaned"), Removed::default(), "a manifest is not worth another one");
        assert_eq!(versions(&objects).await, [2]);
        check(&ns, &rows, "opened again").await;
        ns.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_has_left_is_cleaned_in_the_background_when_it_is_aged_though_nothing_is_written() {
    let objects = memory();
    let (rows, clock) = left_behind(&objects).await;
    let place = tables(&objects).await.into_keys().next().expect("a table");
    let config = Config {
        retention: Duration::from_millis(200),
        history: Duration::ZERO,
        orphan_grace: Duration::ZERO,
        background_fold: true,
        fold_interval: Duration::from_secs(24 * 3600),
        ..config()
    };
    let ns = timeline::open_at(&store(&objects), PREFIX, 2, &config, &clock).await;
    check(&ns, &rows, "opened").await;
    assert_eq!(ns.stats().folds, 0, "who only looks something up has nothing written");
    clock.advance(config.retention);
    cleaned(&objects, &place).await;
    check(&ns, &rows, "cleaned").await;
}

/// None of the owners lives as long as the history goes back.
#[tokio::test(flavor = "multi_thread")]
async fn what_owners_before_have_left_is_cleaned_soon_beside_a_collection_that_is_written() {
    let objects = memory();
    let (rows, clock) = left_behind(&objects).await;
    let place = tables(&objects).await.into_keys().next().expect("a table");
    let config = Config {
        retention: RETENTION,
        history: RETENTION * 60,
        orphan_grace: Duration::ZERO,
        background_fold: true,
        fold_interval: Duration::from_secs(24 * 3600),
        ..config()
    };
    clock.advance(config.history);
    for generation in 2..4 {
        let ns = timeline::open_at(&store(&objects), PREFIX, generation, &config, &clock).await;
        ns.upsert("other", vec![record(1, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        if generation == 2 {
            ns.close().await;
            continue;
        }
        assert_eq!(versions_of(&objects, &place).await, 3, "the checkpoints that named them are gone");
        clock.advance(RETENTION);
        // The first write after a fold has the background look at the time.
        ns.upsert("other", vec![record(2, 0)], WriteMeta::default()).await.expect("written");
        cleaned(&objects, &place).await;
        check(&ns, &rows, "cleaned").await;
    }
}

/// Dies at the `call`th call of a clean-up by an owner that has written nothing. False when it was done before.
async fn die_cleaning_at(
    objects: Arc<dyn ObjectStore>,
    (rows, clock): (BTreeMap<String, Record>, ManualClock),
    call: u64,
    worked: bool,
) -> bool {
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open_at(&Store::over(faulty.clone(), 1 << 30), 2, Duration::ZERO, &clock).await;
    faulty.crash_in(call);
    let done = dying.clean_up().await;
    let dead = faulty.is_dead();
    drop(dying);
    assert!(dead || done.is_ok(), "a clean-up with a healthy store succeeds");
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let ns = open_at(&store(&objects), 3, Duration::ZERO, &clock).await;
    check(&ns, &rows, &what).await;
    clock.advance(RETENTION * 2);
    ns.clean_up().await.expect("cleaned");
    check(&ns, &rows, &what).await;
    let left = leftovers(&objects).await;
    let of_rows = |file: &&String| ["/data/", "/_deletions/"].iter().any(|part| file.contains(part));
    assert_eq!(left.iter().filter(of_rows).collect::<Vec<_>>(), Vec::<&String>::new(), "{what}");
    ns.close().await;
    write_and_clean(&objects, rows, &clock, &what).await;
    dead
}

/// The next owner but one writes to the collection, and then nothing is left beside its newest version.
async fn write_and_clean(
    objects: &Arc<dyn ObjectStore>,
    mut rows: BTreeMap<String, Record>,
    clock: &ManualClock,
    what: &str,
) {
    let ns = open_at(&store(objects), 4, Duration::ZERO, clock).await;
    ns.upsert(DOCS, vec![record(4, 9)], WriteMeta::default()).await.expect("written");
    rows.insert(record(4, 9).id, record(4, 9));
    ns.fold().await.expect("fold");
    clock.advance(RETENTION);
    ns.clean_up().await.expect("cleaned");
    assert_eq!(leftovers(objects).await, Vec::<String>::new(), "{what}");
    ns.close().await;
    let ns = open_at(&store(objects), 5, Duration::ZERO, clock).await;
    check(&ns, &rows, what).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_a_clean_up_of_what_an_owner_before_has_left() {
    let prepared = Arc::new(InMemory::new());
    let (rows, clock) = left_behind(&(Arc::clone(&prepared) as Arc<dyn ObjectStore>)).await;
    let now = agentdb_clock::Clock::now(&clock);
    killed_at_each_call(&prepared, 24, |objects, call, worked| {
        die_cleaning_at(objects, (rows.clone(), ManualClock::at(now)), call, worked)
    })
    .await;
}

/// An owner that has written nothing falls asleep before the `put`th PUT of its clean-up, and wakes up when its
/// successor has cleaned. False when it was done before.
async fn sleep_cleaning_before(put: usize) -> bool {
    let objects = memory();
    let (rows, clock) = left_behind(&objects).await;
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), 0, Rates::default()));
    let old = open_at(&Store::over(faulty.clone(), 1 << 30), 2, Duration::ZERO, &clock).await;
    let held = faulty.hold_puts().await;
    let sleeper = Arc::clone(&old);
    let cleaning = tokio::spawn(async move { sleeper.clean_up().await });
    let Some(held) = asleep_before(&faulty, held, &cleaning, put).await else { return false };
    let new = open_at(&store(&objects), 3, Duration::ZERO, &clock).await;
    clock.advance(RETENTION * 2);
    new.clean_up().await.expect("cleaned");
    drop(held);
    cleaning.await.expect("no panic").expect_err("it has lost the namespace");
    check(&new, &rows, &format!("asleep before PUT {put}")).await;
    new.close().await;
    write_and_clean(&objects, rows, &clock, &format!("asleep before PUT {put}")).await;
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_wakes_up_in_a_clean_up_of_what_it_has_not_written_loses_to_the_successor() {
    let mut put = 0;
    while sleep_cleaning_before(put).await {
        put += 1;
    }
    assert!(put >= 4, "two checkpoints, a transaction and a manifest are to be written; it slept {put} times");
}
