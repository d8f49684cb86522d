use agentdb_clock::{ManualClock, SystemEntropy};
use chrono::DateTime;
use object_store::{
    local::LocalFileSystem,
    memory::InMemory,
    path::Path,
    throttle::{ThrottleConfig, ThrottledStore},
};

use super::*;

struct Bench {
    clock: ManualClock,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(100));
        Self { clock, dir: tempfile::tempdir().expect("a directory") }
    }

    fn chain(&self) -> LeaseChain {
        let objects = LocalFileSystem::new_with_prefix(self.dir.path()).expect("a store");
        LeaseChain::new(Arc::new(objects), Path::from("nodes/n/lease"))
    }

    fn keeper(&self, directory: &str) -> LeaseKeeper {
        let lease = Arc::new(Lease::new(Arc::new(self.clock.clone())));
        let incarnation = IncarnationId::generate(&self.clock, &SystemEntropy);
        let config = LeaseConfig::default();
        LeaseKeeper::new(self.chain(), config, lease, Arc::new(SystemEntropy), incarnation, directory.to_owned())
    }
}

#[tokio::test]
async fn a_lease_holds_for_its_validity_and_renewal_prolongs_it() {
    let bench = Bench::new();
    let mut keeper = bench.keeper("a");
    assert!(!keeper.lease.valid(), "nothing is held before the first PUT");
    assert_eq!(keeper.step().await, Duration::from_secs(3));
    bench.clock.advance(Duration::from_millis(9_999));
    assert!(keeper.lease.valid());
    keeper.step().await;
    bench.clock.advance(Duration::from_millis(9_999));
    assert!(keeper.lease.valid());
    bench.clock.advance(Duration::from_millis(1));
    assert!(!keeper.lease.valid(), "a paused owner serves nothing");
}

#[tokio::test]
async fn another_process_waits_the_lease_out() {
    let bench = Bench::new();
    let mut old = bench.keeper("a");
    old.step().await;
    let mut new = bench.keeper("b");
    for _ in 0..10 {
        new.step().await;
        assert!(!new.lease.valid());
        bench.clock.advance(Duration::from_secs(1));
    }
    assert!(!old.lease.valid(), "the old one has run out before the new one may begin");
    bench.clock.advance(Duration::from_millis(1));
    new.step().await;
    assert!(!new.lease.valid(), "what is placed here may have changed while another process had the lease");
    new.lease.confirm(new.lease.epoch());
    assert!(new.lease.valid());
    // The sleeper wakes: it finds the newest link foreign and does not take its lease for good.
    old.step().await;
    assert!(!old.lease.valid());
}

#[tokio::test]
async fn a_live_owner_is_never_pushed_out() {
    let bench = Bench::new();
    let (mut owner, mut other) = (bench.keeper("a"), bench.keeper("b"));
    for _ in 0..20 {
        owner.step().await;
        other.step().await;
        bench.clock.advance(Duration::from_secs(3));
        assert!(owner.lease.valid());
        assert!(!other.lease.valid());
    }
}

#[tokio::test]
async fn the_holder_of_the_same_directory_takes_over_at_once() {
    let bench = Bench::new();
    bench.keeper("a").step().await;
    let mut next = bench.keeper("a");
    next.step().await;
    assert!(next.lease.valid(), "with nobody to ask");
}

#[tokio::test]
async fn a_released_lease_is_free_for_anybody() {
    let bench = Bench::new();
    let mut first = bench.keeper("a");
    first.step().await;
    first.release().await;
    assert!(!first.lease.valid());
    let mut second = bench.keeper("b");
    second.step().await;
    second.lease.confirm(second.lease.epoch());
    assert!(second.lease.valid());
}

#[tokio::test]
async fn a_holder_whose_place_is_taken_stops_answering() {
    let bench = Bench::new();
    let mut owner = bench.keeper("a");
    owner.step().await;
    let taken = Link { directory: "control-plane".to_owned(), ..owner.link(false) };
    let incarnation = IncarnationId::generate(&bench.clock, &SystemEntropy);
    let taken = Link { nonce: "other".to_owned(), incarnation, ..taken };
    assert_eq!(bench.chain().append(2, &taken).await.expect("written"), Appended::Ours);
    owner.step().await;
    assert!(!owner.lease.valid());
}

#[tokio::test]
async fn a_put_that_meets_itself_is_its_own() {
    let bench = Bench::new();
    let link = bench.keeper("a").link(false);
    let chain = bench.chain();
    assert_eq!(chain.append(1, &link).await.expect("written"), Appended::Ours);
    assert_eq!(chain.append(1, &link).await.expect("read back"), Appended::Ours);
    let other = Link { nonce: "other".to_owned(), ..link.clone() };
    assert_eq!(chain.append(1, &other).await.expect("read back"), Appended::Taken(link));
}

#[tokio::test]
async fn old_links_are_removed() {
    let bench = Bench::new();
    let mut keeper = bench.keeper("a");
    for _ in 0..50 {
        keeper.step().await;
        bench.clock.advance(Duration::from_secs(3));
    }
    let links = std::fs::read_dir(bench.dir.path().join("nodes/n/lease")).expect("there").count();
    assert!(links <= 21, "{links} links");
}

#[tokio::test]
async fn a_late_put_of_its_own_costs_no_lease() {
    let bench = Bench::new();
    let mut owner = bench.keeper("a");
    owner.step().await;
    let late = owner.link(false);
    assert_eq!(bench.chain().append(2, &late).await.expect("written"), Appended::Ours);
    assert_eq!(owner.step().await, Duration::ZERO);
    assert!(owner.lease.valid());
    bench.clock.advance(Duration::from_secs(9));
    owner.step().await;
    bench.clock.advance(Duration::from_secs(9));
    assert!(owner.lease.valid(), "renewed behind the late one");
}

#[tokio::test]
async fn a_question_asked_before_the_lease_was_won_confirms_nothing() {
    let bench = Bench::new();
    bench.keeper("a").step().await;
    let mut next = bench.keeper("b");
    let asked = next.lease.epoch();
    next.step().await;
    bench.clock.advance(Duration::from_secs(11));
    next.step().await;
    next.lease.confirm(asked);
    assert!(!next.lease.valid());
    next.lease.confirm(next.lease.epoch());
    assert!(next.lease.valid());
}

#[tokio::test]
async fn a_store_that_does_not_answer_holds_up_no_step() {
    let bench = Bench::new();
    let never = Duration::from_secs(3_600);
    for (list, delete) in [(never, Duration::ZERO), (Duration::ZERO, never)] {
        let slow = ThrottleConfig { wait_list_per_call: list, wait_delete_per_call: delete, ..Default::default() };
        let objects = Arc::new(ThrottledStore::new(InMemory::new(), slow));
        let mut keeper = bench.keeper("a");
        keeper.chain = LeaseChain::new(objects, Path::from("nodes/n/lease"));
        keeper.config = LeaseConfig { renew_every_ms: 10, put_timeout_ms: 10, ..LeaseConfig::default() };
        for _ in 0..30 {
            let stepped = tokio::time::timeout(Duration::from_secs(5), keeper.step()).await;
            assert!(stepped.is_ok(), "the keeper hangs");
        }
        assert_eq!(keeper.lease.valid(), list.is_zero(), "what cannot be removed does no harm");
    }
}
