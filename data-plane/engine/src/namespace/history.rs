//! How much of the past is kept: checkpoints, the log between them, and the tables they name.
//!
//! A commit is read from the newest kept checkpoint at or before it and the log after that. The log is whole for
//! all of the history; checkpoints are thinned, as far as the log between two stays short enough to be replayed.

use std::time::Duration;

use super::folding::FoldMemory;
use super::shared::Shared;
use super::types::Commit;
use crate::catalog::Kept;

/// Checkpoints younger than this are all kept.
const RECENT: Duration = Duration::from_secs(3600);
/// The time, logical bytes in folds' worth, and commits between two kept checkpoints, if there are any between.
const MAX_GAP_MS: i64 = 3_600_000;
const MAX_GAP_FOLDS: u64 = 2;
const MAX_GAP_COMMITS: Commit = 10_000;

/// What decides how much is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// What was needed at this time or later is kept.
    pub(super) horizon_ms: i64,
    /// Checkpoints made at this time or later are all kept.
    pub(super) recent_ms: i64,
    /// Logical bytes that may be written between two kept checkpoints.
    pub(super) max_gap_bytes: u64,
}

/// What is kept and what goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) kept: Vec<Kept>,
    pub(super) gone: Vec<Kept>,
    /// Log entries up to this one go,
    pub(super) log_until: Commit,
    /// but for those in these ranges `(after, to]`.
    pub(super) log_but: Vec<(Commit, Commit)>,
}

/// Decides over `kept`, oldest first, the last one being the root. Commits in `pinned` stay readable for ever.
pub(super) fn plan(kept: &[Kept], pinned: &[Commit], rules: &Rules) -> Plan {
    let base = kept.iter().rposition(|k| !k.pinned && k.at_ms <= rules.horizon_ms);
    // What is pinned alone does not become whole again.
    let base = base.or_else(|| kept.iter().position(|k| !k.pinned)).unwrap_or(0);
    let log_until = kept.get(base).map_or(0, |k| k.folded_commit);
    let mut plan = Plan { kept: Vec::new(), gone: Vec::new(), log_until, log_but: Vec::new() };
    let holds = |at: usize, commit: Commit| {
        kept[at].folded_commit <= commit && kept.get(at + 1).is_none_or(|next| commit < next.folded_commit)
    };
    for (at, checkpoint) in kept.iter().enumerate().take(base) {
        let held = pinned.iter().filter(|commit| **commit < log_until && holds(at, **commit)).max();
        match held {
            Some(last) => {
                plan.log_but.push((checkpoint.folded_commit, *last));
                plan.kept.push(Kept { pinned: true, ..*checkpoint });
            }
            None => plan.gone.push(*checkpoint),
        }
    }
    for (at, checkpoint) in kept.iter().enumerate().skip(base) {
        let between = plan.kept.last().filter(|_| at > base).zip(kept.get(at + 1));
        let thin = between.is_some_and(|(before, after)| {
            checkpoint.at_ms < rules.recent_ms
                && after.at_ms.saturating_sub(before.at_ms) <= MAX_GAP_MS
                && after.written.saturating_sub(before.written) <= rules.max_gap_bytes
                && after.folded_commit - before.folded_commit <= MAX_GAP_COMMITS
        });
        if thin { plan.gone.push(*checkpoint) } else { plan.kept.push(*checkpoint) }
    }
    plan
}

/// Logical bytes of rows that are not live and can still be read at an older commit. What a snapshot older than the
/// history keeps is counted as its live rows, or as all that went since if that is less.
pub(super) fn history_bytes(kept: &[Kept], written: u64, live: u64) -> u64 {
    // Rows written so far that are not live any more.
    let dead = |written: u64, live: u64| written.saturating_sub(live);
    let ends = kept.iter().skip(1).map(|k| dead(k.written, k.live));
    let pinned = kept.iter().zip(ends).filter(|(k, _)| k.pinned);
    let pinned = pinned.map(|(k, until)| until.saturating_sub(dead(k.written, k.live)).min(k.live)).sum::<u64>();
    let base = kept.iter().find(|k| !k.pinned).unwrap_or(&Kept::EMPTY);
    let whole = (base.live + written.saturating_sub(base.written)).saturating_sub(live);
    pinned + whole
}

/// Removes what nobody can ask for any more: checkpoints, log entries, and the files of dropped tables.
pub(super) async fn trim(shared: &Shared, memory: &mut FoldMemory) -> Result<(), String> {
    let (now_ms, retention) = (shared.now_ms(), shared.config.retention);
    let before = |age: Duration| now_ms.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let rules = Rules {
        horizon_ms: before(shared.history().max(retention)),
        recent_ms: before(RECENT.max(retention)),
        max_gap_bytes: shared.config.fold_bytes as u64 * MAX_GAP_FOLDS,
    };
    let Some((kept, pinned)) = shared.kept() else { return Ok(()) };
    let plan = plan(&kept, &pinned, &rules);
    let log = (plan.log_until, plan.log_but);
    if memory.trimmed.as_ref() != Some(&log) {
        shared.log.trim(log.0, &log.1).await.map_err(|e| e.to_string())?;
        memory.trimmed = Some(log);
    }
    for old in plan.gone.iter().filter(|old| old.sequence > 0) {
        shared.roots.remove(old.sequence).await.map_err(|e| e.to_string())?;
    }
    if let Some(root) = &mut shared.state.write().root {
        root.kept.clone_from(&plan.kept);
    }
    remove_dropped(shared, memory, &plan.kept, before(retention)).await
}

/// Removes the files of tables that no kept checkpoint and no collection names.
async fn remove_dropped(shared: &Shared, memory: &mut FoldMemory, kept: &[Kept], oldest_ms: i64) -> Result<(), String> {
    let dropped = shared.state.read().root.as_ref().map_or_else(Vec::new, |r| r.dropped.clone());
    memory.removed.retain(|table| dropped.iter().any(|d| d.table == *table));
    for old in dropped.into_iter().filter(|d| d.at_ms <= oldest_ms) {
        let named = kept.iter().any(|k| k.folded_commit >= old.created_commit && k.sequence < old.sequence);
        if !named && !memory.removed.contains(&old.table) {
            shared.tables.remove(old.table).await.map_err(|e| e.to_string())?;
            memory.removed.push(old.table);
        }
    }
    Ok(())
}

impl Shared {
    /// How far back the namespace is to be readable.
    pub(super) fn history(&self) -> Duration {
        Duration::from_millis(self.history_ms.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// The kept checkpoints, and the commits that stay readable for ever; `None` while there is no checkpoint.
    pub(super) fn kept(&self) -> Option<(Vec<Kept>, Vec<Commit>)> {
        let state = self.state.read();
        state.root.as_ref().map(|root| (root.kept.clone(), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minute: i64, sequence: u64) -> Kept {
        let (at_ms, written) = (minute * MINUTE, sequence * 100);
        let live = written / 2;
        Kept { sequence, folded_commit: sequence * 10, at_ms, commit_ms: at_ms, written, live, pinned: false }
    }

    fn sequences(kept: &[Kept]) -> Vec<u64> {
        kept.iter().map(|k| k.sequence).collect()
    }

    fn rules(now_minute: i64, history_minutes: i64) -> Rules {
        Rules {
            horizon_ms: (now_minute - history_minutes) * MINUTE,
            recent_ms: (now_minute - 60) * MINUTE,
            max_gap_bytes: 1_000,
        }
    }

    #[test]
    fn all_of_the_last_hour_is_kept_and_one_an_hour_before_it() {
        // One every ten minutes for five hours.
        let kept: Vec<Kept> = (1..=30_u64).map(|n| at(n.cast_signed() * 10, n)).collect();
        let plan = plan(&kept, &[], &rules(300, 10_000));
        assert_eq!(sequences(&plan.kept), [1, 7, 13, 19, 24, 25, 26, 27, 28, 29, 30]);
        assert_eq!((plan.log_until, plan.log_but.len()), (10, 0));
        assert_eq!(plan.gone.len() + plan.kept.len(), 30);
    }

    #[test]
    fn much_that_was_written_between_two_keeps_those_between() {
        let kept: Vec<Kept> = (1..=30_u64).map(|n| at(n.cast_signed(), n)).collect();
        let plan = plan(&kept, &[], &rules(1_000, 10_000));
        assert_eq!(sequences(&plan.kept), [1, 11, 21, 30]);
    }

    #[test]
    fn the_newest_before_the_horizon_is_the_oldest_kept() {
        let kept: Vec<Kept> = (1..=30_u64).map(|n| at(n.cast_signed() * 10, n)).collect();
        let plan = plan(&kept, &[], &rules(300, 95));
        assert_eq!(plan.log_until, 200);
        assert_eq!(sequences(&plan.kept)[0], 20);
    }

    #[test]
    fn pinned_commits_keep_their_checkpoint_and_the_log_up_to_them() {
        let mut kept: Vec<Kept> = (1..=30_u64).map(|n| at(n.cast_signed() * 10, n)).collect();
        kept.insert(0, Kept::EMPTY);
        let pinned = [5, 52, 57, 205];
        let first = plan(&kept, &pinned, &rules(300, 95));
        assert_eq!(sequences(&first.kept)[..3], [0, 5, 20]);
        assert_eq!(first.log_but, [(0, 5), (50, 57)]);
        assert_eq!(first.kept.iter().filter(|k| k.pinned).count(), 2);
        // A longer history does not bring back what lies between.
        let second = plan(&first.kept, &pinned, &rules(300, 10_000));
        assert_eq!((second.kept, second.log_until, second.log_but), (first.kept.clone(), 200, first.log_but));
        let third = plan(&first.kept, &[205], &rules(300, 95));
        assert_eq!(sequences(&third.gone), [0, 5]);
    }

    #[test]
    fn history_is_billed_by_what_is_not_live_any_more() {
        // 100 live of 250 written since the beginning.
        assert_eq!(history_bytes(&[Kept::EMPTY], 250, 100), 150);
        let base = Kept { written: 200, live: 80, ..at(1, 1) };
        assert_eq!(history_bytes(&[base], 250, 100), 30);
        // The snapshot has 60 live; 90 went between it and the base, of them at most 60 are its own.
        let snapshot = Kept { written: 90, live: 60, pinned: true, ..at(0, 1) };
        assert_eq!(history_bytes(&[snapshot, Kept { sequence: 2, ..base }], 250, 100), 30 + 60);
    }
}
