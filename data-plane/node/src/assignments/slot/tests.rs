use agentdb_clock::{Clock, ManualClock, SystemClock, SystemEntropy};
use agentdb_data_plane_engine::{Config, Record, Schema, Store, StoreConfig, TimeError, UsageDelta, WriteMeta};
use agentdb_ids::{OrgId, Uuid};

use super::*;
use crate::{lease::Lease, metering::DirtyMarks};

async fn opener(dir: &std::path::Path, lease: Arc<Lease>) -> Opener {
    opener_at(dir, lease, Arc::new(SystemClock::new())).await
}

async fn opener_at(dir: &std::path::Path, lease: Arc<Lease>, clock: Arc<dyn Clock>) -> Opener {
    Opener {
        store: Store::open(&StoreConfig::directory(&dir.join("objects"))).await.expect("a store"),
        config: Config::default(),
        lease,
        clock,
        entropy: Arc::new(SystemEntropy),
    }
}

fn slot(dir: &std::path::Path) -> Slot {
    let namespace_id = NamespaceId::from_uuid(Uuid::from_u128(1));
    let assignment = Assignment {
        namespace_id,
        org_id: OrgId::from_uuid(Uuid::from_u128(2)),
        name: "a".to_owned(),
        prefix: "ns/1".to_owned(),
        generation: 1,
        state: AssignmentState::Serve,
    };
    Slot::new(assignment, DirtyMarks::new(dir).of(namespace_id), None)
}

fn held() -> Arc<Lease> {
    Arc::new(Lease::held_for(Arc::new(SystemClock::new()), Duration::from_secs(3_600)))
}

#[tokio::test]
async fn nothing_is_opened_without_a_lease() {
    let dir = tempfile::tempdir().expect("a directory");
    let lease = Arc::new(Lease::new(Arc::new(SystemClock::new())));
    let opener = opener(dir.path(), lease).await;
    assert_eq!(slot(dir.path()).acquire(&opener).await.map(|_| ()), Err(SlotError::NoLease));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_open_one_namespace() {
    let dir = tempfile::tempdir().expect("a directory");
    let opener = opener(dir.path(), held()).await;
    let slot = slot(dir.path());
    let opened = futures::future::join_all((0..20).map(|_| slot.acquire(&opener))).await;
    let handles: Vec<_> = opened.into_iter().map(|open| std::ptr::from_ref(&*open.expect("open")) as usize).collect();
    assert!(handles.iter().all(|handle| *handle == handles[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_wait_for_an_opening_one_is_told_what_it_asked_of_the_store() {
    let dir = tempfile::tempdir().expect("a directory");
    let opener = opener(dir.path(), held()).await;
    let slot = slot(dir.path());
    let opened = futures::future::join_all((0..20).map(|_| slot.acquire(&opener))).await;
    let told: Vec<Io> = opened.into_iter().map(|open| open.expect("open").opening_for_caller()).collect();
    let asked: Vec<&Io> = told.iter().filter(|io| **io != Io::default()).collect();
    assert!(matches!(asked[..], [io] if io.calls() > 0 && io.round_trips > 0), "{asked:?}");
    assert_eq!(slot.acquire(&opener).await.expect("open").opening_for_caller(), Io::default(), "it was open");
}

#[tokio::test]
async fn an_idle_namespace_is_closed_when_it_owes_nothing_and_comes_back_with_its_data() {
    let dir = tempfile::tempdir().expect("a directory");
    let opener = opener(dir.path(), held()).await;
    let slot = slot(dir.path());
    assert_eq!(slot.known_bytes(), None);
    let open = slot.acquire(&opener).await.expect("open");
    open.create_collection("c", Schema::default(), WriteMeta::default()).await.expect("created");
    let delta = UsageDelta { key: Uuid::from_u128(3), meter: "write".to_owned(), hour: 1, amount: 5 };
    let meta = WriteMeta { usage: vec![delta], ..WriteMeta::default() };
    open.upsert("c", vec![Record { id: "x".to_owned(), ..Record::default() }], meta).await.expect("written");
    let usage = open.usage();
    let bytes = open.logical_bytes();
    let later = opener.clock.monotonic().as_secs() + 1;
    assert!(!slot.close_if_idle(later).await, "a request uses it");
    drop(open);
    assert!(!slot.close_if_idle(later).await, "its log was not reported");
    let commit = slot.peek().map(|open| open.commit());
    slot.mark.settle(slot.mark.unsettled(commit).expect("opened"), commit);
    assert!(slot.close_if_idle(later).await);
    assert!(slot.peek().is_none());
    assert_eq!(slot.known_bytes(), Some(bytes));
    let open = slot.acquire(&opener).await.expect("open again");
    assert_eq!((open.usage(), open.logical_bytes()), (usage, bytes));
}

#[tokio::test]
async fn a_handle_of_before_the_lease_was_lost_to_another_process_is_not_used() {
    let dir = tempfile::tempdir().expect("a directory");
    let lease = held();
    let opener = opener(dir.path(), Arc::clone(&lease)).await;
    let slot = slot(dir.path());
    let before = std::ptr::from_ref(&*slot.acquire(&opener).await.expect("open")) as usize;
    assert_eq!(std::ptr::from_ref(&*slot.acquire(&opener).await.expect("open")) as usize, before);
    let keep = slot.peek().expect("open");
    let namespace = Arc::clone(&keep.0.namespace);
    drop(keep);
    lease.won();
    lease.confirm(lease.epoch());
    let after = std::ptr::from_ref(&*slot.acquire(&opener).await.expect("opened anew")) as usize;
    assert_ne!(after, before);
    drop(namespace);
}

#[tokio::test]
async fn a_namespace_is_not_opened_for_an_assignment_that_changed_meanwhile() {
    let dir = tempfile::tempdir().expect("a directory");
    let opener = opener(dir.path(), held()).await;
    let slot = slot(dir.path());
    let gate = slot.gate.write().await;
    let mut asking = std::pin::pin!(slot.acquire(&opener));
    assert!(futures::poll!(&mut asking).is_pending(), "it has read the assignment and waits for the gate");
    slot.assign(Assignment { generation: 2, state: AssignmentState::Drain, ..(*slot.assignment()).clone() });
    drop(gate);
    assert_eq!(asking.await.map(|_| ()), Err(SlotError::Leaving));
    assert!(slot.peek().is_none(), "nothing was opened for the generation before");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_namespace_keeps_as_much_of_its_past_as_was_said_last() {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let dir = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    let lease = Arc::new(Lease::held_for(Arc::new(clock.clone()), 100 * DAY));
    let opener = opener_at(dir.path(), lease, Arc::new(clock.clone())).await;
    let slot = slot(dir.path());
    slot.set_history(7);
    let open = slot.acquire(&opener).await.expect("open");
    open.create_collection("c", Schema::default(), WriteMeta::default()).await.expect("created");
    let write = async || {
        let record = Record { id: "a".to_owned(), ..Record::default() };
        let written = open.upsert("c", vec![record], WriteMeta::default()).await.expect("written");
        open.fold().await.expect("fold");
        written.commit
    };
    let (first, second) = (write().await, write().await);
    clock.advance(2 * DAY);
    write().await;
    clock.advance(2 * DAY);
    write().await;
    assert!(open.at_commit(first).await.is_ok(), "seven days are kept");
    slot.set_history(1);
    slot.keep_history();
    write().await;
    assert!(matches!(open.at_commit(second).await, Err(TimeError::Gone { .. })), "it is older than a day");
}
