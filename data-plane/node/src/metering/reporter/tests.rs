use std::sync::atomic::Ordering;

use agentdb_control_plane_contract::AssignmentState;

use super::*;
use crate::metering::bench::Bench;

#[tokio::test]
async fn while_billing_is_away_the_spool_does_not_grow_and_nothing_is_lost() {
    let bench = Bench::new().await;
    bench.billing.away.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        for _ in 0..100 {
            bench.spool.count(&[(bench.reads(), 1)], || true).expect("counted");
        }
        bench.reporter.report().await.expect_err("billing is away");
        let files = fs::read_dir(bench.dir.path()).expect("readable").flatten();
        let spools = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "usage"));
        let bytes: u64 = spools.map(|file| file.metadata().expect("there").len()).sum();
        assert!(bytes > 0 && bytes <= 1_000, "{bytes} bytes of one counter");
    }
    bench.billing.away.store(false, Ordering::SeqCst);
    bench.reporter.report().await.expect("billing is back");
    assert_eq!(bench.billing.billed(Meter::Query), 1_000);
}

#[tokio::test]
async fn a_write_whose_outcome_was_unknown_is_reported_when_it_comes_into_the_log() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 5).await;
    // Given up by its caller, on its way to the store.
    drop(slot.mark.begin().expect("marked"));
    bench.reporter.report().await.expect("reported");
    assert_eq!(bench.billing.billed(Meter::Write), 5);
    bench.write(&open, 7).await;
    bench.reporter.report().await.expect("reported");
    assert_eq!(bench.billing.billed(Meter::Write), 12, "it came after all");
}

#[tokio::test]
async fn a_busy_namespace_forgets_what_billing_has_and_nothing_else() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    // Never over while the test lasts: there is always something unsettled.
    let _busy = slot.mark.begin().expect("marked");
    bench.write(&open, 5).await;
    bench.reporter.report().await.expect("reported");
    bench.write(&open, 2).await;
    bench.billing.away.store(true, Ordering::SeqCst);
    bench.clock.advance(std::time::Duration::from_secs(27 * 3_600));
    bench.reporter.report().await.expect_err("billing is away");
    let sum = |open: &agentdb_data_plane_engine::Namespace| open.usage().iter().map(|(_, value)| value).sum::<u64>();
    assert_eq!(sum(&open), 7, "2 of it billing has not got");
    bench.billing.away.store(false, Ordering::SeqCst);
    bench.write(&open, 100).await;
    bench.reporter.report().await.expect("reported");
    assert_eq!(sum(&open), 100, "the old hour is forgotten");
    assert_eq!(bench.billing.billed(Meter::Write), 107);
}
