//! Marks in a draft: whether a snapshot, a branch or a rewind may be, as the log stands.

use super::draft::DraftContext;
use super::errors::WriteError;
use super::history::whole_from;
use super::state::State;
use super::types::Commit;
use crate::catalog::{Mark, SnapshotMark};
use crate::log::EraseOp;

/// Rewinds that the history of a namespace may hold.
const MAX_REWINDS: usize = 1_000;

/// Checks a mark that is to be set by entry `commit`, and fills in what only the entry knows.
pub(super) fn accept(context: &DraftContext<'_>, mark: Mark, commit: Commit) -> Result<Mark, WriteError> {
    let (state, marks) = (context.state, &context.state.marks);
    check_no_erase(state)?;
    match mark {
        Mark::Snapshot { name, commit: of, .. } => {
            if marks.snapshots.contains_key(&name) {
                return Err(bad("snapshot", format!("there is one of that name: {name}")));
            }
            let limit = context.config.max_snapshots;
            if marks.snapshots.len() >= limit {
                return Err(bad("snapshot", format!("there are {limit}, as many as may be; delete one")));
            }
            if let Some(of) = of {
                check_readable(state, of)?;
            }
            Ok(Mark::Snapshot { name, commit: Some(of.unwrap_or(commit)), at_ms: context.now_ms })
        }
        Mark::DropSnapshot { name } if !marks.snapshots.contains_key(&name) => {
            Err(bad("snapshot", "there is none of that name".to_owned()))
        }
        Mark::Branch { name, branch } => {
            if marks.branches.contains_key(&name) {
                return Err(bad("branch", format!("there is one of that name: {name}")));
            }
            let limit = context.config.max_branches;
            if marks.branches.len() >= limit {
                return Err(bad("branch", format!("there are {limit}, as many as may be; delete one")));
            }
            check_readable(state, branch.commit)?;
            Ok(Mark::Branch { name, branch })
        }
        Mark::DropBranch { name } if !marks.branches.contains_key(&name) => {
            Err(bad("branch", "there is none of that name".to_owned()))
        }
        other => Ok(other),
    }
}

/// Whether the namespace may be taken back to `to`.
pub(super) fn check_rewind(state: &State, to: Commit) -> Result<(), WriteError> {
    if state.marks.rewinds.len() >= MAX_REWINDS {
        let why = format!("the history holds {MAX_REWINDS} rewinds, as many as may be; shorten it or wait");
        return Err(bad("to", why));
    }
    check_no_erase(state)?;
    check_readable(state, to)
}

/// Whether records may be erased.
pub(super) fn check_erase(state: &State, op: &EraseOp) -> Result<(), WriteError> {
    if state.marks.is_branch {
        return Err(bad("collection", "its records are the parent's, too; erase them there".to_owned()));
    }
    if !state.marks.branches.is_empty() {
        let names: Vec<&str> = state.marks.branches.keys().map(String::as_str).collect();
        return Err(bad(
            "collection",
            format!("branches may hold its records; delete them first: {}", names.join(", ")),
        ));
    }
    // One that is gone already, and whose traces are not all removed, may be asked for again.
    if state.collections.contains_key(&op.name) || state.marks.erasing.iter().any(|one| one.name == op.name) {
        return Ok(());
    }
    Err(WriteError::NoSuchCollection)
}

/// What an erase removes must not be named anew. One that no checkpoint says is finished is begun again by who opens the
/// namespace next.
fn check_no_erase(state: &State) -> Result<(), WriteError> {
    if state.marks.erasing.is_empty() && !state.root.as_ref().is_some_and(|root| root.erasing) {
        return Ok(());
    }
    Err(WriteError::Backpressure("an erase is being finished"))
}

fn check_readable(state: &State, commit: Commit) -> Result<(), WriteError> {
    let oldest = whole_from(state.kept()).max(state.marks.erased);
    let kept = |snapshot: &SnapshotMark| snapshot.commit == commit;
    if commit <= state.commit && (commit >= oldest || state.marks.snapshots.values().any(kept)) {
        return Ok(());
    }
    let newest = state.commit;
    Err(bad("commit", format!("{commit} cannot be read; commits {oldest} to {newest} and those of snapshots can")))
}

fn bad(field: &'static str, why: String) -> WriteError {
    WriteError::BadRequest { field, why }
}
