//! Bugs on demand, to show that the simulation notices them. Compiled only with the feature `planted-bugs`.

use std::sync::atomic::{AtomicU8, Ordering};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// None.
    None,
    /// "Already exists" is taken for another writer without reading the entry back.
    OwnConflictIsFencing,
    /// A write is acknowledged and visible before its entry is durable.
    AcknowledgeBeforePut,
    /// The checkpoint moves before the tables hold what it says.
    CheckpointBeforeFold,
    /// The checkpoint counts the usage of writes that are not in it, and the replay of the log counts it again.
    ReplayCountsUsageTwice,
    /// The checkpoint leaves the answers of idempotent writes out.
    AnswersForgottenByFold,
    /// A fold leaves deleted rows in the table.
    FoldSkipsDeletes,
    /// The lease is not looked at before a read is answered.
    StaleReadByPausedOwner,
    /// The lease is not looked at before a write is acknowledged.
    AcknowledgeAfterLease,
}

static PLANTED: AtomicU8 = AtomicU8::new(0);

/// Plants a bug in this whole process.
pub fn plant(bug: Bug) {
    PLANTED.store(bug as u8, Ordering::SeqCst);
}

pub(crate) fn is(bug: Bug) -> bool {
    PLANTED.load(Ordering::SeqCst) == bug as u8
}
