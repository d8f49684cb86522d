use agentdb_control_plane_contract::{Meter, PolicyBatch, PolicyEvent, Suspension};
use agentdb_ids::Uuid;

use super::*;
use crate::{config::GrantsConfig, line::Line, metering::bench::Bench};

fn background(bench: &Bench, stop: &CancellationToken) -> Arc<Background> {
    let clock: Arc<dyn Clock> = Arc::new(bench.clock.clone());
    let path = |name: &str| bench.dir.path().join(name);
    let line = Arc::clone(&bench.billing) as Arc<dyn Line>;
    let uses = KeyUseLog::new(Arc::clone(&line), 10);
    let grants = GrantCache::load(path("grants.json"), GrantsConfig::default(), Arc::clone(&clock), line);
    Arc::new(Background {
        clock,
        registry: Arc::clone(&bench.registry),
        opener: Arc::clone(&bench.opener),
        grants: Arc::new(grants),
        uses: Arc::new(uses),
        report_uses_every: Duration::from_secs(10),
        reporter: Arc::clone(&bench.reporter),
        spool: Arc::clone(&bench.spool),
        storage: Arc::new(StorageLedger::load(path("sizes.json"))),
        metering: MeteringConfig::default(),
        assignments: AssignmentsConfig::default(),
        shares: Vec::new(),
        stop: stop.clone(),
    })
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), waiting).await.is_ok(), "waited in vain until {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_placed_later_is_opened_for_its_size_and_its_report() {
    let bench = Bench::new().await;
    let stop = CancellationToken::new();
    let recovering = tokio::spawn(background(&bench, &stop).recover());
    let slot = bench.place(AssignmentState::Serve);
    until("its size is known", || slot.known_bytes().is_some()).await;
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 5).await;
    drop(open);
    bench.reporter.report().await.expect("reported");
    // A write of unknown outcome comes into the log, and the handle is closed before anybody has seen it.
    drop(slot.mark.begin().expect("marked"));
    let commit = slot.peek().map(|open| open.commit());
    slot.mark.settle(slot.mark.unsettled(commit).expect("begun"), commit);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 7).await;
    drop(open);
    slot.close().await;
    assert!(slot.mark.is_left_behind());
    bench.place(AssignmentState::Serve);
    until("it is opened again", || slot.peek().is_some()).await;
    bench.reporter.report().await.expect("reported");
    assert_eq!(bench.billing.billed(Meter::Write), 12);
    stop.cancel();
    recovering.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_cannot_be_opened_keep_the_others_waiting_for_no_more_than_a_round() {
    let bench = Bench::new().await;
    let first = bench.place(AssignmentState::Serve);
    let many = (2..=RECOVER_MOST as u128 + 2).map(|n| {
        let namespace_id = NamespaceId::from_uuid(Uuid::from_u128(n));
        // Only the last one has a prefix that can be opened.
        let prefix = if n == RECOVER_MOST as u128 + 2 { format!("ns/{n}") } else { "blocked/ns".to_owned() };
        PolicyEvent::Assignment(agentdb_control_plane_contract::Assignment {
            namespace_id,
            name: format!("n{n}"),
            prefix,
            ..(*first.assignment()).clone()
        })
    });
    // A file where a folder should be: nothing in it can be listed, read or written.
    std::fs::write(bench.dir.path().join("objects/blocked"), b"").expect("written");
    let events = many.collect();
    bench.registry.apply(PolicyBatch { cursor: 2, snapshot: false, events, digest: None });
    let background = background(&bench, &CancellationToken::new());
    let mut after = None;
    assert!(background.recover_some(&mut after).await);
    assert!(background.recover_some(&mut after).await);
    let last = NamespaceId::from_uuid(Uuid::from_u128(RECOVER_MOST as u128 + 2));
    let last = bench.registry.slots().into_iter().find(|slot| slot.id() == last).expect("placed");
    assert!(last.known_bytes().is_some(), "its turn came");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suspended_or_kept_is_reported_and_its_size_learned_without_being_served() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let mut owed = 0;
    for state in [AssignmentState::Suspend(Suspension::Organization), AssignmentState::Retain] {
        bench.place(AssignmentState::Serve);
        let open = slot.acquire(&bench.opener).await.expect("open");
        // A write of unknown outcome comes into the log, and the handle is closed before anybody has seen it.
        drop(slot.mark.begin().expect("marked"));
        let commit = Some(open.commit());
        slot.mark.settle(slot.mark.unsettled(commit).expect("begun"), commit);
        bench.write(&open, 5).await;
        owed += 5;
        drop(open);
        slot.close().await;
        assert!(slot.mark.is_left_behind());
        bench.place(state);
        assert!(slot.acquire(&bench.opener).await.is_err(), "{state:?}");
        assert!(!background(&bench, &CancellationToken::new()).recover_some(&mut None).await, "{state:?}");
        bench.reporter.report().await.expect("reported");
        assert_eq!(bench.billing.billed(Meter::Write), owed, "{state:?}");
    }
    assert!(slot.known_bytes().is_some());
}
