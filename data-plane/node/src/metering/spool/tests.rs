use agentdb_clock::{ManualClock, SystemEntropy};
use agentdb_control_plane_contract::Meter;
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId, Uuid};
use chrono::DateTime;

use super::*;

fn key(n: u128, hour: i64) -> CounterKey {
    CounterKey {
        org_id: OrgId::from_uuid(Uuid::from_u128(1)),
        namespace_id: NamespaceId::from_uuid(Uuid::from_u128(2)),
        key_id: ApiKeyId::from_uuid(Uuid::from_u128(n)),
        meter: Meter::Query,
        hour,
    }
}

fn incarnation() -> IncarnationId {
    IncarnationId::generate(&ManualClock::at(DateTime::UNIX_EPOCH), &SystemEntropy)
}

fn only(folder: &Path) -> OldSpool {
    let mut found = left_behind(folder, incarnation()).expect("readable");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn what_was_counted_is_found_by_the_next_life() {
    let dir = tempfile::tempdir().expect("a directory");
    let life = incarnation();
    let spool = Spool::create(dir.path(), life, 10).expect("created");
    for _ in 0..3 {
        spool.count(&[(key(1, 7), 1_000), (key(2, 7), 5)], || true).expect("counted");
    }
    assert!(left_behind(dir.path(), life).expect("readable").is_empty(), "its own file is not left behind");
    drop(spool);
    let old = only(dir.path());
    assert_eq!(old.incarnation, life);
    assert_eq!(old.counters, HashMap::from([(key(1, 7), 3_000), (key(2, 7), 15)]));
}

#[test]
fn a_torn_last_record_is_ignored_wherever_it_is_torn() {
    let dir = tempfile::tempdir().expect("a directory");
    let spool = Spool::create(dir.path(), incarnation(), 10).expect("created");
    spool.count(&[(key(1, 7), 10)], || true).expect("counted");
    spool.count(&[(key(1, 7), 20)], || true).expect("counted");
    let path = spool.path.clone();
    let whole = fs::read(&path).expect("readable");
    for len in LEN..LEN * 2 {
        fs::write(&path, &whole[..len]).expect("torn");
        assert_eq!(only(dir.path()).counters, HashMap::from([(key(1, 7), 10)]), "torn at {len}");
    }
}

#[test]
fn a_request_refused_at_the_last_moment_is_not_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let spool = Spool::create(dir.path(), incarnation(), 10).expect("created");
    spool.count(&[(key(1, 7), 10)], || true).expect("counted");
    assert!(matches!(spool.count(&[(key(1, 7), 20)], || false), Err(CountError::Refused)));
    assert_eq!(spool.unacknowledged(10), [(key(1, 7), 10)]);
    drop(spool);
    assert_eq!(only(dir.path()).counters, HashMap::from([(key(1, 7), 10)]));
}

#[test]
fn an_acknowledged_value_is_not_reported_again_until_it_grows() {
    let dir = tempfile::tempdir().expect("a directory");
    let spool = Spool::create(dir.path(), incarnation(), 10).expect("created");
    spool.count(&[(key(1, 7), 10)], || true).expect("counted");
    let sent = spool.unacknowledged(10);
    spool.count(&[(key(1, 7), 1)], || true).expect("counted while the report was under way");
    for (key, value) in sent {
        spool.acknowledge(&key, value);
    }
    assert_eq!(spool.unacknowledged(10), [(key(1, 7), 11)]);
    spool.acknowledge(&key(1, 7), 11);
    assert!(spool.unacknowledged(10).is_empty());
    assert!(spool.remove_if_acknowledged().expect("removed"));
    assert!(left_behind(dir.path(), incarnation()).expect("readable").is_empty());
}

#[test]
fn compaction_keeps_what_is_owed_and_drops_what_is_settled() {
    let dir = tempfile::tempdir().expect("a directory");
    let spool = Spool::create(dir.path(), incarnation(), 10).expect("created");
    for _ in 0..100 {
        spool.count(&[(key(1, 7), 1), (key(2, 7), 1), (key(3, 8), 1)], || true).expect("counted");
    }
    spool.acknowledge(&key(1, 7), 100);
    spool.acknowledge(&key(3, 8), 100);
    spool.compact(8, 1_000).expect("compacted");
    spool.count(&[(key(3, 8), 1)], || true).expect("counted after it");
    assert_eq!(spool.inner.lock().len, 3 * LEN as u64);
    drop(spool);
    let expected = HashMap::from([(key(2, 7), 100), (key(3, 8), 101)]);
    assert_eq!(only(dir.path()).counters, expected, "an hour that goes on keeps its sum");
}

#[test]
fn counters_are_bounded() {
    let dir = tempfile::tempdir().expect("a directory");
    let spool = Spool::create(dir.path(), incarnation(), 1).expect("created");
    spool.count(&[(key(1, 7), 1)], || true).expect("counted");
    assert!(matches!(spool.count(&[(key(2, 7), 1)], || true), Err(CountError::Full)));
    spool.count(&[(key(1, 7), 1)], || true).expect("a known counter goes on");
}
