use agentdb_control_plane_contract::{AssignmentState, Meter};

use super::*;
use crate::metering::bench::Bench;

fn eraser(bench: &Bench) -> Eraser {
    Eraser {
        opener: Arc::clone(&bench.opener),
        registry: Arc::clone(&bench.registry),
        reporter: Arc::clone(&bench.reporter),
    }
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_between_report_and_close_is_reported_before_the_log_goes() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 5).await;
    bench.place(AssignmentState::Delete);
    let erasing = tokio::spawn({
        let (eraser, slot) = (eraser(&bench), Arc::clone(&slot));
        async move { eraser.erase(&slot, &CancellationToken::new()).await }
    });
    // It has reported, and waits for this request, which goes on to write.
    let waits = async {
        while slot.peek().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.expect("it waits");
    let write = slot.mark.begin().expect("marked");
    bench.write(&open, 7).await;
    write.done();
    drop(open);
    assert!(erasing.await.expect("no panic"));
    assert_eq!(bench.billing.billed(Meter::Write), 12);
    assert!(files(&bench.folder()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_doubt_is_looked_for_in_the_log_before_it_goes() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    drop(slot.mark.begin().expect("marked"));
    bench.write(&open, 5).await;
    drop(open);
    bench.place(AssignmentState::Delete);
    assert!(eraser(&bench).erase(&slot, &CancellationToken::new()).await);
    assert_eq!(bench.billing.billed(Meter::Write), 5);
    assert!(!slot.mark.is_in_doubt());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_cannot_be_read_is_erased_all_the_same() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 5).await;
    drop(open);
    slot.close().await;
    let damaged = files(&bench.folder());
    assert!(!damaged.is_empty());
    for file in damaged {
        std::fs::write(file, b"damaged").expect("written");
    }
    assert!(slot.mark.unsettled(None).is_some(), "its log owes a report");
    bench.place(AssignmentState::Delete);
    assert!(eraser(&bench).erase(&slot, &CancellationToken::new()).await);
    assert!(files(&bench.folder()).is_empty());
    assert!(bench.registry.slots().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_erased_without_the_lease() {
    let bench = Bench::new().await;
    let slot = bench.place(AssignmentState::Serve);
    let open = slot.acquire(&bench.opener).await.expect("open");
    bench.write(&open, 5).await;
    drop(open);
    bench.place(AssignmentState::Delete);
    bench.clock.advance(Duration::from_secs(2_000 * 3_600));
    assert!(!bench.opener.lease.valid());
    assert!(matches!(eraser(&bench).try_erase(&slot).await, Err(EraseError::NoLease)));
    assert!(!files(&bench.folder()).is_empty());
}
