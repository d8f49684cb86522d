//! The namespace as the requests of one entry, as far as they are accepted, leave it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::collection::Collection;
use super::draft::Refusal;
use super::errors::WriteError;
use super::state::State;
use super::types::Commit;
use crate::catalog::TableId;
use crate::memtable::MemRow;
use crate::schema::Schema;
use crate::search::At;

const REPLACED: &str = "a rewind replaced the collection while the request was prepared";

/// Changes on top of a [`State`]. One request at a time adds to it, and can be taken back whole.
#[derive(Default)]
pub(super) struct Overlay {
    pub(super) names: HashMap<String, Option<(TableId, Arc<Schema>)>>,
    pub(super) dropped: HashSet<TableId>,
    pub(super) created: HashSet<TableId>,
    rows: HashMap<TableId, HashMap<Box<str>, Touched>>,
    pub(super) keys: HashSet<[u8; 32]>,
    pub(super) answer_bytes: usize,
    /// The request that is looked at.
    request: u32,
    /// Whether it saw what another request of the entry did.
    depends: bool,
    /// What its rows replaced.
    undo: Vec<(TableId, Box<str>, Option<Touched>)>,
}

/// What a request did to a record.
#[derive(Debug, Clone)]
struct Touched {
    /// `None` when it was removed.
    row: Option<Arc<MemRow>>,
    request: u32,
    /// Whether the request had a condition on the record.
    guarded: bool,
}

/// The newest row of an id.
#[derive(Debug, Clone)]
pub(super) enum Newest {
    Absent,
    Memory(Arc<MemRow>, Commit),
    /// It is folded: what it holds was read before, or must be.
    Folded(Commit),
}

impl Newest {
    pub(super) fn commit(&self) -> Option<Commit> {
        match self {
            Self::Absent => None,
            Self::Memory(_, commit) | Self::Folded(commit) => Some(*commit),
        }
    }
}

/// A collection whose table does not take what is there already takes no more.
pub(super) fn refuse_set_aside(collection: &Collection) -> Result<(), WriteError> {
    match collection.is_set_aside() {
        None => Ok(()),
        Some(why) => Err(WriteError::SetAside { collection: collection.name.clone(), why: why.to_string() }),
    }
}

impl Overlay {
    /// The next request begins.
    pub(super) fn begin(&mut self) {
        self.request += 1;
        self.depends = false;
        self.undo.clear();
    }

    /// Takes back what the request did to records.
    pub(super) fn roll_back(&mut self) {
        for (table, id, before) in self.undo.drain(..).rev() {
            let rows = self.rows.entry(table).or_default();
            match before {
                Some(before) => rows.insert(id, before),
                None => rows.remove(&id),
            };
        }
    }

    /// Whether the request saw what another one of this entry did. That may never become durable, so nobody is told
    /// of it before it is.
    pub(super) fn depends(&self) -> bool {
        self.depends
    }

    pub(super) fn find(&mut self, state: &State, name: &str) -> Option<(TableId, Arc<Schema>)> {
        if let Some(changed) = self.names.get(name) {
            self.depends = true;
            return changed.clone();
        }
        state.collections.get(name).map(|c| (c.table, Arc::clone(&c.schema)))
    }

    /// How many collections there are. Those that are dropped in this entry still count.
    pub(super) fn collections(&mut self, state: &State) -> usize {
        self.depends |= !(self.created.is_empty() && self.dropped.is_empty());
        state.collections.len() + self.created.len()
    }

    /// The table must still be there, with its folded rows in memory.
    pub(super) fn check(&mut self, state: &State, name: &str, table: TableId) -> Result<(), WriteError> {
        if self.dropped.contains(&table) {
            self.depends = true;
            return Err(WriteError::NoSuchCollection);
        }
        let Some(collection) = state.collection(table) else {
            // A rewind brought back another one of the name, which was never gone for who asks.
            let replaced = state.collections.contains_key(name);
            return Err(if replaced { WriteError::Backpressure(REPLACED) } else { WriteError::NoSuchCollection });
        };
        if !collection.has_image() {
            // A rewind came between.
            return Err(WriteError::Backpressure("the collection is being loaded"));
        }
        refuse_set_aside(collection)
    }

    /// The newest row of `id`; `commit` is that of this entry.
    pub(super) fn newest(&mut self, state: &State, table: TableId, id: &str, commit: Commit) -> Newest {
        if let Some(touched) = self.rows.get(&table).and_then(|rows| rows.get(id)) {
            self.depends |= touched.request != self.request;
            return touched.row.as_ref().map_or(Newest::Absent, |row| Newest::Memory(Arc::clone(row), commit));
        }
        match state.collection(table).and_then(|collection| collection.newest(id)) {
            None => Newest::Absent,
            Some((At::Mem(row), commit)) => Newest::Memory(row, commit),
            Some((At::Segment(..) | At::Remote(_), commit)) => Newest::Folded(commit),
        }
    }

    /// A record under a condition is written by one request an entry, so that its commit tells one state of it from
    /// any other: the second one waits for the next entry.
    pub(super) fn set(
        &mut self,
        table: TableId,
        id: &str,
        row: Option<Arc<MemRow>>,
        guarded: bool,
    ) -> Result<(), Refusal> {
        let rows = self.rows.entry(table).or_default();
        let before = rows.get(id);
        if before.is_some_and(|before| before.request != self.request && (before.guarded || guarded)) {
            return Err(Refusal::Later);
        }
        // A later operation of the request may come without the condition of the earlier one.
        let guarded = guarded || before.is_some_and(|before| before.guarded);
        let touched = Touched { row, request: self.request, guarded };
        let before = rows.insert(id.into(), touched);
        self.undo.push((table, id.into(), before));
        Ok(())
    }

    /// The ids that requests of this entry wrote or removed.
    pub(super) fn touched(&self, table: TableId) -> impl Iterator<Item = &str> {
        self.rows.get(&table).into_iter().flat_map(|rows| rows.keys().map(AsRef::as_ref))
    }
}
