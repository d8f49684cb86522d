//! An operation of a request, checked and ready to be done; and doing it in a draft.
//!
//! Conditions, patches and filters are decided in the draft, on the rows as the writes before leave them. A row
//! that is in memory is at hand there. A folded one was read before the request was queued, and counts only if it
//! is still the newest; otherwise the request is read for again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::draft::{DraftContext, Refusal};
use super::errors::WriteError;
use super::operation::{Condition, Missing};
use super::overlay::{Newest, Overlay};
use super::patch::RowPatch;
use super::state::Change;
use super::types::{Commit, Committed};
use crate::catalog::TableId;
use crate::filter::Filter;
use crate::memtable::MemRow;
use crate::schema::SchemaMismatch;
use crate::store::Reservation;

/// An operation whose records fit the collection.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) collection: String,
    pub(super) table: TableId,
    pub(super) action: StepAction,
    pub(super) condition: Option<Condition>,
    /// Folded rows that were read for it, each with the commit that wrote it.
    pub(super) known: HashMap<Box<str>, (Commit, Arc<MemRow>)>,
    /// The room that these take.
    pub(super) room: Option<Reservation>,
}

#[derive(Debug)]
pub(super) enum StepAction {
    Upsert(Vec<Arc<MemRow>>),
    Patch(Vec<(Box<str>, RowPatch)>, Missing),
    Delete(Vec<Box<str>>),
    Check(Vec<Box<str>>),
    PatchWhere(Selection, RowPatch),
    DeleteWhere(Selection),
}

/// Records by filter.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) filter: Filter,
    pub(super) limit: usize,
    /// The commit at which `ids` were found.
    pub(super) seen: Commit,
    /// The first that passed, by id.
    pub(super) ids: Vec<Box<str>>,
    /// Whether there were more.
    pub(super) more: bool,
}

/// What a step comes to: the rows and ids that go into the log. `None` are the step's own.
#[derive(Debug)]
pub(super) enum Done {
    AsGiven,
    Rows(Vec<Arc<MemRow>>),
    Ids(Vec<Box<str>>),
}

impl Step {
    /// The ids that it names.
    pub(super) fn ids(&self) -> Vec<&str> {
        match &self.action {
            StepAction::Upsert(rows) => rows.iter().map(|row| &*row.row.id).collect(),
            StepAction::Patch(patches, _) => patches.iter().map(|(id, _)| &**id).collect(),
            StepAction::Delete(ids) | StepAction::Check(ids) => ids.iter().map(|id| &**id).collect(),
            StepAction::PatchWhere(selection, _) | StepAction::DeleteWhere(selection) => {
                selection.ids.iter().map(|id| &**id).collect()
            }
        }
    }

    /// Whether the rows it names are looked at.
    pub(super) fn needs_rows(&self) -> bool {
        matches!(self.condition, Some(Condition::Passes(_)))
            || matches!(self.action, StepAction::Patch(..) | StepAction::PatchWhere(..))
    }

    pub(super) fn selection(&mut self) -> Option<&mut Selection> {
        match &mut self.action {
            StepAction::PatchWhere(selection, _) | StepAction::DeleteWhere(selection) => Some(selection),
            _ => None,
        }
    }

    /// About what it takes in the entry, beside the rows that are patched.
    pub(super) fn bytes(&self) -> usize {
        let ids = |ids: &[Box<str>]| ids.iter().map(|id| id.len() + 8).sum::<usize>();
        match &self.action {
            StepAction::Upsert(rows) => rows.iter().map(|row| row.bytes as usize + 64).sum(),
            StepAction::Patch(patches, _) => patches.iter().map(|(id, patch)| id.len() + patch.bytes + 64).sum(),
            StepAction::Delete(given) => ids(given),
            StepAction::Check(_) => 0,
            // The patch waits in the queue also when it found nothing to patch yet.
            StepAction::PatchWhere(selection, patch) => {
                ids(&selection.ids) + selection.ids.len().max(1) * (patch.bytes + 64)
            }
            StepAction::DeleteWhere(selection) => ids(&selection.ids),
        }
    }

    /// Whether nothing of it goes into the log.
    pub(super) fn changes_nothing(&self, done: &Done) -> bool {
        match done {
            Done::Rows(rows) => rows.is_empty(),
            Done::Ids(ids) => ids.is_empty(),
            Done::AsGiven => matches!(self.action, StepAction::Check(_)),
        }
    }

    /// What goes into the log.
    pub(super) fn into_change(self, done: Done) -> Option<Change> {
        let table = self.table;
        match (done, self.action) {
            (Done::Rows(rows), _) | (Done::AsGiven, StepAction::Upsert(rows)) => {
                (!rows.is_empty()).then_some(Change::Upsert { table, rows })
            }
            (Done::Ids(ids), _) | (Done::AsGiven, StepAction::Delete(ids)) => {
                (!ids.is_empty()).then_some(Change::Delete { table, ids })
            }
            (Done::AsGiven, _) => None,
        }
    }

    /// Does it on top of the overlay and counts it in `committed`; `made` are the logical bytes of all rows that the
    /// request made of older ones.
    pub(super) fn run(
        &self,
        context: &DraftContext<'_>,
        overlay: &mut Overlay,
        committed: &mut Committed,
        made: &mut usize,
    ) -> Result<Done, Refusal> {
        overlay.check(context.state, &self.collection, self.table)?;
        let mut run = Run { step: self, context, overlay, committed, made };
        run.check_condition()?;
        match &self.action {
            StepAction::Upsert(rows) => {
                for row in rows {
                    run.set(&row.row.id, Some(Arc::clone(row)))?;
                }
                Ok(Done::AsGiven)
            }
            StepAction::Delete(ids) => {
                for id in ids {
                    run.delete(id)?;
                }
                Ok(Done::AsGiven)
            }
            StepAction::Check(_) => Ok(Done::AsGiven),
            StepAction::Patch(patches, missing) => run.patch(patches, *missing).map(Done::Rows),
            StepAction::PatchWhere(selection, patch) => {
                let ids = run.select(selection)?;
                let rows = ids.iter().map(|id| run.patch_one(0, id, patch, Missing::Skip));
                rows.filter_map(Result::transpose).collect::<Result<_, _>>().map(Done::Rows)
            }
            StepAction::DeleteWhere(selection) => {
                let ids = run.select(selection)?;
                for id in &ids {
                    run.delete(id)?;
                }
                Ok(Done::Ids(ids))
            }
        }
    }
}

/// A step on its way.
struct Run<'a> {
    step: &'a Step,
    context: &'a DraftContext<'a>,
    overlay: &'a mut Overlay,
    committed: &'a mut Committed,
    made: &'a mut usize,
}

impl Run<'_> {
    fn newest(&mut self, id: &str) -> Newest {
        self.overlay.newest(self.context.state, self.step.table, id, self.committed.commit)
    }

    fn set(&mut self, id: &str, row: Option<Arc<MemRow>>) -> Result<(), Refusal> {
        self.overlay.set(self.step.table, id, row, self.step.condition.is_some())
    }

    fn delete(&mut self, id: &str) -> Result<(), Refusal> {
        let was = self.newest(id).commit().is_some();
        self.set(id, None)?;
        self.committed.deleted += u64::from(was);
        Ok(())
    }

    /// The newest row itself. `None` when there is none.
    fn row(&self, id: &str, newest: Newest) -> Result<Option<Arc<MemRow>>, Refusal> {
        match newest {
            Newest::Absent => Ok(None),
            Newest::Memory(row, _) => Ok(Some(row)),
            Newest::Folded(commit) => match self.step.known.get(id) {
                Some((known, row)) if *known == commit => Ok(Some(Arc::clone(row))),
                _ => Err(Refusal::Reread),
            },
        }
    }

    fn check_condition(&mut self) -> Result<(), Refusal> {
        let Some(condition) = &self.step.condition else { return Ok(()) };
        for id in self.step.ids() {
            let newest = self.newest(id);
            if self.overlay.depends() {
                return Err(Refusal::Later);
            }
            let commit = newest.commit();
            let (holds, unmet) = match condition {
                Condition::Absent => (commit.is_none(), "there is one"),
                Condition::Present => (commit.is_some(), "there is none"),
                Condition::Commit(wanted) => (commit == Some(*wanted), "it was written at another commit"),
                Condition::Passes(filter) => {
                    let row = self.row(id, newest)?;
                    (row.is_some_and(|row| filter.passes(row.as_ref())), "it does not pass the filter")
                }
            };
            if !holds {
                let why = if commit.is_none() { "there is none" } else { unmet };
                return Err(WriteError::ConditionFailed { id: id.to_owned(), why, commit }.into());
            }
        }
        Ok(())
    }

    fn patch(&mut self, patches: &[(Box<str>, RowPatch)], missing: Missing) -> Result<Vec<Arc<MemRow>>, Refusal> {
        let rows = patches.iter().enumerate().map(|(index, (id, patch))| self.patch_one(index, id, patch, missing));
        rows.filter_map(Result::transpose).collect()
    }

    /// `index` is the place of the patch in the request.
    fn patch_one(
        &mut self,
        index: usize,
        id: &str,
        patch: &RowPatch,
        missing: Missing,
    ) -> Result<Option<Arc<MemRow>>, Refusal> {
        let newest = self.newest(id);
        let Some(old) = self.row(id, newest)? else {
            if missing == Missing::Refuse {
                return Err(WriteError::NoSuchRecord { id: id.to_owned() }.into());
            }
            self.committed.missing += 1;
            return Ok(None);
        };
        let row = patch.apply(&old).map_err(|(field, why)| SchemaMismatch { record: index, field, why });
        let row = Arc::new(row.map_err(WriteError::SchemaMismatch)?);
        // Rows may have grown, and more may pass, since the request was queued. Looked at row by row, so that no more is
        // held than fits an entry.
        *self.made += row.bytes as usize;
        let limit = self.context.config.max_entry_bytes;
        if *self.made > limit {
            return Err(WriteError::TooLarge { bytes: *self.made, limit }.into());
        }
        self.set(id, Some(Arc::clone(&row)))?;
        self.committed.patched += 1;
        Ok(Some(row))
    }

    /// The first records, by id, that pass: those that were found before and are as they were, and of those written
    /// since the ones that pass as they are.
    fn select(&mut self, selection: &Selection) -> Result<Vec<Box<str>>, Refusal> {
        let (state, table) = (self.context.state, self.step.table);
        // What was written since must be in the memtables, where all of it is looked at.
        let rewound = state.collection(table).is_some_and(|collection| collection.since > selection.seen);
        if rewound || state.folded_commit() > selection.seen {
            return Err(Refusal::Reread);
        }
        let mut candidates: BTreeSet<Box<str>> = selection.ids.iter().cloned().collect();
        // Behind the last one that was found, more may pass that are not known.
        let end = selection.ids.last().filter(|_| selection.more);
        let written = state.collection(table).into_iter().flat_map(|c| c.written_since(selection.seen));
        let since = self.overlay.touched(table).chain(written).filter(|id| end.is_none_or(|end| *id <= &**end));
        candidates.extend(since.map(Box::from));
        let mut chosen = Vec::new();
        let mut more = selection.more;
        for id in candidates {
            let passes = match self.newest(&id) {
                Newest::Absent => false,
                Newest::Memory(row, commit) if commit > selection.seen => selection.filter.passes(row.as_ref()),
                Newest::Folded(commit) if commit > selection.seen => return Err(Refusal::Reread),
                Newest::Memory(..) | Newest::Folded(_) => true,
            };
            if passes && chosen.len() == selection.limit {
                more = true;
                break;
            }
            if passes {
                chosen.push(id);
            }
        }
        self.committed.more |= more;
        Ok(chosen)
    }
}
