//! Bugs on demand, to show that the simulation notices them. Compiled only with the feature `planted-bugs`.

use std::sync::atomic::{AtomicU8, Ordering};

use object_store::{Attribute, PutOptions};

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
    /// After a long pause an entry that could be created is taken for a place in the log that is still ours.
    TrimmedKeyIsOurs,
    /// A fold goes onto the newest version of a table, whoever made it.
    LateFoldOverSuccessor,
    /// A fold is one commit that deletes and one that adds, and a table that is newer than the checkpoint is taken
    /// for folded.
    FoldInTwoCommits,
    /// A table that is newer than the checkpoint is taken for folded.
    NewerTableIsTakenAsFolded,
    /// A fold does not wait for its files to reach the disk.
    FoldWithoutSync,
    /// A compaction runs beside a fold, and its result takes the place of the fold's.
    CompactionBesideFold,
}

impl Bug {
    /// All of them, but for [`Bug::None`].
    pub const ALL: [Self; 14] = [
        Self::OwnConflictIsFencing,
        Self::AcknowledgeBeforePut,
        Self::CheckpointBeforeFold,
        Self::ReplayCountsUsageTwice,
        Self::AnswersForgottenByFold,
        Self::FoldSkipsDeletes,
        Self::StaleReadByPausedOwner,
        Self::AcknowledgeAfterLease,
        Self::TrimmedKeyIsOurs,
        Self::LateFoldOverSuccessor,
        Self::FoldInTwoCommits,
        Self::NewerTableIsTakenAsFolded,
        Self::FoldWithoutSync,
        Self::CompactionBesideFold,
    ];
}

static PLANTED: AtomicU8 = AtomicU8::new(0);

/// Plants a bug in this whole process.
pub fn plant(bug: Bug) {
    PLANTED.store(bug as u8, Ordering::SeqCst);
}

pub(crate) fn is(bug: Bug) -> bool {
    PLANTED.load(Ordering::SeqCst) == bug as u8
}

/// A PUT of a table's file, marked as one that nobody waits for to reach the disk.
pub(crate) fn unsynced(location: &object_store::path::Path, mut options: PutOptions) -> PutOptions {
    if is(Bug::FoldWithoutSync) && location.as_ref().contains("/tables/") {
        options.attributes.insert(Attribute::Metadata("unsynced".into()), "true".into());
    }
    options
}
