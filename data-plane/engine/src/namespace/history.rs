//! How much of the past is kept: checkpoints, the log between them, and the tables they name.
//!
//! A commit is read from the newest kept checkpoint at or before it and the log after that. The log is whole for
//! all of the history; checkpoints are thinned, as far as the log between two stays short enough to be replayed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use super::folding::FoldMemory;
use super::shared::Shared;
use super::types::Commit;
use crate::catalog::{DroppedTable, Kept, RootError, SnapshotMark, TableId};

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

impl Plan {
    /// Whether the entry of `commit` is kept.
    fn keeps_entry(&self, commit: Commit) -> bool {
        commit > self.log_until || self.log_but.iter().any(|(after, to)| *after < commit && commit <= *to)
    }
}

/// Decides over `kept`, oldest first, the last one being the root. Commits in `pinned` stay readable for ever.
pub(super) fn plan(kept: &[Kept], pinned: &[Commit], rules: &Rules) -> Plan {
    let old = kept.iter().rposition(|k| !k.pinned && k.at_ms <= rules.horizon_ms);
    // What is pinned alone does not become whole again.
    let base = old.or_else(|| kept.iter().position(|k| !k.pinned)).unwrap_or(0);
    let whole_from = kept.get(base).map_or(0, |k| k.folded_commit);
    let log_until = if old.is_some() { whole_from } else { 0 };
    let mut plan = Plan { kept: Vec::new(), gone: Vec::new(), log_until, log_but: Vec::new() };
    let holds = |at: usize, commit: Commit| {
        kept[at].folded_commit <= commit && kept.get(at + 1).is_none_or(|next| commit < next.folded_commit)
    };
    for (at, checkpoint) in kept.iter().enumerate().take(base) {
        let held = pinned.iter().filter(|commit| **commit < whole_from && holds(at, **commit)).max();
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

fn planned(shared: &Shared, memory: &FoldMemory) -> Option<Plan> {
    let (now_ms, retention) = (shared.now_ms(), shared.config.retention);
    let rules = Rules {
        horizon_ms: before(now_ms, shared.history().max(retention)),
        recent_ms: before(now_ms, RECENT.max(retention)),
        max_gap_bytes: shared.config.fold_bytes as u64 * MAX_GAP_FOLDS,
    };
    let state = shared.state.read();
    let snapshots = state.marks.snapshots.values().map(|snapshot| snapshot.commit);
    let pinned: Vec<Commit> = snapshots.chain(memory.pins.iter().filter_map(|pin| pin.commit)).collect();
    state.root.as_ref().map(|root| plan(&root.kept, &pinned, &rules))
}

/// Whether something is past the history that the last checkpoint still keeps.
pub(super) fn is_behind(shared: &Shared, memory: &FoldMemory) -> bool {
    if memory.plan.is_some() && !memory.plan_is_durable {
        return true;
    }
    let trimmed = memory.plan.as_ref().map_or(0, |plan| plan.log_until);
    planned(shared, memory).is_some_and(|plan| !plan.gone.is_empty() || plan.log_until > trimmed)
}

/// Decides what is kept, so that the next checkpoint says so. Only then [`trim`] removes what goes: whoever takes the
/// namespace over begins from a checkpoint, and may name anything that it keeps.
pub(super) fn decide(shared: &Shared, memory: &mut FoldMemory) {
    let Some(plan) = planned(shared, memory) else { return };
    let mut state = shared.state.write();
    if let Some(root) = &mut state.root {
        root.kept.clone_from(&plan.kept);
    }
    state.marks.rewinds.retain(|commit| plan.keeps_entry(*commit));
    memory.gone.extend(plan.gone.iter().map(|old| old.sequence).filter(|sequence| *sequence > 0));
    (memory.plan, memory.plan_is_durable) = (Some(plan), false);
}

/// Keeps what snapshots name that the checkpoint does not know of, whose own ones are `of_root`, while the namespace is
/// opened. Mostly that is kept. But an owner that had lost the namespace may have moved the root all the same, late; and
/// what it meant to remove, the one after it may have made a snapshot of, and died before it moved the root itself. Then
/// all of that is there still, and an older checkpoint says what gives the commit: whoever is not the owner removes
/// nothing. `sequences` are those of all checkpoints.
pub(super) async fn keep_for_snapshots(
    shared: &Shared,
    of_root: &BTreeMap<String, SnapshotMark>,
    sequences: &[u64],
) -> Result<(), RootError> {
    let (root, mut wanted) = {
        let state = shared.state.read();
        let Some(root) = &state.root else { return Ok(()) };
        let known: BTreeSet<Commit> = of_root.values().map(|snapshot| snapshot.commit).collect();
        let named: BTreeSet<Commit> = state.marks.snapshots.values().map(|snapshot| snapshot.commit).collect();
        let unknown = named.into_iter().filter(|commit| !known.contains(commit) && *commit < whole_from(&root.kept));
        (root.sequence, unknown.collect::<Vec<Commit>>())
    };
    for sequence in sequences.iter().rev().filter(|sequence| **sequence < root) {
        if wanted.is_empty() {
            return Ok(());
        }
        let Some(older) = shared.roots.read(*sequence).await? else { continue };
        let known: BTreeSet<Commit> = older.marks.snapshots.values().map(|snapshot| snapshot.commit).collect();
        let gives = |commit: &Commit| *commit >= whole_from(&older.kept) || known.contains(commit);
        let (given, rest): (Vec<_>, Vec<_>) = wanted.into_iter().partition(gives);
        wanted = rest;
        let mut state = shared.state.write();
        let Some(root) = &mut state.root else { return Ok(()) };
        let mut rewinds = Vec::new();
        for commit in given {
            let Some(base) = older.kept.iter().rev().find(|kept| kept.folded_commit <= commit) else { continue };
            let between = |rewind: &&Commit| (base.folded_commit + 1..=commit).contains(*rewind);
            rewinds.extend(older.marks.rewinds.iter().filter(between).copied());
            if root.kept.iter().all(|kept| kept.sequence != base.sequence) {
                let at = root.kept.partition_point(|kept| kept.sequence < base.sequence);
                root.kept.insert(at, Kept { pinned: true, ..*base });
            }
        }
        // Those on the way name versions of tables, too.
        rewinds.append(&mut state.marks.rewinds);
        rewinds.sort_unstable();
        rewinds.dedup();
        state.marks.rewinds = rewinds;
    }
    if !wanted.is_empty() {
        tracing::error!(?wanted, "commits of snapshots cannot be read: no checkpoint gives them");
    }
    Ok(())
}

/// The first commit from which on all can be read.
pub(super) fn whole_from(kept: &[Kept]) -> Commit {
    kept.iter().find(|kept| !kept.pinned).map_or(0, |kept| kept.folded_commit)
}

fn before(now_ms: i64, age: Duration) -> i64 {
    now_ms.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}

/// Removes what the last checkpoint does not keep: checkpoints, log entries, and the files of dropped tables.
pub(super) async fn trim(shared: &Shared, memory: &mut FoldMemory) -> Result<(), String> {
    if !memory.looked {
        find_left_over(shared, memory).await.map_err(|e| e.to_string())?;
    }
    let oldest_ms = before(shared.now_ms(), shared.config.retention);
    if memory.plan.is_some() && !memory.plan_is_durable {
        return Ok(());
    }
    let log = memory.plan.as_ref().map(|plan| (plan.log_until, plan.log_but.clone()));
    let log = log.filter(|log| memory.trimmed.as_ref() != Some(log));
    let dropped = removable(shared, memory, oldest_ms);
    if (log.is_none() && memory.gone.is_empty() && dropped.is_empty()) || !owned(shared).await? {
        return Ok(());
    }
    if let Some(log) = log {
        shared.log.trim(log.0, &log.1).await.map_err(|e| e.to_string())?;
        shared.storage.trimmed(log.0);
        memory.trimmed = Some(log);
    }
    while let Some(old) = memory.gone.last() {
        shared.roots.remove(*old).await.map_err(|e| e.to_string())?;
        memory.gone.pop();
    }
    for table in dropped {
        shared.tables.remove(table, || shared.still_owner_of_tables()).await.map_err(|e| e.to_string())?;
        shared.storage.dropped(table);
        memory.removed.push(table);
    }
    Ok(())
}

async fn owned(shared: &Shared) -> Result<bool, String> {
    shared.still_owner().await.map_err(|e| e.to_string())
}

/// Checkpoints that an owner before this one meant to remove.
async fn find_left_over(shared: &Shared, memory: &mut FoldMemory) -> Result<(), RootError> {
    let kept = shared.state.read().kept().to_vec();
    let root = kept.last().map_or(0, |root| root.sequence);
    let found = shared.roots.sequences().await?;
    let left = found.into_iter().filter(|sequence| *sequence < root && !kept.iter().any(|k| k.sequence == *sequence));
    memory.gone.extend(left);
    memory.gone.sort_unstable();
    memory.gone.dedup();
    memory.looked = true;
    Ok(())
}

/// The dropped tables that no kept checkpoint, collection, branch or past state names, and whose files are there.
pub(super) fn removable(shared: &Shared, memory: &mut FoldMemory, oldest_ms: i64) -> Vec<TableId> {
    // What a past state in memory is read from need not be what it would be read from now.
    let in_use = shared.versions_in_use();
    let state = shared.state.read();
    let Some(root) = &state.root else { return Vec::new() };
    memory.removed.retain(|table| root.dropped.iter().any(|d| d.table == *table));
    let pinned = memory.pins.iter().flat_map(|pin| &pin.tables);
    let shared = state.marks.branches.values().flat_map(|branch| &branch.tables);
    let needed: HashSet<TableId> = pinned.chain(shared).chain(&in_use).map(|(table, _)| *table).collect();
    let named = |old: &DroppedTable| {
        // A rewind that is in the log may name it, too.
        state.marks.rewinds.iter().any(|rewind| *rewind > old.created_commit)
            || root.kept.iter().any(|k| k.folded_commit >= old.created_commit && k.sequence < old.sequence)
    };
    let old = root.dropped.iter().filter(|old| old.at_ms <= oldest_ms && !named(old));
    let gone = old
        .map(|old| old.table)
        .filter(|table| !needed.contains(table) && !state.names.contains_key(table) && !memory.removed.contains(table));
    gone.collect()
}

impl Shared {
    /// How far back the namespace is to be readable.
    pub(super) fn history(&self) -> Duration {
        Duration::from_millis(self.history_ms.load(std::sync::atomic::Ordering::Relaxed))
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
        assert_eq!((plan.log_until, plan.log_but.len()), (0, 0));
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
        assert_eq!((second.kept, second.log_until, second.log_but), (first.kept.clone(), 0, first.log_but));
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
