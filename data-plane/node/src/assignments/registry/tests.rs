use std::time::Duration;

use agentdb_clock::SystemClock;
use agentdb_control_plane_contract::{Edition, Limits, Standing, Suspension};
use agentdb_ids::Uuid;

use super::*;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn registry(&self) -> Registry {
        let path = |name: &str| self.dir.path().join(name);
        let storage = Arc::new(StorageLedger::load(path("storage.json")));
        Registry::load(path("policy.json"), DirtyMarks::new(self.dir.path()), storage, Arc::new(SystemClock::new()))
    }
}

fn org() -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(1))
}

fn id(n: u128) -> NamespaceId {
    NamespaceId::from_uuid(Uuid::from_u128(n))
}

fn placed(n: u128, name: &str, state: AssignmentState) -> PolicyEvent {
    PolicyEvent::Assignment(Assignment {
        namespace_id: id(n),
        org_id: org(),
        name: name.to_owned(),
        prefix: format!("ns/{n}"),
        generation: 1,
        state,
    })
}

fn policy(version: u64) -> PolicyEvent {
    policy_of(version, 1)
}

fn policy_of(version: u64, history_days: u32) -> PolicyEvent {
    let limits = Limits {
        namespaces: 1,
        api_keys: 1,
        members: 1,
        requests_per_second: 1,
        request_burst: 1,
        concurrent_requests: 2,
        query_milli_units_per_second: 1 << 40,
        query_milli_units_burst: 1 << 40,
        write_milli_units_per_second: 1 << 40,
        write_milli_units_burst: 1 << 40,
        fair_share: 1,
        vector_dimension: 4_096,
        storage_bytes: 1,
        collections_per_namespace: 1,
        history_days,
        undelete_days: 1,
        query_milli_units_per_month: None,
        write_milli_units_per_month: None,
        embedding_tokens_per_month: None,
    };
    PolicyEvent::Organisation(OrgPolicy {
        org_id: org(),
        version,
        edition: Edition::Community,
        features: [].into(),
        limits,
        standing: Standing::Good,
    })
}

fn batch(snapshot: bool, events: Vec<PolicyEvent>) -> PolicyBatch {
    PolicyBatch { cursor: 5, snapshot, events, digest: None }
}

fn found(registry: &Registry, name: &str) -> Option<NamespaceId> {
    registry.resolve(org(), name).map(|slot| slot.id())
}

#[test]
fn the_view_outlives_the_process_and_its_digest_is_the_same() {
    let bench = Bench::new();
    let registry = bench.registry();
    let events = vec![policy(3), placed(1, "a", AssignmentState::Serve), placed(2, "b", AssignmentState::Drain)];
    registry.apply(batch(true, events.clone()));
    let digest = registry.digest();
    registry.apply(batch(false, events));
    assert_eq!(registry.digest(), digest, "twice is once");
    assert_eq!(registry.acknowledge(5), 5);
    let next = bench.registry();
    assert_eq!((next.cursor(), next.digest(), found(&next, "a")), (5, digest, Some(id(1))));
    let other = OrgId::from_uuid(Uuid::from_u128(9));
    assert!(next.resolve(other, "a").is_none(), "a name means something in its organisation alone");
    next.apply(batch(false, vec![policy(4)]));
    assert_ne!(next.digest(), registry.digest());
}

#[test]
fn a_snapshot_replaces_everything_and_lets_go_of_what_is_not_in_it() {
    let registry = Bench::new().registry();
    let two = vec![policy(1), placed(1, "a", AssignmentState::Serve), placed(2, "b", AssignmentState::Serve)];
    registry.apply(batch(false, two));
    let effects = registry.apply(batch(true, vec![placed(2, "b", AssignmentState::Serve)]));
    assert_eq!(effects.release.iter().map(|slot| slot.id()).collect::<Vec<_>>(), [id(1)]);
    assert!(effects.erase.is_empty(), "what is not ours any more keeps its data");
    assert_eq!((found(&registry, "a"), found(&registry, "b")), (None, Some(id(2))));
    assert!(registry.organisation(org()).is_none());
}

#[test]
fn a_deleted_name_can_be_given_anew_in_any_order() {
    let registry = Bench::new().registry();
    registry.apply(batch(false, vec![placed(1, "a", AssignmentState::Serve)]));
    registry.apply(batch(false, vec![placed(2, "a", AssignmentState::Serve), placed(1, "a", AssignmentState::Delete)]));
    assert_eq!(found(&registry, "a"), Some(id(2)));
    registry.remove(id(1));
    assert_eq!(found(&registry, "a"), Some(id(2)));
    registry.apply(batch(false, vec![placed(2, "renamed", AssignmentState::Serve)]));
    assert_eq!((found(&registry, "a"), found(&registry, "renamed")), (None, Some(id(2))));
}

#[test]
fn a_name_goes_with_a_deletion_that_can_be_taken_back_and_the_bytes_stay_counted() {
    let bench = Bench::new();
    let registry = bench.registry();
    let held = |n, bytes| {
        let slot = registry.slots().into_iter().find(|slot| slot.id() == id(n)).expect("placed");
        slot.set_known_bytes(bytes);
    };
    registry.apply(batch(false, vec![policy(1), placed(1, "a", AssignmentState::Serve)]));
    held(1, 5);
    registry.apply(batch(false, vec![placed(1, "a", AssignmentState::Retain)]));
    registry.apply(batch(false, vec![placed(2, "a", AssignmentState::Serve)]));
    held(2, 7);
    assert_eq!((found(&registry, "a"), registry.stored_bytes(org())), (Some(id(2)), 12));
    let suspended = AssignmentState::Suspend(Suspension::Organization);
    registry.apply(batch(false, vec![placed(1, "old", suspended)]));
    assert_eq!((found(&registry, "a"), found(&registry, "old")), (Some(id(2)), Some(id(1))));
    assert_eq!(registry.stored_bytes(org()), 12, "counted once");
    registry.apply(batch(false, vec![placed(1, "old", AssignmentState::Delete)]));
    assert_eq!((found(&registry, "old"), registry.stored_bytes(org())), (None, 7));
    registry.apply(batch(false, vec![placed(2, "a", AssignmentState::Retain)]));
    registry.save().expect("saved");
    let next = bench.registry();
    assert_eq!((found(&next, "a"), next.digest()), (None, registry.digest()));
}

#[test]
fn what_nobody_uses_is_not_let_go_of() {
    let registry = Bench::new().registry();
    let many = (0..10).map(|n| placed(n, &format!("a{n}"), AssignmentState::Retain));
    let suspended = (10..20).map(|n| placed(n, &format!("a{n}"), AssignmentState::Suspend(Suspension::Operator)));
    assert!(registry.apply(batch(true, many.chain(suspended).collect())).release.is_empty());
}

#[test]
fn a_change_of_policy_keeps_what_the_organisation_has_in_work() {
    let registry = Bench::new().registry();
    registry.apply(batch(false, vec![policy(1)]));
    let organisation = registry.organisation(org()).expect("known");
    let first = organisation.begin(2, None).expect("the first");
    registry.apply(batch(false, vec![policy(2)]));
    let organisation = registry.organisation(org()).expect("known");
    let _second = organisation.begin(2, None).expect("the second");
    assert!(organisation.begin(2, None).is_err(), "two are in work");
    drop(first);
    assert!(organisation.begin(2, None).is_ok());
}

#[test]
fn a_namespace_keeps_the_history_of_its_organisation_in_whatever_order_the_two_come() {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let registry = Bench::new().registry();
    let history = |n| registry.slots().into_iter().find(|slot| slot.id() == id(n)).expect("placed").history();
    registry.apply(batch(false, vec![placed(1, "a", AssignmentState::Serve)]));
    assert!(history(1) > 36_500 * DAY, "nothing is trimmed before it is known what is kept");
    registry.apply(batch(false, vec![policy_of(1, 7)]));
    assert_eq!(history(1), 7 * DAY);
    registry.apply(batch(false, vec![placed(2, "b", AssignmentState::Serve), policy_of(2, 35)]));
    assert_eq!([history(1), history(2)], [35 * DAY; 2]);
    registry.apply(batch(false, vec![placed(3, "c", AssignmentState::Serve)]));
    assert_eq!(history(3), 35 * DAY);
}

#[test]
fn an_organisation_goes_with_its_last_namespace() {
    let registry = Bench::new().registry();
    let two = vec![policy(1), placed(1, "a", AssignmentState::Serve), placed(2, "b", AssignmentState::Serve)];
    registry.apply(batch(false, two));
    registry.remove(id(1));
    assert!(registry.organisation(org()).is_some(), "it has another one here");
    registry.remove(id(2));
    assert!(registry.organisation(org()).is_none());
    let other = Bench::new().registry();
    assert_eq!(registry.digest(), other.digest(), "as a node that never had it");
}

#[test]
fn a_removal_is_owed_until_it_is_done_also_by_the_next_process() {
    let bench = Bench::new();
    let registry = bench.registry();
    let events = vec![placed(1, "a", AssignmentState::Delete), placed(2, "b", AssignmentState::Delete)];
    registry.apply(batch(false, events));
    assert!(registry.owed_removals().is_empty(), "nothing is acknowledged yet");
    assert_eq!(registry.acknowledge(5), 5);
    registry.apply(batch(false, vec![placed(3, "c", AssignmentState::Delete)]));
    registry.remove(id(1));
    assert_eq!(registry.owed_removals(), [id(2)], "of what was acknowledged");
    registry.save().expect("saved");
    let next = bench.registry();
    assert_eq!((next.cursor(), next.owed_removals()), (5, vec![id(2)]));
    let mut erasing: Vec<_> = next.erasing().iter().map(|slot| slot.id()).collect();
    erasing.sort_unstable();
    assert_eq!(erasing, [id(2), id(3)]);
}

#[test]
fn a_removal_that_ended_while_it_was_noted_is_not_owed() {
    let bench = Bench::new();
    let registry = bench.registry();
    registry.apply(batch(false, vec![placed(1, "a", AssignmentState::Delete)]));
    assert_eq!(registry.acknowledge(5), 5);
    // As when it ends between the two.
    let file = bench.dir.path().join("policy.json");
    let mut saved: Saved = files::read_json(&file).expect("saved");
    saved.assignments.clear();
    files::replace_json(&file, &saved).expect("saved");
    let next = bench.registry();
    assert_eq!((next.cursor(), next.owed_removals()), (5, vec![]), "nobody would ever say that it is gone");
}

#[test]
fn a_cursor_is_not_told_while_removals_before_it_could_not_be_kept() {
    let bench = Bench::new();
    let registry = bench.registry();
    assert_eq!(registry.acknowledge(4), 4);
    registry.apply(batch(false, vec![placed(1, "a", AssignmentState::Delete)]));
    // A folder in the place of the file: nothing can be saved.
    let file = bench.dir.path().join("policy.json");
    std::fs::remove_file(&file).expect("removed");
    std::fs::create_dir(&file).expect("in the way");
    assert_eq!(registry.acknowledge(5), 4);
    assert_eq!((registry.cursor(), registry.owed_removals()), (4, vec![]));
    std::fs::remove_dir(&file).expect("out of the way");
    assert_eq!(registry.acknowledge(5), 5);
    assert_eq!(registry.owed_removals(), [id(1)]);
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
    let kib: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kib << 10
}

/// `cargo nextest run -p agentdb-data-plane-node -E 'test(a_hundred_thousand)' --no-capture` prints the figures.
#[test]
fn a_hundred_thousand_idle_namespaces_cost_bytes_and_are_known_again_after_a_restart() {
    const NAMESPACES: u128 = 100_000;
    let bench = Bench::new();
    let registry = bench.registry();
    let before = resident_bytes();
    let events = (0..NAMESPACES).map(|n| placed(n, &format!("agent-{n}"), AssignmentState::Serve)).collect();
    registry.apply(batch(true, events));
    let each = (resident_bytes() - before) / NAMESPACES as usize;
    assert!(each < 2_048, "{each} bytes for a namespace that nobody uses");
    registry.save().expect("saved");
    drop(registry);
    let began = tokio::time::Instant::now();
    let registry = bench.registry();
    let took = began.elapsed();
    assert_eq!(found(&registry, "agent-99999"), Some(id(99_999)));
    assert!(registry.slots().iter().all(|slot| slot.peek().is_none()), "none is open");
    println!("{NAMESPACES} idle namespaces: {each} bytes each; known again in {took:?}");
}
