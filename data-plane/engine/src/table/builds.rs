//! The build of a vector index that is under way, and stopping it.
//!
//! It takes minutes, and works on rows as they were. But only its last step writes to the store, so who removes rows
//! for good waits for that step alone: a build that is stopped before it never comes to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use lance_index::progress::IndexBuildProgress;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::catalog::TableId;

/// Steps that read and compute, and write to the machine's own disk at most.
const READING: [&str; 3] = ["train_ivf", "train_quantizer", "shuffle"];

/// The builds of a namespace, of which one runs at a time.
#[derive(Debug, Default)]
pub(crate) struct Builds(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: Option<(TableId, Arc<Build>)>,
    /// Tables of which no index may be built.
    resting: Vec<TableId>,
    /// How often builds were stopped.
    stops: u64,
}

/// A build that can be told to stop: Lance tells of each step before it is begun, and of many points within it.
#[derive(Debug, Default)]
pub(crate) struct Build {
    stopped: AtomicBool,
    /// Whether it came to a step that may write to the store.
    writes: AtomicBool,
    ended: CancellationToken,
}

/// A build that has begun. It has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Building<'a> {
    builds: &'a Builds,
    build: Arc<Build>,
}

/// While this is there, no index of the tables that were named is built.
#[derive(Debug)]
pub(crate) struct NoBuilds<'a>(&'a Builds);

impl Builds {
    /// To be asked before it is looked for what to build.
    pub(crate) fn stops(&self) -> u64 {
        self.0.lock().stops
    }

    /// Begins a build of what was found after `stops` was asked for. `None` when builds were stopped since, for what
    /// was found may be gone, or while none of the table is to be built.
    pub(crate) fn begin(&self, table: TableId, stops: u64) -> Option<Building<'_>> {
        let mut inner = self.0.lock();
        if inner.stops != stops || inner.resting.contains(&table) {
            return None;
        }
        let build = Arc::new(Build::default());
        inner.running = Some((table, Arc::clone(&build)));
        Some(Building { builds: self, build })
    }

    /// Stops the build of an index of one of `tables`, or of one that is not live, which may hold the same rows; and lets
    /// none of `tables` begin while what this gives is there. Returns when nothing is written for one, nor will be.
    pub(crate) async fn stop(&self, tables: Vec<TableId>, is_live: impl Fn(TableId) -> bool) -> NoBuilds<'_> {
        let running = {
            let mut inner = self.0.lock();
            inner.stops += 1;
            let running = inner.running.as_ref().filter(|(table, _)| tables.contains(table) || !is_live(*table));
            let running = running.map(|(_, build)| Arc::clone(build));
            inner.resting = tables;
            running
        };
        let none = NoBuilds(self);
        if let Some(build) = running {
            build.stopped.store(true, Ordering::SeqCst);
            // One that does not write yet finds that it is stopped before it does.
            if build.writes.load(Ordering::SeqCst) {
                build.ended.cancelled().await;
            }
        }
        none
    }
}

impl Building<'_> {
    /// What the steps of the build are told to.
    pub(crate) fn steps(&self) -> Arc<Build> {
        Arc::clone(&self.build)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.build.stopped.load(Ordering::SeqCst)
    }
}

impl Drop for Building<'_> {
    fn drop(&mut self) {
        // Its thread may go on when nobody waits for it any more: not to where it writes.
        self.build.stopped.store(true, Ordering::SeqCst);
        self.builds.0.lock().running = None;
        self.build.ended.cancel();
    }
}

impl Drop for NoBuilds<'_> {
    fn drop(&mut self) {
        self.0.0.lock().resting.clear();
    }
}

impl Build {
    fn go_on(&self) -> lance::Result<()> {
        if self.stopped.load(Ordering::SeqCst) { Err(lance::Error::Stop) } else { Ok(()) }
    }
}

#[async_trait]
impl IndexBuildProgress for Build {
    async fn stage_start(&self, stage: &str, _: Option<u64>, _: &str) -> lance::Result<()> {
        if !READING.contains(&stage) {
            // Before it is asked whether it is stopped: who stops it asks in the other order.
            self.writes.store(true, Ordering::SeqCst);
        }
        self.go_on()
    }

    async fn stage_progress(&self, _: &str, _: u64) -> lance::Result<()> {
        // What writes comes to its end: parts of an object that is half written are in no listing.
        if self.writes.load(Ordering::SeqCst) { Ok(()) } else { self.go_on() }
    }

    async fn stage_complete(&self, _: &str) -> lance::Result<()> {
        self.go_on()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    const TABLE: TableId = TableId(Uuid::from_u128(1));
    const OTHER: TableId = TableId(Uuid::from_u128(2));

    /// Whether a build may begin a step.
    fn goes_on(build: &Build, step: &str) -> bool {
        build.stage_start(step, None, "").now_or_never().expect("nothing is waited for").is_ok()
    }

    #[test]
    fn who_stops_a_build_that_only_reads_waits_for_nothing_and_it_never_writes() {
        let builds = Builds::default();
        let found = builds.stops();
        let building = builds.begin(TABLE, found).expect("none is stopped");
        assert!(goes_on(&building.steps(), "shuffle"));
        let none = builds.stop(vec![TABLE], |_| true).now_or_never().expect("nothing is written");
        assert!(!goes_on(&building.steps(), "merge_partitions") && building.is_stopped());
        drop(building);
        assert!(builds.begin(TABLE, builds.stops()).is_none());
        assert!(builds.begin(OTHER, builds.stops()).is_some());
        drop(none);
        assert!(builds.begin(TABLE, found).is_none(), "what was found before is looked for again");
        assert!(builds.begin(TABLE, builds.stops()).is_some());
    }

    #[test]
    fn who_stops_a_build_that_writes_waits_for_its_end_and_for_that_of_no_other() {
        let builds = Builds::default();
        let building = builds.begin(TABLE, 0).expect("none is stopped");
        assert!(goes_on(&building.steps(), "merge_partitions"));
        let other = builds.stop(vec![OTHER], |_| true).now_or_never();
        assert!(other.is_some() && !building.is_stopped());
        drop(other);
        // The table that it is built of was dropped.
        let mut stop = Box::pin(builds.stop(vec![OTHER], |table| table == OTHER));
        assert!((&mut stop).now_or_never().is_none() && building.is_stopped());
        assert!(building.steps().stage_progress("merge_partitions", 1).now_or_never().expect("no wait").is_ok());
        drop(building);
        assert!(stop.now_or_never().is_some());
    }
}
